"""The text of a map to words: what it was made of, and its keys."""

import re
from collections.abc import Iterable, Iterator

_DIGEST = re.compile(r"\bsha256[:= ]+([0-9a-f]{64})\b")


def map_text(data: bytes) -> tuple[str | None, tuple[str, ...]]:
    """The SHA-256 of the list that a map was made of, by its first comments, and the map's keys."""
    lines = data.split(b"\n")
    found = _DIGEST.search(b" ".join(_top(lines)).decode("utf-8", "replace"))
    return (found[1] if found else None), tuple(_keys(lines))


def _top(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The comments before anything else."""
    for line in lines:
        if not line.startswith(b"#"):
            return
        yield line


def _keys(lines: Iterable[bytes]) -> Iterator[str]:
    """The first word of each row; a line that begins with white space continues one (postmap(1))."""
    for line in lines:
        if line[:1].strip() and not line.startswith(b"#"):
            yield line.split(maxsplit=1)[0].decode("utf-8", "surrogateescape")
