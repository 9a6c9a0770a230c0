"""A folder that a client keeps up to date: with an older list in it or nothing, and a newer one offered."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from stpolicy.store import version_name
from tests import lists, packets, webserver
from tests.needs import needs
from tests.personas import SIGNED, People, stamp
from tests.webserver import Server, ok

COLD, WARM = "cold", "warm"
"""Nothing is installed; an older list is, with its map."""

MAPS = {"lmdb": ".lmdb", "hash": ".db", "cdb": ".cdb", "texthash": ""}
"""Types of maps, and what their files' names end in."""

_BEFORE = lists.NOW - timedelta(days=5)
_DOMAINS = [f"{letter}.example.com" for letter in "abcde"]


@dataclass(frozen=True)
class Edition:
    """A signed list, what its mark says, where it is installed, and what its map answers."""

    data: bytes
    asc: bytes
    mark: str
    label: str
    rows: frozenset[str]


@dataclass(frozen=True)
class World:
    """A server that offers `new`; what is installed lies in `state` and `maps`, as it is at a start."""

    folder: Path
    server: Server
    signer: str
    old: Edition
    new: Edition
    start: str
    kind: str | None
    """Of the map; None when the client makes none."""
    disk: Path
    """Where both lie."""

    @property
    def state(self) -> Path:
        return self.disk / "state"

    @property
    def maps(self) -> Path:
        return self.disk / "maps"

    @property
    def table(self) -> str:
        """The map as main.cf names it."""
        return f"{self.kind}:{self.maps / 'policy'}"

    @property
    def programs(self) -> Path:
        """First in the path: a `postfix` that is told to reload, so that no real one is."""
        return self.folder / "bin"

    @property
    def ring(self) -> Path:
        return self.folder / "ring.gpg"

    @property
    def authority(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def before(self) -> Edition | None:
        """What is installed at the start."""
        return self.old if self.start == WARM else None

    @property
    def _saved(self) -> Path:
        return self.folder / f"{self.start} {self.kind or 'without a map'}"

    def offer(self, edition: Edition, folder: str = "") -> str:
        """Puts a list on the server; its URL."""
        self.server.answers[f"{folder}/policy.json"] = ok(edition.data)
        self.server.answers[f"{folder}/policy.json.asc"] = ok(edition.asc)
        return f"{self.server.url}{folder}/policy.json"

    def clear(self) -> None:
        """Nothing lies there."""
        for folder in (self.state, self.maps):
            shutil.rmtree(folder, ignore_errors=True)

    def save(self) -> None:
        """What lies there now is how every trial starts."""
        shutil.rmtree(self._saved, ignore_errors=True)
        for folder in (self.state, self.maps):
            if folder.exists():
                shutil.copytree(folder, self._saved / folder.name, symlinks=True)
        self._saved.mkdir(exist_ok=True)

    def reset(self) -> None:
        """Everything is as it was at the start."""
        self.clear()
        for folder in (self.state, self.maps):
            if (self._saved / folder.name).exists():
                shutil.copytree(self._saved / folder.name, folder, symlinks=True)
        self.offer(self.new)

    def at(self, start: str, kind: str | None) -> "World":
        """The same with another start and another map."""
        return replace(self, start=start, kind=kind)


@contextmanager
def world(folder: Path, people: People, authority: Path) -> Iterator[World]:
    """A world with nothing installed and no map; `authority` has the certificates of `webserver`."""
    needs("gpgv", "gpgv")
    (folder / "ring.gpg").write_bytes(people.alice.public)
    shutil.copy(authority / "ca.pem", folder)
    (folder / "bin").mkdir()
    (folder / "bin" / "postfix").write_text("#!/bin/sh\n")
    (folder / "bin" / "postfix").chmod(0o755)
    old, new = (edition(people, word, at) for word, at in (("old", _BEFORE), ("new", SIGNED)))
    with webserver.serving(authority / "good.pem") as server:
        yield World(folder, server, people.alice.fingerprint, old, new, COLD, None, folder)


def edition(people: People, word: str, at: datetime, *, padding: int = 0) -> Edition:
    """A list whose every row has a word in it; `padding` bytes make it larger."""
    policies = {domain: {"mode": "enforce", "mxs": [f"mx.{word}.example.com"]} for domain in _DOMAINS}
    data = lists.data(
        policies, author="x" * padding, timestamp=stamp(at), expires=stamp(at + timedelta(days=14))
    )
    asc = packets.asc(people.alice.packet(data, at=at))
    moment = int(at.timestamp())
    mark = f"timestamp {moment}\nsigned {moment}\nsha256 {hashlib.sha256(data).hexdigest()}\n"
    label = version_name(f"{at:%Y%m%dT%H%M%SZ}", {"policy.json": data, "policy.json.asc": asc})
    value = f"secure match=mx.{word}.example.com servername=hostname protocols=>=TLSv1.2"
    return Edition(data, asc, mark, label, frozenset(f"{domain}\t{value}" for domain in _DOMAINS))


# What somebody sees who only looks, with stock programs --------------------------------------------


@dataclass(frozen=True)
class Seen:
    """What is there: the pair, whether gpgv finds it good, the mark, what the map answers, and the rest."""

    pair: tuple[bytes, bytes] | None
    verifies: bool
    mark: str | None
    rows: frozenset[str]
    state: str | None
    leftovers: tuple[str, ...]
    modes: frozenset[int]
    """Of folders and files that everybody must be able to read."""

    def is_of(self, edition: Edition | None) -> bool:
        """Whether the pair is of this edition; of none when there is nothing."""
        return self.pair == (edition and (edition.data, edition.asc))


def look(world: World) -> Seen:
    """Looks at a world."""
    current = world.state / "current"
    pair = _pair(current)
    files = [world.ring, current / "policy.json.asc", current / "policy.json"]
    verifies = pair is not None and _run(["gpgv", "--keyring", *map(str, files)], b"")[0] == 0
    return Seen(
        pair,
        verifies,
        _text(world.state / "mark"),
        rows(world),
        _text(world.state / "state.json"),
        tuple(sorted(_leftovers(world))),
        frozenset(_modes(world.state)),
    )


def rows(world: World) -> frozenset[str]:
    """What the map answers for all names of the lists: nothing when it is missing or broken."""
    if world.kind is None:
        return frozenset()
    asked = "".join(f"{domain}\n" for domain in _DOMAINS).encode()
    _, out = _run(["/usr/sbin/postmap", "-q", "-", world.table], asked)
    return frozenset(out.splitlines())


def last(seen: Seen) -> str | None:
    """The reason of the last run that could write it down."""
    found: str | None = json.loads(seen.state)["reason"] if seen.state else None
    return found


def _pair(current: Path) -> tuple[bytes, bytes] | None:
    try:
        return (current / "policy.json").read_bytes(), (current / "policy.json.asc").read_bytes()
    except OSError:
        return None


def _text(path: Path) -> str | None:
    return path.read_text("utf-8", "replace") if path.is_file() else None


def _leftovers(world: World) -> Iterator[str]:
    """Whatever has no business to be there."""
    ours = {".lock", "current", "mark", "state.json", "versions"}
    ours |= {f"versions/{edition.label}" for edition in (world.old, world.new)}
    for path in [*world.state.glob("*"), *world.state.glob("versions/*")]:
        name = str(path.relative_to(world.state))
        if name not in ours and path.name not in ours:
            yield name
    names = {"policy", f"policy{MAPS[world.kind]}"} if world.kind else set()
    if world.maps.is_dir():
        yield from (path.name for path in world.maps.iterdir() if path.name not in names)


def _modes(state: Path) -> Iterator[int]:
    for path in state.rglob("*"):
        if not path.is_symlink() and path.name != ".lock":
            yield path.stat().st_mode & 0o7777


def _run(command: list[str], data: bytes) -> tuple[int, str]:
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    return done.returncode, done.stdout.decode()
