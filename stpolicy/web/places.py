"""Places to wait for a scan, or to follow one: so many in all, and a share of them for each client."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from stpolicy.web.envelope import Refusal

MOST_AT_ONCE = 500
"""In one process."""
MOST_OF_ONE = 32
"""Of one client, so that it takes no more than half of the connections that it may have."""
LATER = {"Retry-After": "10"}


class Taken(Counter[str]):
    """How many each client has just now; of who has none, nothing is kept."""

    @contextmanager
    def by(self, client: str) -> Iterator[None]:
        """One more, for a while."""
        self[client] += 1
        try:
            yield
        finally:
            self.give_back(client)

    def give_back(self, client: str) -> None:
        """One less."""
        self[client] -= 1
        if not self[client]:
            del self[client]


class Places:
    """Those of one process."""

    def __init__(self) -> None:
        self._taken = Taken()

    @contextmanager
    def taken(self, client: str) -> Iterator[None]:
        """A place, for as long as it is needed; Refusal where none is left, or none for this client."""
        if self._taken[client] >= MOST_OF_ONE:
            raise Refusal(429, f"you wait for {MOST_OF_ONE} scans already, or follow them", headers=LATER)
        if self._taken.total() >= MOST_AT_ONCE:
            raise Refusal(503, "too many follow scans just now", headers=LATER)
        with self._taken.by(client):
            yield
