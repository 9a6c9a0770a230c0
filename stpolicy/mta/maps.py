"""Maps of Postfix: how they are named, compiled and asked.

`postmap` compiles some types in place, and killed half-way it leaves a table that is empty: then mail
goes out as if there were no policy. So it compiles under another name, and one rename switches.
"""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stpolicy.errors import Misuse, StpolicyError
from stpolicy.model.table import INDEXED, Table
from stpolicy.mta._program import run
from stpolicy.mta.postfix import Postfix

_SAMPLE = 100
_SECONDS = 600
"""For `postmap`; it compiles 300,000 rows in two."""

_PRIVATE = "compatibility_level = 3\nmyhostname = localhost.localdomain\n"
"""Postfix's programs read a configuration; with ours, the warnings of a site's own do not stop us."""

_FOLDING = "smtputf8_enable"
"""Whether keys are folded in full, when they are written and when they are looked up, or only their ASCII."""


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

    @property
    def is_read_once(self) -> bool:
        """Whether a running Postfix sees a new one only when it is reloaded."""
        return self.table.kind == "texthash"

    @property
    def new(self) -> "MapFile":
        """Under which name the next one is made, in the same folder."""
        return MapFile(Table(self.table.kind, str(self.path.with_name(f".{self.path.name}.new"))))

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that making it may leave.

        cdb has its `.tmp`; Berkeley DB its `__db.`, and while one is there no new one can be made.
        """
        name = self.file.name
        halves = (self.file.with_name(f"{name}.tmp"), self.file.with_name(f"__db.{name}"))
        return tuple(dict.fromkeys((self.path, self.file, *halves)))

    def seal(self) -> str:
        """What the file system says of the file and of its text; empty when the file is not there."""
        there = _seal(self.file)
        return there and f"{there} {_seal(self.path)}"

    def has_file_of(self, seal: str) -> bool:
        """Whether what Postfix reads is what it was when this was the seal; the text may be another."""
        return bool(seal) and _seal(self.file) == seal.partition(" ")[0]

    def __str__(self) -> str:
        return str(self.table)


def _seal(path: Path) -> str:
    try:
        there = path.stat()
    except OSError:
        return ""
    return f"{there.st_ino}:{there.st_size}:{there.st_mtime_ns}"


def best_type(postfix: Postfix) -> str:
    """The type of table to use: one that is switched as a whole by Postfix itself, before `hash`."""
    known = postfix.types()
    default = postfix.settings(["default_database_type"]).get("default_database_type", "")
    for kind in (default if default in ("lmdb", "cdb") else "lmdb", "lmdb", "cdb", "hash", "texthash"):
        if kind in known:
            return kind
    raise StpolicyError("this Postfix knows no type of table that can be used", "see `postconf -m`")


def build(new: Table, rows: Sequence[str], postfix: Postfix) -> None:
    """Compiles the text of a new table, where its type is one that is compiled, and asks it for some rows.

    Keys are folded as this Postfix will fold them; where it does not tell, as any does by default.

    StpolicyError when anything is not as it should be. What was compiled lies in `new.file`.
    """
    with tempfile.TemporaryDirectory(prefix="stpolicy-") as name:
        main = Path(name) / "main.cf"
        main.write_text(_PRIVATE + _folding(postfix), encoding="ascii")
        os.utime(main, (1, 1))  # a file of this second is read again and again until it is older
        (Path(name) / "master.cf").write_bytes(b"")
        if new.kind in INDEXED:
            _postmap(["-c", name, str(new)])
        _prove(name, new, rows)


def reload(postfix: Postfix) -> None:
    """Makes a running Postfix read its tables again; only some types need it, and none that does not run."""
    command = ["postfix", *(["-c", str(postfix.folder)] if postfix.folder else [])]
    ran = run([*command, "reload"], deadline=60)
    # Only root may ask, and only the exit code tells: what it says goes to the log.
    if ran.code and (os.geteuid() != 0 or run([*command, "status"], deadline=60).code == 0):
        said = (ran.err.strip().splitlines() or ["it gave no reason"])[-1]
        raise StpolicyError(f"postfix reload: {said}", "the new map is in place; the next run reloads again")


def _postmap(arguments: list[str], data: bytes = b"") -> str:
    """What postmap prints. Its exit code says nothing of lines that it could not read; its messages do."""
    ran = run(["postmap", *arguments], deadline=_SECONDS, data=data)
    if ran.err.strip():
        raise StpolicyError(f"postmap objects to the new map, so the one before it stays: {ran.err.strip()}")
    if ran.code and "-q" not in arguments:
        raise StpolicyError(f"postmap fails with exit code {ran.code}, so the map before it stays")
    return ran.out


def _folding(postfix: Postfix) -> str:
    """The line for how keys are folded; "yes" needs none, and a Postfix that has no ICU would warn of it."""
    try:
        value = postfix.settings([_FOLDING]).get(_FOLDING, "")
    except StpolicyError:  # no main.cf, for one
        return ""
    return f"{_FOLDING} = no\n" if value.lower() == "no" else ""


def _says(answer: str, value: str) -> bool:
    """Whether an answer is the value of a row, or that with words that a site's template has added."""
    said, wanted = answer.split(" "), value.split(" ")
    return answer == value or (said[0] == wanted[0] and set(wanted) <= set(said))


def _prove(config: str, table: Table, rows: Sequence[str]) -> None:
    """Asks the new table for a sample of its rows: what it answers is what Postfix would be told."""
    if not rows:
        return
    folded = [row for row in rows if not row.isascii()]
    sampled = (*rows[:: max(1, len(rows) // _SAMPLE)], rows[-1], *folded[:_SAMPLE])
    sample = {key: value for key, _, value in (row.partition(" ") for row in sampled)}
    asked = "".join(f"{key}\n" for key in sample).encode("utf-8")
    said = _postmap(["-c", config, "-q", "-", str(table)], asked)
    answers = dict(line.split("\t", 1) for line in said.splitlines() if "\t" in line)
    wrong = next((key for key, value in sample.items() if not _says(answers.get(key, ""), value)), None)
    if wrong is not None:
        raise StpolicyError(
            f"the new map answers {answers.get(wrong)!r} for {wrong}, so the one before it stays"
        )
