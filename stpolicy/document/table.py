"""The text of a map to words: what it was made of, and its keys."""

import re
from collections.abc import Iterable, Iterator

from stpolicy.model.dates import Date, Instant

MADE_BY = "made by stpolicy"
"""Ends a line of the first comments of every map that we make: what has none is somebody else's."""

_IN_FORCE = re.compile(r"\bin force until ([!-+\--~]+), sha256\b")
_DIGEST = re.compile(r"\bsha256[:= ]+([0-9a-f]{64})\b")


def map_text(data: bytes) -> tuple[str | None, tuple[str, ...], bool]:
    """The SHA-256 of the list that a map was made of, by its first comments, and the map's keys.

    And whether any row calls its policy one of MTA-STS.
    """
    lines = data.split(b"\n")
    found = _DIGEST.search(b" ".join(_top(lines)).decode("utf-8", "replace"))
    rows = list(_rows(lines))
    keys = tuple(row.split(maxsplit=1)[0].decode("utf-8", "surrogateescape") for row in rows)
    return (found[1] if found else None), keys, any(b" policy_type=sts" in row for row in rows)


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
    """The line that begins each row; one that begins with white space continues it (postmap(1))."""
    for line in lines:
        if line[:1].strip() and not line.startswith(b"#"):
            yield line
