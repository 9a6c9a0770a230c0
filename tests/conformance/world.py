"""What a case changes one thing in: a good list on a good server; a folder with an older one, or nothing."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from stpolicy.model.dates import Date, Instant
from tests import lists, packets, pairs, personas
from tests.conformance.clients import Settings
from tests.pairs import dated
from tests.personas import LIST, SIGNED, People, Person
from tests.webserver import Answer, Server, ok

BEFORE = lists.NOW - timedelta(days=5)
"""When the list was dated and signed that lies in the folder at a warm start."""

OLD = dated(BEFORE)
COLD, WARM = "cold", "warm"


@dataclass(frozen=True)
class Pair:
    """A list and its signature file."""

    data: bytes
    asc: bytes


@dataclass
class World:
    """Everything around a client. `signatures` are kept, since gpg is slow."""

    people: People
    server: Server
    authority: Path
    folder: Path
    signatures: dict[object, bytes] = field(default_factory=dict)
    settings: Settings = field(init=False)
    offered: Pair = field(init=False)

    def __post_init__(self) -> None:
        room = self.folder / "a room"
        room.mkdir()
        ring = room / "key ring.gpg"
        ring.write_bytes(self.people.ring)
        self.settings = Settings(room / "state of it", ring, [f"{self.server.url}/policy.json"])
        self.settings.ca_file = self.authority / "ca.pem"
        self.settings.now = personas.stamp(lists.NOW)
        self.pin("alice")
        self.offer()

    @property
    def state(self) -> Path:
        return self.settings.folder

    def pin(self, *names: str, threshold: int = 1) -> None:
        self.settings.signers = [getattr(self.people, name).fingerprint for name in names]
        self.settings.threshold = str(threshold)

    def made(self, key: object, make: Callable[[People], bytes]) -> bytes:
        """What `make` makes, once for all tests."""
        if key not in self.signatures:
            self.signatures[key] = make(self.people)
        return self.signatures[key]

    def pair(self, data: bytes, *signers: str, at: datetime = SIGNED) -> Pair:
        """A list, signed."""
        who: list[Person] = [getattr(self.people, name) for name in signers or ("alice",)]
        raw = [self.made((data, person.fingerprint, at), _packet(person, data, at)) for person in who]
        return Pair(data, packets.asc(*raw))

    def offer(self, data: bytes = LIST, *signers: str, at: datetime = SIGNED) -> Pair:
        """Puts a signed list on the server."""
        return self.serve(self.pair(data, *signers, at=at))

    def serve(self, pair: Pair) -> Pair:
        self.offered = pair
        self.answers(ok(pair.data), ok(pair.asc))
        return pair

    def answers(self, data: Answer | None = None, asc: Answer | None = None) -> None:
        """What the server says instead."""
        for path, said in (("/policy.json", data), ("/policy.json.asc", asc)):
            if said is not None:
                self.server.answers[path] = said

    def asked(self) -> str:
        """The requests that the server has had: see Case."""
        words = {"/policy.json": "j", "/policy.json.asc": "a"}
        words |= {f"/mirror{path}": letter.upper() for path, letter in words.items()}
        return "".join(words.get(head.split(" ")[1], "?") for head in self.server.requests)

    def install(self, pair: Pair, signed: datetime, *, succeeded: timedelta = timedelta(hours=1)) -> str:
        """Puts a pair into the folder as the clients do; its label."""
        name = label(pair)
        version = self.state / "versions" / name
        version.mkdir(parents=True)
        (version / "policy.json").write_bytes(pair.data)
        (version / "policy.json.asc").write_bytes(pair.asc)
        (self.state / "current").unlink(missing_ok=True)
        (self.state / "current").symlink_to(f"versions/{name}")
        (self.state / "mark").write_text(mark(pair, signed))
        (self.state / "state.json").write_text(
            f'{{\n  "last_success": "{personas.stamp(lists.NOW - succeeded)}",\n  "validators": null\n}}\n'
        )
        return name

    def installed(self) -> Pair | None:
        """The pair that a reader finds."""
        try:
            current = self.state / "current"
            return Pair((current / "policy.json").read_bytes(), (current / "policy.json.asc").read_bytes())
        except OSError:
            return None

    def files(self) -> dict[str, tuple[object, ...]]:
        """All that a run may change of what is installed, down to inodes (T1)."""
        found: dict[str, tuple[object, ...]] = dict(pairs.snapshot(self.state))
        found.pop("state.json", None)
        for path in self.state.rglob("*"):
            if path.is_symlink():
                found[str(path)] = (os.readlink(path), path.lstat().st_ino)  # noqa: PTH115
        return found

    def leftovers(self) -> list[str]:
        """Names that are no part of the contract."""
        known = {".lock", "current", "versions", "mark", "state.json"}
        here = {path.name for path in self.state.iterdir()} - known if self.state.is_dir() else set()
        return sorted(here | {path.name for path in (self.state / "versions").glob(".*")})


def begin(world: World, start: str) -> None:
    """A folder with an older good list, if the start is warm."""
    if start == WARM:
        world.install(world.pair(OLD, at=BEFORE), BEFORE)


def label(pair: Pair) -> str:
    """The name of the folder that a pair lies in."""
    moment = str(Instant(_timestamp(pair).seconds)).replace("-", "").replace(":", "")
    return f"{moment}-{hashlib.sha256(pair.data + pair.asc).hexdigest()[:12]}"


def mark(pair: Pair, signed: datetime) -> str:
    moment = _timestamp(pair)
    epoch = f"{moment.seconds}.{moment.fraction}" if moment.fraction else str(moment.seconds)
    digest = hashlib.sha256(pair.data).hexdigest()
    return f"timestamp {epoch}\nsigned {int(signed.timestamp())}\nsha256 {digest}\n"


def _timestamp(pair: Pair) -> Instant:

    return Date.read(json.loads(pair.data.decode(errors="replace"))["timestamp"]).instant


def _packet(person: Person, data: bytes, at: datetime) -> Callable[[People], bytes]:
    return lambda _: person.packet(data, at=at)
