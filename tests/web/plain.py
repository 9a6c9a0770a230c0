"""What all tests of the service share: a service that leaves the machine alone, and a clock set by hand."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn

from stpolicy.checker.smtp import Manner
from stpolicy.flows.check import Network
from stpolicy.web import server
from stpolicy.web.settings import Settings
from tests.lists import NOW
from tests.minternet.world import World

ENOUGH = 60
"""Seconds that nothing takes unless it hangs."""

NOWHERE = Network(Manner("checker.example.org", timeout=1), (("127.0.0.1", 1),), probes=False)
"""Asks a resolver that is not there, so that a scan ends at once and leaves the machine alone."""


@dataclass(slots=True)
class Clock:
    """What time it is for the service."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


def settings(room: Path, **changed: Any) -> Settings:
    """Scans wait and are not run, unless it is said otherwise."""
    plain = Settings(f"sqlite:///{room / 'scans.db'}", NOWHERE, room / "state", at_once=0, port=0)
    return replace(plain, **changed)


@contextmanager
def thread(wanted: Settings, clock: Callable[[], datetime], within: World | None = None) -> Iterator[int]:
    """The port of a service as `stpolicy serve` runs it, but for its clock and its port.

    It looks at the mini-internet where one is given.
    """
    listening = server.bound(wanted)
    here = uvicorn.Server(server.config(wanted, clock))

    def begin() -> threading.Thread:
        made = threading.Thread(target=asyncio.run, args=(here.serve([listening]),), daemon=True)
        made.start()
        return made

    running = within.space.within(begin) if within else begin()  # which is the network of its sockets
    until = time.monotonic() + ENOUGH
    while not here.started:
        assert running.is_alive(), "the service did not begin"
        assert time.monotonic() < until
        running.join(0.01)
    try:
        yield listening.getsockname()[1]
    finally:
        here.should_exit = True
        running.join(ENOUGH)
        listening.close()
        assert not running.is_alive(), "the service did not end"


def free_port() -> int:
    """A port of the loopback interface that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])
