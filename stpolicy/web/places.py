"""Places to wait for a scan, or to follow one: so many in all, and a share of them for each client."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from stpolicy.web.envelope import Refusal

MOST_AT_ONCE = 500
"""In one process."""
MOST_OF_ONE = 32
"""Of one client, so that it takes no more than half of the connections that it may have."""
_LATER = {"Retry-After": "10"}


class Places:
    """Those of one process."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, client: str) -> Iterator[None]:
        """A place, for as long as it is needed; Refusal where none is left, or none for this client."""
        if self._taken[client] >= MOST_OF_ONE:
            raise Refusal(429, f"you wait for {MOST_OF_ONE} scans already, or follow them", headers=_LATER)
        if self._taken.total() >= MOST_AT_ONCE:
            raise Refusal(503, "too many follow scans just now", headers=_LATER)
        self._taken[client] += 1
        try:
            yield
        finally:
            self._taken[client] -= 1
            if not self._taken[client]:
                del self._taken[client]
