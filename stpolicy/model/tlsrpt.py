"""A TLSRPT record (RFC 8460 section 3): text to where reports go, or what is wrong with it."""

import re
from collections.abc import Sequence

from stpolicy.model import txt

_TAG = re.compile(r"v=TLSRPTv1[ \t]*(?:;|\Z)").match
_FIELD = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=(.+)").fullmatch
_VALUE = re.compile(r"[!-:<>-~]+").fullmatch
# Characters of RFC 3986; `,` `!` and `;` must be encoded. Of an address only that it has two parts.
_PART = r"[A-Za-z0-9._~:/?#\[\]@$&'()*+=%-]"
_URI = re.compile(rf"mailto:(?!@){_PART}+@{_PART}+|https://(?![/?#]){_PART}+").fullmatch


def is_one(text: str) -> bool:
    """Whether a TXT record is one of TLSRPT: its first field is `v=TLSRPTv1`, and nothing longer."""
    return _TAG(text) is not None


def parse(text: str) -> tuple[str, ...]:
    """Where one record wants reports, URIs of mailto or https; ValueError says why it does not say."""
    fields = txt.fields(text)
    found = [(one[1], one[2]) for field in fields if (one := _FIELD(field))]
    if len(found) < len(fields):
        wrong = next(field for field in fields if not _FIELD(field))
        raise ValueError(f"has the field {wrong[:60]!r}, which is none")
    for name, value in found:
        if name != "rua" and not _VALUE(value):
            raise ValueError(f"has the field {name!r} with a value that none may have")
    rua = [value for name, value in found if name == "rua"]
    if len(rua) != 1:
        raise ValueError("says more than once where reports go" if rua else "does not say where reports go")
    uris = tuple(uri.strip(" \t") for uri in rua[0].split(","))
    for uri in uris:
        if not _URI(uri):
            raise ValueError(f"sends reports to {uri[:60]!r}, which is no URI of mailto or https")
    return uris


def record(values: Sequence[str]) -> tuple[str, ...]:
    """Where reports go by the TXT records of a domain; ValueError unless one of them, and one only, is right.

    txt.Absent, a ValueError too, where none begins like a record: others may stand beside it.
    """
    return parse(txt.only(values, is_one))
