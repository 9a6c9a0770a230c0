"""A mail server that follows a list on a loopback web server, for the tests of its commands."""

import json
import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests import packets
from tests.needs import needs
from tests.pairs import believing, dated
from tests.personas import LIST, SIGNED, People, Person, stamp
from tests.program import NOW, Program, Ran
from tests.webserver import Server, ok


@dataclass(frozen=True)
class Following:
    """`folder` holds what is installed; `believing` are the options that pin Alice."""

    server: Server
    people: People
    authority: Path
    folder: Path
    program: Program

    @property
    def believing(self) -> list[str]:
        return believing(self.people, self.people.alice)

    def offer(self, data: bytes = LIST, *signers: Person, at: datetime = SIGNED) -> None:
        """Puts a signed list on the server; signed by Alice unless it is said by whom."""
        asc = packets.asc(*(signer.packet(data, at=at) for signer in signers or (self.people.alice,)))
        self.server.answers |= {
            "/policy.json": ok(data, f'ETag: "{hash(data)}"'),
            "/policy.json.asc": ok(asc, f'ETag: "{hash(asc)}"'),
        }

    def update(self, *more: object, url: str = "", now: str = NOW) -> Ran:
        """Runs `update` against the server."""
        options = ["--ca-file", self.authority / "ca.pem", "--dir", self.folder, "--now", now]
        return self.program("update", "--url", url or self.server.url, *self.believing, *options, *more)

    def install(self, data: bytes = LIST, at: datetime = SIGNED) -> None:
        """What is offered, installed."""
        self.offer(data, at=at)
        assert self.update() == Ran(0, "", "")

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        return found

    @property
    def installed(self) -> bytes:
        return (self.folder / "current" / "policy.json").read_bytes()


class Maps:
    """A server that keeps a map for a real Postfix."""

    def __init__(self, following: Following) -> None:
        self.following = following
        self.path = following.folder / "maps" / "policy"
        self.kind = "hash"

    def update(self, *more: object, **when: str) -> Ran:
        rendering = ["--render", "postfix", "--map", f"{self.kind}:{self.path}", "--mta-version", "3.7"]
        return self.following.update(*rendering, *more, **when)

    def asked(self, domain: str) -> str:
        """What Postfix would be told."""
        command = [needs("postmap", "postfix"), "-q", domain, f"{self.kind}:{self.path}"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


ENFORCE = {"mode": "enforce", "mxs": ["mx.a.com"]}
OWN = {"mode": "enforce", "mxs": ["own.a.com"]}
"""What a list promises, and what a site decides itself."""


def listed(*domains: str) -> bytes:
    """A list that enforces these domains."""
    return dated(SIGNED, policies=dict.fromkeys(domains, ENFORCE))


def overlay(name: str, document: object) -> Path:
    """A file of a site's own decisions."""
    path = Path(name)
    path.write_text(json.dumps(document))
    return path


def after(**span: float) -> str:
    """So long after the list was signed."""
    return stamp(SIGNED + timedelta(**span))
