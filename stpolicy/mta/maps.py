"""Makes a map for Postfix and switches to it: whatever fails, the map before it stays as it was.

`postmap` compiles some types in place, and killed half-way it leaves a table that is empty: then mail
goes out as if there were no policy. So it compiles under another name, and one rename switches.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from stpolicy import store
from stpolicy.errors import Misuse, StpolicyError
from stpolicy.model.table import INDEXED, Table
from stpolicy.mta._program import run
from stpolicy.mta.postfix import Postfix

_SAMPLE = 100
_SECONDS = 600
"""For `postmap`; it compiles 300,000 rows in two."""

_PRIVATE = "compatibility_level = 3\nsmtputf8_enable = no\nmyhostname = localhost.localdomain\n"
"""Postfix's programs read a configuration; with ours, the warnings of a site's own do not stop us."""


@dataclass(frozen=True, slots=True)
class MapFile:
    """A table that is ours: its type, and the path that main.cf names."""

    table: Table

    @classmethod
    def read(cls, text: str) -> "MapFile":
        """Reads `TYPE:PATH`; Misuse for a type that holds no rows, or a path that is not absolute."""
        table = Table.read(text)
        if table.kind != "texthash" and table.kind not in INDEXED:
            kinds = ", ".join([*INDEXED, "texthash"])
            raise Misuse(f"a map {text!r} cannot be made", f"write it as TYPE:PATH; TYPE is one of: {kinds}")
        if not Path(table.name).is_absolute():
            raise Misuse(f"the map {text} has no absolute path", "main.cf needs one too")
        return cls(table)

    @property
    def path(self) -> Path:
        """The text of the map."""
        return Path(self.table.name)

    @property
    def file(self) -> Path:
        """What Postfix reads."""
        return Path(self.table.file or self.table.name)

    def seal(self) -> str:
        """What the file system says of the file; empty when it is not there."""
        try:
            there = self.file.stat()
        except OSError:
            return ""
        return f"{there.st_ino}:{there.st_size}:{there.st_mtime_ns}"

    def __str__(self) -> str:
        return str(self.table)


def best_type(postfix: Postfix) -> str:
    """The type of table to use: one that is switched as a whole by Postfix itself, before `hash`."""
    known = postfix.types()
    default = postfix.settings(["default_database_type"]).get("default_database_type", "")
    for kind in (default if default in ("lmdb", "cdb") else "lmdb", "lmdb", "cdb", "hash", "texthash"):
        if kind in known:
            return kind
    raise StpolicyError("this Postfix knows no type of table that can be used", "see `postconf -m`")


def make(text: str, rows: Mapping[str, str], target: MapFile) -> None:
    """Writes a map, compiles it under another name, asks it for some of its rows, and switches.

    StpolicyError when anything is not as it should be; nothing has been switched then. The folder is
    locked by whoever calls.
    """
    kind = target.table.kind
    new = Table(kind, str(target.path.with_name(f".{target.path.name}.new")))
    compiled = Path(new.file or new.name)
    leftovers = [Path(new.name), compiled, compiled.with_name(f"{compiled.name}.tmp")]
    for path in leftovers:
        store.discard(path)
    try:
        _write(Path(new.name), text.encode("utf-8"))
        with tempfile.TemporaryDirectory(prefix="stpolicy-") as name:
            (Path(name) / "main.cf").write_text(_PRIVATE, encoding="ascii")
            (Path(name) / "master.cf").write_bytes(b"")
            os.utime(Path(name) / "main.cf", (1, 1))  # a file of this second is read until it is older
            if kind in INDEXED:
                _postmap(["-c", name, str(new)])
                store.sync_file(compiled)
            _prove(name, new, rows)
        if compiled != Path(new.name):
            compiled.replace(target.file)
        Path(new.name).replace(target.path)
        store.sync(target.path.parent)
    finally:
        for path in leftovers:
            store.discard(path)


def reload(postfix: Postfix) -> None:
    """Makes a running Postfix read its tables again; only some types need it."""
    chosen = ["-c", str(postfix.folder)] if postfix.folder else []
    ran = run(["postfix", *chosen, "reload"], deadline=60)
    if ran.code:
        said = (ran.err.strip().splitlines() or ["it gave no reason"])[-1]
        raise StpolicyError(f"postfix reload: {said}", "the new map is in place; reload Postfix by hand")


def _write(path: Path, data: bytes) -> None:
    flags = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY | os.O_CLOEXEC
    store.fill(os.open(path, flags, store.MODE), data)


def _postmap(arguments: list[str], data: bytes = b"") -> str:
    """What postmap prints. Its exit code says nothing of lines that it could not read; its messages do."""
    ran = run(["postmap", *arguments], deadline=_SECONDS, data=data)
    if ran.err.strip():
        raise StpolicyError(f"postmap objects to the new map, so the one before it stays: {ran.err.strip()}")
    if ran.code and "-q" not in arguments:
        raise StpolicyError(f"postmap fails with exit code {ran.code}, so the map before it stays")
    return ran.out


def _prove(config: str, table: Table, rows: Mapping[str, str]) -> None:
    """Asks the new table for a sample of its rows: what it answers is what Postfix would be told."""
    step = max(1, len(rows) // _SAMPLE)
    sample = dict(islice(rows.items(), 0, None, step))
    if not sample:
        return
    asked = "".join(f"{key}\n" for key in sample).encode("utf-8")
    said = _postmap(["-c", config, "-q", "-", str(table)], asked)
    answers = dict(line.split("\t", 1) for line in said.splitlines() if "\t" in line)
    if answers != sample:
        wrong = next(key for key in sample if answers.get(key) != sample[key])
        raise StpolicyError(
            f"the new map answers {answers.get(wrong)!r} for {wrong}, so the one before it stays"
        )
