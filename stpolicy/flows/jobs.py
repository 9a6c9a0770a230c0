"""Who runs scans: this process by itself, or all machines that share a database."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from stpolicy.errors import Unavailable
from stpolicy.ledger import Ledger
from stpolicy.ledger.queue import Queue

Run = Callable[[str], Awaitable[None]]
"""Runs the scan with this id to its end."""


class Jobs(Protocol):
    """A queue of scans, and who works on it."""

    async def start(self, run: Run, at_once: int) -> None:
        """Begins to work, on so many at once; 0 only hands scans to others."""

    async def offer(self, id_: str) -> None:
        """Takes a scan that the ledger has."""

    async def stop(self) -> None:
        """Ends in order: what is under way waits again."""


class Embedded:
    """Tasks of this process; the queue is what the ledger says, so a restart goes on where it was."""

    def __init__(self, ledger: Ledger, most: int) -> None:
        self._ledger, self._most = ledger, most
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, run: Run, at_once: int) -> None:
        """Begins with what an earlier process left."""
        await asyncio.to_thread(self._ledger.release)
        for id_ in await asyncio.to_thread(self._ledger.waiting, self._most):
            self._waiting.put_nowait(id_)
        self._tasks = [asyncio.create_task(self._work(run)) for _ in range(at_once)]

    async def offer(self, id_: str) -> None:
        """Puts it at the end."""
        self._waiting.put_nowait(id_)

    async def stop(self) -> None:
        """Cancels what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self, run: Run) -> None:
        while True:
            id_ = await self._waiting.get()
            try:
                await run(id_)
            except Unavailable:
                await asyncio.sleep(1)  # the database is away: the scan is still there when it is back
                self._waiting.put_nowait(id_)


class Shared:
    """The queue in the database that all machines share."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._queue = ledger, Queue(ledger.url)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, run: Run, at_once: int) -> None:
        """Opens the queue, and works on it."""
        await self._queue.open(run)
        if at_once:
            self._tasks = [
                asyncio.create_task(self._queue.work(at_once)),
                asyncio.create_task(self._mend()),
            ]

    async def offer(self, id_: str) -> None:
        """Puts it into the database."""
        await self._queue.offer(id_)

    async def stop(self) -> None:
        """Cancels what is under way, and closes the queue."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._queue.close()

    async def _mend(self) -> None:
        """Looks for jobs of workers that are gone, and for scans that never became a job."""
        while True:
            with suppress(Unavailable):
                await self._queue.revive()
                for id_ in await asyncio.to_thread(self._ledger.stranded, 1000):
                    await self._queue.offer(id_)
            await asyncio.sleep(MEND_EVERY)


MEND_EVERY = 5
"""Seconds."""
