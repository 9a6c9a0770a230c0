"""The service: in a thread of the tests, or as `stpolicy serve` runs it, in the mini-internet too."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from stpolicy.ledger import Ledger, Outcome
from stpolicy.model.names import Domain
from stpolicy.model.scanned import Scan, State
from stpolicy.web.settings import Settings
from tests import measure
from tests.minternet.world import ROOT, World
from tests.namespace import descendants
from tests.program import heed
from tests.web.plain import ENOUGH, Clock, thread

_NUMBERS = count()


@dataclass(frozen=True)
class Site:
    """A service in a thread, and a client of it."""

    http: httpx.Client
    ledger: Ledger
    clock: Clock
    port: int

    def done(self, name: str, result: str = '{"old": true}', status: int = 0) -> Scan:
        """The scan of a domain, which waits or is new, ended with a result."""
        scan, _ = self.ledger.submit(Domain(name), f"{next(_NUMBERS):022d}", self.clock(), most=1000)
        begun = self.ledger.take(scan.id, self.clock())
        assert begun
        assert self.ledger.finish(begun, Outcome(result, status, mta_sts=False, dane=False), self.clock())
        return begun


@contextmanager
def asking(
    wanted: Settings, clock: Callable[[], datetime], within: World | None = None
) -> Iterator[httpx.Client]:
    """A client of a service in a thread."""
    with (
        thread(wanted, clock, within) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=ENOUGH) as client,
    ):
        yield client


def options(internet: World, database: str) -> list[str]:
    """What a service in the mini-internet is told."""
    looking = ["--resolver", "127.0.0.1", "--helo", "checker.stpolicy-lab.net", "--timeout", "8"]
    return ["--database", database, "--ca-file", str(internet.ca_file), *looking, "--limit", "100000/hour"]


@dataclass
class Process:
    """`stpolicy serve` in a process of its own; `port` is 0 for a worker."""

    process: "subprocess.Popen[bytes]"
    log: Path
    port: int
    within: World | None = None

    @property
    def id(self) -> int:
        """That of the program itself, which `nsenter` starts."""
        return descendants(self.process.pid)[0] if self.within else self.process.pid

    def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        """Asks from where it listens."""

        def asked() -> httpx.Response:
            url = f"http://127.0.0.1:{self.port}{path}"
            return httpx.request(
                method, url, timeout=ENOUGH, verify=False, **how
            )  # which would take a moment

        return self.within.space.within(asked) if self.within else asked()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Sends a signal, and gives the exit code."""
        os.kill(self.id, number)
        return self.process.wait(ENOUGH)

    def said(self) -> str:
        return self.log.read_text()


@contextmanager
def process(
    folder: Path,
    *arguments: str | Path,
    port: int = 0,
    within: World | None = None,
    wait: bool = True,
    measured: bool = True,
) -> Iterator[Process]:
    """`stpolicy serve` with these arguments; `wait` until it answers."""
    command: list[str | Path] = [sys.executable, "-m", "stpolicy", "serve", *arguments]
    if port:
        command += ["--port", str(port)]
    number = len(list(folder.glob("serve*.log")))
    log = folder / f"serve{number}.log"
    environment = within.space.environment if within else dict(os.environ)
    with log.open("wb") as said:
        begun = subprocess.Popen(
            within.space.command(command, ROOT) if within else [str(word) for word in command],
            env=environment | {"HOME": str(folder)} | (measure.told() if measured else {}),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            preexec_fn=heed,  # noqa: PLW1509  (it only sets signals)
        )
    made = Process(begun, log, port, within)
    try:
        if wait and port:
            until_true(lambda: _answers(made), made)
        yield made
    finally:
        for one in [begun.pid, *descendants(begun.pid)]:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        begun.wait(ENOUGH)


def _answers(made: Process) -> bool:
    with suppress(httpx.TransportError):
        return made.ask("GET", "/api/ping").status_code == 200
    return False


def until_true(condition: Callable[[], bool], who: Process | None = None, seconds: float = ENOUGH) -> None:
    """Waits for a condition; says what a process has said where it does not come."""
    until = time.monotonic() + seconds
    while not condition():
        said = who.said() if who else ""
        assert not who or who.process.poll() is None, said
        assert time.monotonic() < until, said or "it did not come"
        time.sleep(0.05)


def states(ledger: Ledger, ids: Sequence[str]) -> set[State]:
    """In which states scans are."""
    return {scan.state for scan in ledger.watched(ids)}
