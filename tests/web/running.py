"""The service on a port of the loopback interface, in a thread of the tests; its clock is set by hand."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx

from stpolicy.flows.believe import Pins, pins
from stpolicy.ledger import Ledger, Outcome, address
from stpolicy.model.names import Domain
from stpolicy.model.scanned import State
from stpolicy.web.settings import Settings
from tests.personas import People
from tests.web.plain import Clock, thread


def pinned(people: People) -> Pins:
    """Alice signs."""
    return pins(people.ring, "ring", [people.alice.fingerprint], 1)


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
    """A service in a thread."""
    clock = clock or Clock()
    with thread(wanted, clock) as port:
        made = Running(port, wanted, clock)
        try:
            yield made
        finally:
            for client in made.clients:
                with suppress(httpx.HTTPError):
                    client.close()


def ask(client: httpx.Client, domain: str, forwarded: str = "") -> httpx.Response:
    """Asks for a scan, and does not wait for it; `forwarded` is what a proxy says of the client."""
    headers = {"Prefer": "respond-async"} | ({"X-Forwarded-For": forwarded} if forwarded else {})
    return client.post("/api/scan", json={"domain": domain}, headers=headers)
