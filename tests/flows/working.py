"""Scans that are run, on either kind of database, by a network where there is nothing to look at."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from stpolicy.flows.jobs import Embedded, Jobs, Shared
from stpolicy.flows.rounds import Rounds
from stpolicy.flows.scan import Scanner
from stpolicy.ledger import Ledger
from stpolicy.model.names import Domain
from stpolicy.model.scanned import Scan, State
from tests.lists import NOW
from tests.web.plain import NOWHERE


def scanner(ledger: Ledger) -> Scanner:
    return Scanner(ledger, Rounds(NOWHERE, lambda: NOW, 4), lambda: None, lambda: NOW)


@asynccontextmanager
async def working(
    ledger: Ledger, run: Callable[[str], Awaitable[None]], at_once: int = 4
) -> AsyncIterator[Jobs]:
    made: Jobs = Shared(ledger) if ledger.shared else Embedded(ledger, 1000)
    await made.start(run, at_once)
    try:
        yield made
    finally:
        await made.stop()


def queued(ledger: Ledger, id_: str) -> str:
    ledger.submit(Domain(f"{id_}.org"), id_, NOW, most=1000)
    return id_


async def until(ledger: Ledger, id_: str, state: State) -> Scan:
    """The scan, once it is so; half a minute at most."""
    ends = time.monotonic() + 30
    while True:
        found = await asyncio.to_thread(ledger.scan, id_)
        assert found
        if found.state is state:
            return found
        assert time.monotonic() < ends, found
        await asyncio.sleep(0.02)
