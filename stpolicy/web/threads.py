"""Threads for calls that block. Each kind of work has its own, so that none waits behind another.

What runs scans, in `flows`, has those that asyncio gives to everybody (`asyncio.to_thread`): here nobody
else takes them. Who waits for the database has a connection for each thread (`ledger.engine.MOST`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

SCANS = 4
"""For what runs scans."""


class Room:
    """So many threads; who comes when all are taken waits for those of its own kind."""

    def __init__(self, kind: str, most: int) -> None:
        self.most = most
        self._pool = ThreadPoolExecutor(most, f"stpolicy-{kind}")

    async def run(self, call: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """What the call gives, or raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(call, *args, **named))

    def close(self) -> None:
        """Waits for the calls under way; those that wait are cancelled."""
        self._pool.shutdown(cancel_futures=True)


class Threads:
    """Those of one process."""

    def __init__(self) -> None:
        self.reads = Room("reads", 3)
        """What a request reads from the database."""
        self.asks = Room("asks", 4)
        """New scans, which wait while somebody else writes."""
        self.steady = Room("steady", 5)
        """Five that each ask one thing at a time: health, statistics, the watch, tidying, the list."""
        self.pages = Room("pages", 2)
        """Templates and searches: no database."""

    @property
    def rooms(self) -> tuple[Room, ...]:
        """All of them."""
        return self.reads, self.asks, self.steady, self.pages

    @property
    def connections(self) -> int:
        """How many calls may want the database at once."""
        return SCANS + self.reads.most + self.asks.most + self.steady.most - 1  # the list is in files


@asynccontextmanager
async def threads() -> AsyncIterator[Threads]:
    """The threads; in the end all of them have ended, but for those of scans, which end with the loop."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(SCANS, "stpolicy-scans"))
    made = Threads()
    try:
        yield made
    finally:
        for room in made.rooms:
            room.close()
