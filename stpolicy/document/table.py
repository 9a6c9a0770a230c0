"""The text of a map to words: what it was made of, and its keys."""

import re
from collections.abc import Iterable, Iterator

from stpolicy.model.dates import Date, Instant

MADE_BY = "made by stpolicy"
"""Ends a line of the first comments of every map that we make: what has none is somebody else's."""

_IN_FORCE = re.compile(r"\bin force until ([!-+\--~]+), sha256\b")
_DIGEST = re.compile(r"\bsha256[:= ]+([0-9a-f]{64})\b")


def map_digest(data: bytes) -> str | None:
    """The SHA-256 of the list that a map was made of, by its first comments."""
    found = _DIGEST.search(b" ".join(_top(data.split(b"\n"))).decode("utf-8", "replace"))
    return found[1] if found else None


def map_text(data: bytes) -> tuple[str | None, dict[str, str]]:
    """The SHA-256 of the list that a map was made of, by its first comments, and its rows by key.

    Of several rows with one key the first counts, as for postmap, which knows no upper case.
    """
    lines = data.split(b"\n")
    first: dict[str, tuple[str, str]] = {}
    for row in _rows(lines):
        words = (word.decode("utf-8", "surrogateescape") for word in row.split(maxsplit=1))
        key, value = (*words, "")[:2]
        first.setdefault(key.lower(), (key, value))
    return map_digest(data), dict(first.values())


def map_expiry(data: bytes) -> Instant | None:
    """When the list runs out that a map was made of, by its first comments; None if they do not say so."""
    found = _IN_FORCE.search(b" ".join(_top(data.split(b"\n"))).decode("utf-8", "replace"))
    if found is None:
        return None
    written = found[1].removesuffix(".0")  # of a float
    try:
        return Date.read(int(written) if written.isdecimal() else found[1]).instant
    except ValueError:
        return None


def is_ours(data: bytes) -> bool:
    """Whether a text of a map says, in its first comments, that we made it."""
    return any(line.rstrip().endswith(MADE_BY.encode()) for line in _top(data.split(b"\n")))


def _top(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The comments before anything else."""
    for line in lines:
        if not line.startswith(b"#"):
            return
        yield line


def _rows(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The rows; a line that begins with white space continues the one before (postmap(1))."""
    row = b""
    for line in lines:
        begins = bool(line[:1].strip())
        if line.lstrip()[:1] in (b"", b"#") or not (row or begins):
            continue
        if row and begins:
            yield row
            row = b""
        row += line.rstrip()
    if row:
        yield row
