"""The service on a port of the loopback interface, in a thread of the tests; its clock is set by hand."""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from stpolicy.checker.smtp import Manner
from stpolicy.flows.believe import Pins, pins
from stpolicy.flows.check import Network
from stpolicy.ledger import Ledger, Outcome, address
from stpolicy.model.names import Domain
from stpolicy.model.scanned import State
from stpolicy.web import server
from stpolicy.web.settings import Settings
from tests.lists import NOW
from tests.personas import People

NOWHERE = Network(Manner("tests.example.org", timeout=1), (("127.0.0.1", 1),), probes=False)
"""Asks a resolver that is not there, so that a scan ends at once and leaves the machine alone."""


@dataclass(slots=True)
class Clock:
    """What time it is for the service."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


def pinned(people: People) -> Pins:
    """Alice signs."""
    return pins(people.ring, "ring", [people.alice.fingerprint], 1)


def settings(room: Path, **changed: Any) -> Settings:
    """Scans wait and are not run, unless it is said otherwise."""
    plain = Settings(f"sqlite:///{room / 'scans.db'}", NOWHERE, room / "state", at_once=0, port=0)
    return replace(plain, **changed)


@dataclass
class Running:
    """A service. `clients` are those of the tests, closed with it."""

    port: int
    settings: Settings
    clock: Clock
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def description(self) -> dict[str, Any]:
        """What the service says of itself."""
        found: dict[str, Any] = httpx.get(f"{self.url}/openapi.json", timeout=60).json()
        return found

    def _is_described(self, answer: httpx.Response) -> None:
        """Whatever a test asks: no status comes that the description has not, and none in another form."""
        for path, methods in self.description["paths"].items():
            like = re.sub(r"\{[^}]*}", "[^/]+", path)
            described = methods.get(answer.request.method.lower(), {}).get("responses", {})
            if described and re.fullmatch(like, answer.request.url.path):
                known = described.get(str(answer.status_code))
                assert known, f"{answer.request.method} {path} is not known to answer {answer.status_code}"
                kind = answer.headers.get("content-type", "").partition(";")[0]
                assert kind in known.get("content", {"": {}}), f"{path}: {kind}"

    def client(self, source: str = "127.0.0.1", **headers: str) -> httpx.Client:
        """A client with an address of its own: all of 127.0.0.0/8 is ours."""
        transport = httpx.HTTPTransport(local_address=source, retries=0)
        hooks = {"response": [self._is_described]}
        made = httpx.Client(
            base_url=self.url, transport=transport, headers=headers, timeout=60, event_hooks=hooks
        )
        self.clients.append(made)
        return made

    def finished(self, domain: str, status: int, result: str = "{}") -> None:
        """Ends the scan of a domain, which waits, with a result."""
        with self.ledger() as ledger:
            waiting = ledger.newest(Domain(domain), State.QUEUED)
            assert waiting
            begun = ledger.take(waiting.id, self.clock())
            assert begun
            outcome = Outcome(result, status, mta_sts=False, dane=False)
            assert ledger.finish(begun, outcome, self.clock())

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        found = Ledger(address(self.settings.database))
        try:
            yield found
        finally:
            found.close()


@contextmanager
def running(wanted: Settings, clock: Clock | None = None) -> Iterator[Running]:
    """A service as `stpolicy serve` runs it, but for its clock and its port."""
    clock = clock or Clock()
    listening = server.bound(wanted)
    here = uvicorn.Server(server.config(wanted, clock))
    thread = threading.Thread(target=asyncio.run, args=(here.serve([listening]),), daemon=True)
    thread.start()
    while not here.started:
        assert thread.is_alive(), "the service did not begin"
        thread.join(0.01)
    made = Running(listening.getsockname()[1], wanted, clock)
    try:
        yield made
    finally:
        for client in made.clients:
            with suppress(httpx.HTTPError):
                client.close()
        here.should_exit = True
        thread.join(30)
        assert not thread.is_alive(), "the service did not end"
        listening.close()


def ask(client: httpx.Client, domain: str, forwarded: str = "") -> httpx.Response:
    """Asks for a scan, and does not wait for it; `forwarded` is what a proxy says of the client."""
    headers = {"Prefer": "respond-async"} | ({"X-Forwarded-For": forwarded} if forwarded else {})
    return client.post("/api/scan", json={"domain": domain}, headers=headers)
