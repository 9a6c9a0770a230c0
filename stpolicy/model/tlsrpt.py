"""A TLSRPT record (RFC 8460 section 3): text to the addresses for reports, or what is wrong with it."""

import re

_TAG = re.compile(r"v=TLSRPTv1[ \t]*(?:;|\Z)").match
_FIELD = re.compile(r"[ \t]*([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=([ -:<-~]*[!-:<-~])[ \t]*").fullmatch
_URI = re.compile(r"mailto:[^@\s]+@[^@\s]+|https://\S+").fullmatch


def is_one(text: str) -> bool:
    """Whether a TXT record is one of TLSRPT; records of other kinds may stand beside it."""
    return _TAG(text) is not None


def parse(text: str) -> tuple[str, ...]:
    """Where reports go, URIs of mailto or https; ValueError says why the record is none."""
    uris: list[str] = []
    for part in text.split(";")[1:]:
        found = _FIELD(part)
        if not found and part.strip(" \t"):
            raise ValueError(f"has the field {part[:60]!r}, which is none")
        if found and found[1] == "rua":
            uris += [uri.strip(" \t") for uri in found[2].split(",")]
    if not uris:
        raise ValueError("says nowhere to send reports to (rua)")
    for uri in uris:
        if not _URI(uri):
            raise ValueError(f"sends reports to {uri[:60]!r}, which is neither mailto: nor https:")
    return tuple(uris)
