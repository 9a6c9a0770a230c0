"""Threads for calls that block. Each kind of work has its own, so that none waits behind another.

What runs scans, in `flows`, has those that asyncio gives to everybody (`asyncio.to_thread`): here nobody
else takes them. Who waits for the database has a connection for each thread (`ledger.engine.MOST`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import partial
from typing import ParamSpec, TypeVar

from stpolicy.errors import Unavailable
from stpolicy.web.daemons import Daemons
from stpolicy.web.envelope import Refusal
from stpolicy.web.places import LATER, Taken

P = ParamSpec("P")
T = TypeVar("T")

SCANS = 4
"""For what runs scans."""
LONGEST = 10.0
"""Seconds that a request waits for the database."""
MOST_CALLS = 256
"""Of all clients, waiting or under way, in one room."""
MOST_OF_ONE = 32
"""Of one client, which is half of its connections."""

CLIENT: ContextVar[str] = ContextVar("client", default="")
"""For whom a call is made; empty where it is for the service itself, which has few."""


class Room:
    """So many threads; who comes when all are taken waits for those of its own kind."""

    def __init__(self, kind: str, most: int, longest: float | None = None) -> None:
        """`longest` is in seconds, and for calls that may be given up, as nothing follows from them."""
        self.most, self._longest = most, longest
        self._pool = Daemons(most, f"stpolicy-{kind}")
        self._calls = Taken()

    async def run(self, call: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """What the call gives, or raises; Refusal where too many wait, Unavailable after too long.

        Who is cancelled leaves the queue.
        """
        begin = asyncio.get_running_loop().run_in_executor
        with self._place(CLIENT.get()):
            try:
                async with asyncio.timeout(self._longest):
                    return await begin(self._pool, partial(call, *args, **named))
            except TimeoutError as late:
                raise Unavailable(f"the database took longer than {self._longest} s") from late

    @contextmanager
    def _place(self, client: str) -> Iterator[None]:
        if client and (self._calls[client] >= MOST_OF_ONE or self._calls.total() >= MOST_CALLS):
            raise Refusal(503, "too many wait for this just now", headers=LATER)
        with self._calls.by(client):
            yield

    def close(self) -> None:
        """Calls under way have a moment to end; those that wait are cancelled."""
        self._pool.shutdown(cancel_futures=True)


class Threads:
    """Those of one process."""

    def __init__(self) -> None:
        self.reads = Room("reads", 3, LONGEST)
        """What a request reads from the database."""
        self.asks = Room("asks", 4, LONGEST)
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
    """The threads. In the end all have ended but those that wait for a mute database.

    Those of scans end with the loop.
    """
    asyncio.get_running_loop().set_default_executor(Daemons(SCANS, "stpolicy-scans"))
    made = Threads()
    try:
        yield made
    finally:
        for room in made.rooms:
            room.close()
