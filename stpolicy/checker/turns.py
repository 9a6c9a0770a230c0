"""Who may connect now: so many in all, and so many to one address, each in its turn."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Turns at addresses; whoever waits for an address holds no place of the whole."""

    def __init__(self, in_all: int, per_address: int, pause: float) -> None:
        """`pause` is in seconds, between one at an address and the next who waits for it."""
        self._slots = asyncio.Semaphore(in_all)
        self._per_address = per_address
        self._pause = pause
        self._turns: dict[str, tuple[asyncio.Semaphore, list[None]]] = {}

    @asynccontextmanager
    async def at(self, address: str) -> AsyncIterator[asyncio.Semaphore]:
        """A turn at an address. What is yielded is to be held while connecting."""
        turn, users = self._turns.setdefault(address, (asyncio.Semaphore(self._per_address), []))
        users.append(None)
        try:
            async with turn:
                yield self._slots
                if len(users) > self._per_address:
                    await asyncio.sleep(self._pause)
        finally:
            users.pop()
            if not users:
                del self._turns[address]
