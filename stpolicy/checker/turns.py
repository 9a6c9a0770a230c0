"""Who connects when: so many in all, so many to one address, and none to one that was left a moment ago."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager


class Turns:
    """Turns at addresses; whoever waits for an address holds no place of the whole."""

    def __init__(self, in_all: int, per_address: int, pause: float) -> None:
        """`pause` is in seconds, between the end of a connection to an address and the next one to it."""
        self._slots = asyncio.Semaphore(in_all)
        self._per_address = per_address
        self._pause = pause
        self._turns: dict[str, tuple[asyncio.Semaphore, list[None]]] = {}
        self._left: OrderedDict[str, float] = OrderedDict()
        """When each address was left, the longest ago first; forgotten when the pause is over."""

    @asynccontextmanager
    async def at(self, address: str) -> AsyncIterator[AbstractAsyncContextManager[None]]:
        """A turn at an address. What is yielded is to be held while connected, and not if one does not."""
        turn, users = self._turns.setdefault(address, (asyncio.Semaphore(self._per_address), []))
        users.append(None)
        try:
            async with turn:
                yield self._connected(address)
        finally:
            users.pop()
            if not users:
                del self._turns[address]

    @asynccontextmanager
    async def _connected(self, address: str) -> AsyncIterator[None]:
        clock = asyncio.get_running_loop().time
        while (rest := self._left.get(address, -self._pause) + self._pause - clock()) > 0:
            await asyncio.sleep(rest)
        async with self._slots:
            try:
                yield
            finally:
                self._leave(address, clock())

    def _leave(self, address: str, now: float) -> None:
        self._left[address] = now
        self._left.move_to_end(address)
        while self._left and next(iter(self._left.values())) + self._pause <= now:
            self._left.popitem(last=False)
