"""TXT records of fields that are separated by semicolons, of which a domain has one (RFC 8461, RFC 8460)."""

from collections.abc import Callable, Iterable


class Absent(ValueError):
    """There is no record, which is not the same as a wrong one."""


def only(values: Iterable[str], is_one: Callable[[str], bool]) -> str:
    """The one record among the TXT records of a domain; others may stand beside it.

    Absent where none begins like a record, ValueError where more than one does.
    """
    found = list(filter(is_one, values))
    if not found:
        raise Absent("is not there")
    if len(found) > 1:
        raise ValueError(f"is there {len(found)} times, and with more than one none counts")
    return found[0]


def fields(text: str) -> list[str]:
    """What comes after the tag; the last field may end with a semicolon too."""
    parts = [part.strip(" \t") for part in text.split(";")[1:]]
    return parts[:-1] if parts and not parts[-1] else parts
