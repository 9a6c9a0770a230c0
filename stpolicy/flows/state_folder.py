"""What lies in the list's folder on a mail server, as facts."""

import hashlib
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from stpolicy import store
from stpolicy.document.list import LARGEST, parse
from stpolicy.document.state import read
from stpolicy.document.table import map_text
from stpolicy.fetch import LIST
from stpolicy.flows.installed import MARK, SIGNATURE, STATE
from stpolicy.model.dates import Instant
from stpolicy.model.mail_server import ListFacts, MapFacts, Seen, StateFolder
from stpolicy.model.policy import Mode
from stpolicy.model.table import INDEXED, Table

MAPS = "maps"
_KINDS = {suffix: kind for kind, suffix in reversed(INDEXED.items())}


def state_folder(
    folder: Path,
    *,
    now: datetime,
    keyring: Path | None = None,
    signers: Collection[str] = (),
    table: Table | None = None,
) -> StateFolder:
    """Reads the folder; what is missing or damaged in it is no list, and never an error."""
    current = folder / store.CURRENT
    known = read(store.read_if_there(folder / STATE, LARGEST))
    ours = [
        folder,
        folder / store.VERSIONS,
        current,
        current / LIST,
        current / SIGNATURE,
        folder / MARK,
    ]
    ours += [folder / MAPS, *_files(table)] + ([keyring] if keyring else [])
    return StateFolder(
        str(folder),
        now,
        _list(store.read_if_there(current / LIST, LARGEST)),
        known.last_success if known else None,
        tuple(signers),
        tuple(seen for path in dict.fromkeys(ours) if (seen := _seen(path))),
    )


def policy_map(table: Table) -> MapFacts:
    """The files of a map, and what its text says."""
    indexed = _modified(Path(table.file)) if table.file else None
    text = store.read_if_there(Path(table.name), LARGEST) if table.file else None
    if text is None:
        return MapFacts(table, indexed=indexed)
    return MapFacts(table, _modified(Path(table.name)), indexed, *map_text(text))


def rendered(folder: Path, named: Collection[Table]) -> Table | None:
    """The map below a folder: that which Postfix names, else the first that lies there."""
    maps = folder / MAPS
    for table in named:
        if maps in Path(table.direct.name).parents:
            return table.direct
    there = sorted(maps.iterdir()) if maps.is_dir() else []
    found = [path for path in there if path.suffix in _KINDS and not path.name.startswith(".")]
    return Table(_KINDS[found[0].suffix], str(found[0].with_suffix(""))) if found else None


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


def _seen(path: Path) -> Seen | None:
    try:
        return Seen(str(path), path.stat().st_mode & 0o7777, path.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return None


def _modified(path: Path) -> Instant | None:
    try:
        return Instant(int(path.stat().st_mtime))
    except (FileNotFoundError, NotADirectoryError):
        return None
