"""Who runs scans: this process by itself, or all machines that share a database.

The ledger says what is to be done; a queue only says who does it. So each is swept: a scan that is not
over, and that nobody has, is handed out again, whatever became of whoever had it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from stpolicy.flows.lasting import lasting
from stpolicy.flows.line import Line, part
from stpolicy.ledger import Ledger
from stpolicy.ledger.queue import Queue

Run = Callable[[str], Awaitable[None]]
"""Runs the scan with this id to its end."""

SWEEP_EVERY = 5
"""Seconds."""
END = 15
"""Seconds that what is under way has to end; with those that answers have, a service ends within 45."""
_MOST_SWEPT = 1000
_SLOTS = 16
"""Scans at once that a process counts on which leaves them to workers."""


class Jobs(Protocol):
    """A queue of scans, and who works on it."""

    async def start(self, run: Run, at_once: int) -> None:
        """Begins to work, on so many at once; 0 only hands scans to others."""

    async def offer(self, id_: str, client: str = "") -> None:
        """Takes a scan that the ledger has, and that a client asked for; "" where that is not known."""

    async def stop(self) -> None:
        """Ends in order: what is under way waits again. A mute database does not hold it up for long."""


class Embedded:
    """Tasks of this process; the queue is what the ledger says, so a restart goes on where it was."""

    def __init__(self, ledger: Ledger, most: int) -> None:
        self._ledger, self._most = ledger, most
        self._line = Line(0)
        self._here: set[str] = set()
        """Those that wait in this queue, and those under way."""
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, run: Run, at_once: int) -> None:
        """Begins with what an earlier process left."""
        await asyncio.to_thread(self._ledger.strand)
        self._line = Line(at_once)
        self._tasks = [asyncio.create_task(lasting(partial(self._work, run))) for _ in range(at_once)]
        self._tasks.append(asyncio.create_task(lasting(self._sweep)))

    async def offer(self, id_: str, client: str = "") -> None:
        """Puts it at the end of those of this client."""
        if id_ not in self._here:
            self._here.add(id_)
            self._line.put(id_, client)

    async def stop(self) -> None:
        """Cancels what is under way."""
        await _ended(self._tasks)

    async def _work(self, run: Run) -> None:
        while True:
            id_, client = await self._line.next()
            try:
                await run(id_)
            finally:
                self._line.over(client)
                self._here.discard(id_)

    async def _sweep(self) -> None:
        """Finds what an earlier process left, and what a request left that ended between its two steps."""
        while True:
            for id_ in await asyncio.to_thread(self._ledger.unfinished, self._most):
                await self.offer(id_)
            await asyncio.sleep(SWEEP_EVERY)


class Shared:
    """The queue in the database that all machines share."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._queue = ledger, Queue(ledger.url)
        self._part = part(_SLOTS)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, run: Run, at_once: int) -> None:
        """Opens the queue, and works on it."""
        await self._queue.open(run)
        if at_once:
            self._part = part(at_once)
            work = partial(self._queue.work, at_once)
            self._tasks = [asyncio.create_task(lasting(one)) for one in (work, self._sweep)]

    async def offer(self, id_: str, client: str = "") -> None:
        """Puts it into the database."""
        await self._queue.offer(id_, client, self._part)

    async def stop(self) -> None:
        """Cancels what is under way, and closes the queue."""
        await _ended(self._tasks)
        await self._queue.close()

    async def _sweep(self) -> None:
        """Takes jobs away from workers that are gone, and finds the scans that have no job."""
        while True:
            await self._queue.forget_lost()
            for id_ in await asyncio.to_thread(self._ledger.stranded, _MOST_SWEPT):
                await self._queue.offer(id_)
            await asyncio.sleep(SWEEP_EVERY)


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    """Cancels them, and waits for their ends, but not for ever where a database hangs."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=END)
