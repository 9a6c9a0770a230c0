"""A file with a domain on each line."""

from stpolicy.errors import Misuse
from stpolicy.model.names import canonical


def domains(data: bytes, name: str, largest: int) -> frozenset[str]:
    """The domains, canonical; what follows a `#` is a remark. Misuse for what is no text, or too long."""
    if len(data) > largest:
        raise Misuse(f"{name} has more than {largest} bytes")
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as wrong:
        raise Misuse(f"{name} is not UTF-8: {wrong}") from wrong
    named = (line.partition("#")[0].strip() for line in lines)
    return frozenset(canonical(line) for line in named if line)
