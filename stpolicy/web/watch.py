"""Scans that somebody waits for, looked at together: one question to the ledger, however many wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from stpolicy.errors import Unavailable
from stpolicy.ledger import Ledger
from stpolicy.model.scanned import Scan
from stpolicy.web.threads import Room

EVERY = 0.25
"""Seconds between two looks; another process may run the scan."""


class Watch:
    """Tells whoever waits for a scan what has become of it."""

    def __init__(self, ledger: Ledger, threads: Room) -> None:
        self._ledger, self._threads = ledger, threads
        self._waiting: dict[str, set[asyncio.Queue[Scan]]] = {}
        self._told: dict[str, Scan] = {}
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """Looks at once: a scan of this process has ended."""
        self._awake.set()

    @asynccontextmanager
    async def of(self, id_: str) -> AsyncIterator["asyncio.Queue[Scan]"]:
        """A queue that gets the scan, without its result, whenever something has changed."""
        news: asyncio.Queue[Scan] = asyncio.Queue()
        self._waiting.setdefault(id_, set()).add(news)
        if id_ in self._told:
            news.put_nowait(self._told[id_])
        self._awake.set()
        try:
            yield news
        finally:
            self._waiting[id_].discard(news)
            if not self._waiting[id_]:
                del self._waiting[id_]
                self._told.pop(id_, None)

    async def until_over(self, id_: str, seconds: float) -> bool:
        """Whether the scan is over before so many seconds are."""
        async with self.of(id_) as news:
            try:
                async with asyncio.timeout(seconds):
                    while not (await news.get()).state.over:
                        pass
            except TimeoutError:
                return False
        return True

    async def run(self) -> None:
        """Looks for as long as it is not cancelled."""
        while True:
            if self._waiting:
                with suppress(Unavailable):
                    for scan in await self._threads.run(self._ledger.watched, list(self._waiting)):
                        self._tell(scan)
            await self._pause()

    async def _pause(self) -> None:
        """Until somebody waits; then a little."""
        if not self._waiting:
            await self._awake.wait()
        self._awake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(EVERY):
                await self._awake.wait()

    def _tell(self, scan: Scan) -> None:
        waiting = self._waiting.get(scan.id)
        if waiting and self._told.get(scan.id) != scan:
            self._told[scan.id] = scan
            for news in waiting:
                news.put_nowait(scan)
