"""A file with a domain on each line."""

from stpolicy.errors import Misuse
from stpolicy.model.names import Domain, canonical, host_fault


def domains(data: bytes, name: str, largest: int) -> frozenset[Domain]:
    """The domains, canonical; what follows a `#` is a remark. A top-level domain is one too.

    Misuse for what is no text, or too long, and for a line that is no domain: it would do nothing, unseen.
    """
    if len(data) > largest:
        raise Misuse(f"{name} has more than {largest} bytes")
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as wrong:
        raise Misuse(f"{name} is not UTF-8: {wrong}") from wrong
    named = ((number, line.partition("#")[0].strip()) for number, line in enumerate(lines, start=1))
    return frozenset(_domain(text, f"{name}:{number}") for number, text in named if text)


def _domain(text: str, where: str) -> Domain:
    domain = canonical(text)
    if fault := host_fault(domain if "." in domain else f"x.{domain}"):
        raise Misuse(f"{where}: {text!r} {fault}", "write one domain a line, and remarks after a #")
    return domain
