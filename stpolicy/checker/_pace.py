"""How many questions leave at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

AT_ONCE = 128
"""Fresh questions on their way: more would overflow the socket buffer of a name server, and be lost."""

FRESH = 0.25
"""Seconds; after them a question waits for somebody far away, and the name server has long read it."""


class Room:
    """Lets so many questions out at a time as a name server can read; slow ones do not keep others in."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A place for one question."""
        await self._free.acquire()
        inside = True

        def leave() -> None:
            nonlocal inside
            if inside:
                inside = False
                self._free.release()

        timer = asyncio.get_running_loop().call_later(FRESH, leave)
        try:
            yield
        finally:
            timer.cancel()
            leave()
