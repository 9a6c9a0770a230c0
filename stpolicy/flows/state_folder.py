"""What lies in the list's folder on a mail server, as facts."""

import hashlib
import os
import pwd
import stat
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stpolicy import store
from stpolicy.document.list import LARGEST, parse
from stpolicy.document.table import map_text
from stpolicy.errors import StpolicyError
from stpolicy.fetch import LIST
from stpolicy.flows.installed import MARK, SIGNATURE, read_state
from stpolicy.model.dates import Instant
from stpolicy.model.mail_server import ListFacts, MapFacts, Seen, StateFolder
from stpolicy.model.policy import Mode
from stpolicy.model.state import State
from stpolicy.model.table import INDEXED, Table
from stpolicy.mta.maps import MapFile

MAPS = "maps"
LARGEST_MAP = 16 * LARGEST
"""Bytes of its text: a row says more than the entry that it comes from."""

_KINDS = {suffix: kind for kind, suffix in reversed(INDEXED.items())}


@dataclass(frozen=True, slots=True)
class Settings:
    """Where our own settings lie: their file, and the files that it names, such as the key ring."""

    file: Path | None = None
    names: tuple[Path, ...] = ()
    is_chosen: bool = False
    """Whether it is not the usual file, so that every run must be told of it."""


_NONE = Settings()


def state_folder(
    folder: Path,
    *,
    now: datetime,
    settings: Settings = _NONE,
    signers: Collection[str] = (),
    table: Table | None = None,
) -> StateFolder:
    """Reads the folder; what is missing or damaged in it is no list, and never an error."""
    current = folder / store.CURRENT
    known = read_state(folder)
    ours = [
        folder,
        folder / store.VERSIONS,
        current,
        current / LIST,
        current / SIGNATURE,
        folder / MARK,
    ]
    ours += [folder / MAPS, *_files(table), *settings.names]
    ours += _with_its_folder(settings.file) if settings.file else ()
    owner = folder.stat().st_uid if folder.is_dir() else None
    gone, changed = _map_now(known)
    return StateFolder(
        str(folder),
        now,
        _list(_read(current / LIST)),
        known.last_success if known else None,
        tuple(signers),
        tuple(seen for path in dict.fromkeys(ours) if (seen := _seen(path))),
        owner="" if owner is None else _name(owner),
        foreign=owner not in (None, os.geteuid()),
        config=str(settings.file.absolute()) if settings.file and settings.is_chosen else "",
        gone_map=gone,
        changed_map=changed,
    )


def _map_now(state: State | None) -> tuple[str, str]:
    """The map of the last update, if it is gone, and if it is not the same any more."""
    made = state.map if state else None
    table = Table.read(made.name) if made else None
    if made is None or table is None or table.file is None:
        return "", ""
    try:
        Path(table.file).stat()
    except (FileNotFoundError, NotADirectoryError):
        return made.name, ""
    except OSError:
        return "", ""  # somebody else may look; install.modes says so
    return "", "" if MapFile(table).seal() == made.seal else made.name


def policy_map(table: Table) -> MapFacts:
    """The files of a map, and what its text says."""
    indexed = _modified(Path(table.file)) if table.file else None
    text = _read(Path(table.name), LARGEST_MAP) if table.file else None
    if text is None:
        return MapFacts(table, indexed=indexed)
    return MapFacts(table, _modified(Path(table.name)), indexed, *map_text(text))


def rendered(folder: Path, named: Collection[Table]) -> Table | None:
    """The map below a folder: that which Postfix names, else the first that lies there."""
    maps = folder / MAPS
    for table in named:
        if any(_is_same(maps, parent) for parent in Path(table.direct.name).parents):
            return table.direct
    there = sorted(maps.iterdir()) if maps.is_dir() else []
    found = [path for path in there if path.suffix in _KINDS and not path.name.startswith(".")]
    return Table(_KINDS[found[0].suffix], str(found[0].with_suffix(""))) if found else None


def as_named(table: Table, named: Collection[Table]) -> Table:
    """A map by the path that Postfix has for it, and in any case by an absolute one."""
    if not table.file:
        return table
    path = Path(table.name).absolute()
    for other in (there.direct for there in named if there.direct.file):
        if Path(other.name).name == path.name and _is_same(Path(other.name).parent, path.parent):
            return Table(table.kind, other.name)
    return Table(table.kind, str(path))


def _is_same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one folder, be it by links."""
    try:
        return other.is_absolute() and one.samefile(other)
    except OSError:
        return False


def _read(path: Path, largest: int = LARGEST) -> bytes | None:
    """What a file holds; what is no file holds nothing."""
    try:
        return store.read_if_there(path, largest)
    except StpolicyError:
        return None


def _list(data: bytes | None) -> ListFacts | None:
    policies = parse(data, LIST).policies if data is not None else None
    if data is None or policies is None:
        return None
    resolved = [(entry.domain, policies.resolve(entry.policy)) for entry in policies.entries]
    enforced = tuple(domain for domain, policy in resolved if policy and policy.mode is Mode.ENFORCE)
    testing = sum(policy is not None and policy.mode is Mode.TESTING for _, policy in resolved)
    digest = hashlib.sha256(data).hexdigest()
    return ListFacts(policies.timestamp.instant, policies.expires.instant, digest, enforced, testing)


def _files(table: Table | None) -> list[Path]:
    return [Path(table.name), Path(table.file)] if table and table.file else []


def _with_its_folder(settings: Path) -> tuple[Path, ...]:
    """The file of settings and its folder, unless that is for other things too: a home, or like /tmp."""
    folder = settings.absolute().parent
    try:
        there = folder.stat()
        home = pwd.getpwuid(there.st_uid).pw_dir
    except (OSError, KeyError):
        return (settings,)
    is_shared = there.st_mode & stat.S_ISVTX or str(folder) == home
    return (settings,) if is_shared else (folder, settings)


def _seen(path: Path) -> Seen | None:
    try:
        there = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    folder = stat.S_ISDIR(there.st_mode)
    return Seen(str(path.absolute()), stat.S_IMODE(there.st_mode), folder, _name(there.st_uid))


def _name(user: int) -> str:
    """The name of a user; the number of one without a name."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def _modified(path: Path) -> Instant | None:
    try:
        return Instant(int(path.stat().st_mtime))
    except (FileNotFoundError, NotADirectoryError):
        return None
