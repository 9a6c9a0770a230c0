"""What addresses have shown of themselves, and how long they have let us wait, under whatever name."""

from collections.abc import Collection
from typing import Generic, TypeVar

from stpolicy.model.observation import Fault

DEADLINE = 4
"""How many times the deadline of one connection everything may take that is done with one address."""

SWIFT = 0.1
"""Of the same: a visit that takes less is not counted, for a thousand names may lead to one good server."""

DEAD = frozenset({Fault.REFUSED, Fault.NO_ROUTE, Fault.TIME_OUT})
"""What an address does to all who come; it is not asked again."""

Account = dict[str, float]
"""How many seconds each address has let somebody wait."""

T = TypeVar("T")


class Patience(Generic[T]):
    """Of one run with addresses; what is remembered of each that is dead is a T."""

    def __init__(self, timeout: float) -> None:
        """`timeout` is the deadline of one connection, in seconds."""
        self._swift = SWIFT * timeout
        self._most = DEADLINE * timeout
        self._dead: dict[str, T] = {}
        self._waited: dict[str, float] = {}
        self._alive: set[str] = set()

    def dead(self, address: str) -> T | None:
        """What was seen where it need not be looked at again."""
        return self._dead.get(address)

    def remember(self, address: str, seen: T) -> None:
        """Nobody asks there again."""
        self._dead[address] = seen

    def greeted(self, address: str) -> None:
        """A server is there: what strangers have used of its time is not held against others."""
        self._alive.add(address)

    def left(self, address: str, accounts: Collection[Account] = ()) -> float:
        """Seconds that are left for an address; 0 when too few for anything.

        `accounts` are of the domains that want it: where a server is known to be there, each has a time
        of its own, and any of them will do.
        """
        all_accounts = (self._waited, *(accounts if address in self._alive else ()))
        left = self._most - min(account.get(address, 0) for account in all_accounts)
        return left if left >= self._swift else 0

    def waited(self, address: str, seconds: float, accounts: Collection[Account] = ()) -> None:
        """Counts what one visit took, if it was slow."""
        if seconds >= self._swift:
            for account in (self._waited, *accounts):
                account[address] = account.get(address, 0) + seconds
