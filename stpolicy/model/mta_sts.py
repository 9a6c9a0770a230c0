"""The record and the policy of MTA-STS (RFC 8461 section 3): text to meaning, or what is wrong with it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from stpolicy.model import txt
from stpolicy.model.names import MxPattern

LARGEST = 64 * 1024
"""Bytes; RFC 8461 section 3.2 lets a sender stop there."""

LONGEST_AGE = 31_557_600
_FIELD = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})[ \t]*:[ \t]*(.*?)[ \t]*")
_TAG = re.compile(r"v=STSv1[ \t]*(?:;|\Z)").match
_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=([!-:<>-~]+)").fullmatch
_ID = re.compile(r"[A-Za-z0-9]{1,32}").fullmatch
_MODES = ("enforce", "testing", "none")


@dataclass(frozen=True, slots=True)
class StsPolicy:
    """A published policy. `mxs` are patterns of a list: `*.example.org` is written `.example.org` here."""

    mode: str
    max_age: int
    """Seconds."""
    mxs: tuple[str, ...]


def is_record(text: str) -> bool:
    """Whether a TXT record is one of MTA-STS: its first field is `v=STSv1`, and nothing longer."""
    return _TAG(text) is not None


def record_id(text: str) -> str:
    """The id of a record, which changes with the policy; ValueError says why it has none (section 3.1)."""
    fields = txt.fields(text)
    ids = []
    for field in fields:
        found = _NAMED(field)
        if not found:
            raise ValueError(f"has the field {field[:60]!r}, which is none")
        if found[1] == "id":
            ids.append(found[2])
    if len(ids) != 1:
        raise ValueError(f"has {len(ids) or 'no'} id{'s' * (len(ids) > 1)}")
    if not _ID(ids[0]):
        raise ValueError(f"has the id {ids[0][:60]!r}, which is not 1 to 32 letters and digits")
    return ids[0]


def record(values: Sequence[str]) -> str:
    """The id in the TXT records of a domain; ValueError where not one of them, and one only, is a right one.

    txt.Absent, a ValueError too, where none begins like a record: others may stand beside it.
    """
    return record_id(txt.only(values, is_record))


def parse(data: bytes) -> StsPolicy:
    """Reads a policy; ValueError says why it is none.

    Of a repeated field the first counts, but for `mx`, which repeats; unknown fields are ignored. Lines
    end with LF or CRLF and nothing else: other separators could hide a field from one reader.
    """
    if len(data) > LARGEST:
        raise ValueError(f"has more than {LARGEST} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    fields: dict[str, str] = {}
    mxs: list[str] = []
    for line in re.split(r"\r?\n", text.rstrip("\r\n")):
        found = _FIELD.fullmatch(line)
        if not found:
            raise ValueError(f"has the line {line[:60]!r}, which is no field")
        if found[1] == "mx":
            mxs.append(found[2])
        fields.setdefault(found[1], found[2])
    return _checked(fields, mxs)


def _checked(fields: dict[str, str], mxs: list[str]) -> StsPolicy:
    if fields.get("version") != "STSv1":
        raise ValueError("is not of version STSv1")
    mode, age = fields.get("mode"), fields.get("max_age", "")
    if mode not in _MODES:
        raise ValueError(f"has the mode {mode!r}")
    if not re.fullmatch(r"[0-9]{1,10}", age) or int(age) > LONGEST_AGE:
        raise ValueError(f"has the max_age {age[:20]!r}")
    if mode != "none" and not mxs:
        raise ValueError("names no mx")
    return StsPolicy(mode, int(age), tuple(dict.fromkeys(map(_pattern, mxs))))


def _pattern(mx: str) -> str:
    if mx.startswith("."):
        raise ValueError(f"has the mx {mx!r}, which begins with a dot")
    try:
        return MxPattern(mx[1:] if mx.startswith("*.") else mx).text
    except ValueError as wrong:
        raise ValueError(f"has the mx {mx[:60]!r}: {wrong}") from wrong
