"""How often each address was connected to, how often at once, and what came of it."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field


@dataclass(slots=True)
class Count:
    """Of one address: all connections, those open now, the most at once, and the names in EHLO."""

    connections: int = 0
    open: int = 0
    most: int = 0
    greeted: list[str] = field(default_factory=list)


class Tally:
    """The counts, by address and port."""

    def __init__(self) -> None:
        self._counts: dict[str, Count] = defaultdict(Count)

    @contextmanager
    def one(self, address: str, port: int) -> Iterator[Count]:
        """Around a connection."""
        count = self._counts[f"{address} {port}"]
        count.connections += 1
        count.open += 1
        count.most = max(count.most, count.open)
        try:
            yield count
        finally:
            count.open -= 1

    def read(self) -> dict[str, dict[str, object]]:
        """What was counted so far."""
        return {key: asdict(count) for key, count in self._counts.items() if count.connections}

    def reset(self) -> None:
        """Begins anew, but for what is open."""
        for count in self._counts.values():
            count.connections, count.most, count.greeted = 0, count.open, []
