"""Who is next: scans that wait, by who asked for them, so that one client's many hold up nobody else's.

A scan may take minutes, and whose turn it would be cannot be known before: so a client never has more than
its part, also while nobody else waits. Else whoever came next would wait until one of them is over.
"""

import asyncio
from collections import Counter, deque


def part(slots: int) -> int:
    """How many of so many scans at once are one client's."""
    return max(1, slots // 4)


class Line:
    """Scans of clients in turn. Those that nobody asked for in this process (client "") leave a part free."""

    def __init__(self, slots: int) -> None:
        """So many are under way at once."""
        self._part, self._unasked = part(slots), max(1, slots - part(slots))
        self._waiting: dict[str, deque[str]] = {}
        """By client; the first is whose turn it is."""
        self._under_way: Counter[str] = Counter()
        self._news = asyncio.Event()

    def put(self, id_: str, client: str) -> None:
        """Behind all others of this client."""
        self._waiting.setdefault(client, deque()).append(id_)
        self._news.set()

    async def next(self) -> tuple[str, str]:
        """The scan whose turn it is, and its client; whoever has it says when it is `over`."""
        while (client := self._whose()) is None:
            self._news.clear()
            await self._news.wait()
        line = self._waiting.pop(client)
        id_ = line.popleft()
        if line:
            self._waiting[client] = line  # now the last
        self._under_way[client] += 1
        return id_, client

    def over(self, client: str) -> None:
        """One of its scans is not under way any more."""
        self._under_way[client] -= 1
        if not self._under_way[client]:
            del self._under_way[client]
        self._news.set()

    def _whose(self) -> str | None:
        for client in self._waiting:
            if self._under_way[client] < (self._part if client else self._unasked):
                return client
        return None
