"""A share of all connections for each domain, so that one with many silent servers stops no other."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Share:
    """What one domain may have: so many connections at once."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._waiting: deque[Takers] = deque()
        self.waited: dict[str, float] = {}
        """Seconds that each address has let this domain wait."""

    def give_back(self) -> None:
        """A place, to who has waited longest."""
        self._free += 1
        self._hand_out()

    def line_up(self, takers: "Takers") -> None:
        """Whoever gets a place of another share meanwhile does not take one here."""
        self._waiting.append(takers)
        self._hand_out()

    def _hand_out(self) -> None:
        while self._free and self._waiting:
            if self._waiting.popleft().given(self):
                self._free -= 1


class Takers:
    """The domains for which one thing is looked at; a place of any of their shares will do.

    So a domain that shares a mail server with one that waits does not wait with it.
    """

    def __init__(self) -> None:
        self._shares: set[Share] = set()
        self._given: asyncio.Future[Share] | None = None

    def join(self, share: Share) -> None:
        """One more wants it."""
        self._shares.add(share)
        if self._given and not self._given.done():
            share.line_up(self)

    @property
    def accounts(self) -> list[dict[str, float]]:
        """How long addresses have let each of these domains wait."""
        return [share.waited for share in self._shares]

    def leave(self, share: Share) -> bool:
        """One does not want it any more; whether another still does."""
        self._shares.discard(share)
        return bool(self._shares)

    def given(self, share: Share) -> bool:
        """Whether a place is still waited for, and taken."""
        if self._given is None or self._given.done():
            return False
        self._given.set_result(share)
        return True

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place, as soon as any share has one."""
        share = await self._next()
        try:
            yield
        finally:
            share.give_back()

    async def _next(self) -> Share:
        given: asyncio.Future[Share] = asyncio.get_running_loop().create_future()
        self._given = given
        for share in self._shares:
            share.line_up(self)
        try:
            return await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                given.result().give_back()  # both came at once
            raise
