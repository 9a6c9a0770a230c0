"""How much a client may ask for: counted by `limits`, in the ledger, so that processes count together."""

from collections.abc import Callable
from datetime import datetime, timedelta

from limits import parse_many
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from stpolicy.errors import Misuse, Unavailable
from stpolicy.ledger import Ledger
from stpolicy.web.envelope import Refusal


class Limit:
    """A number of new scans in a time; see the notation of `limits`."""

    def __init__(self, text: str, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        """Misuse for a text that is no limit."""
        try:
            (self._item,) = parse_many(text)
            if self._item.amount < 1:
                raise ValueError  # noqa: TRY301
        except ValueError as wrong:
            raise Misuse(f"--limit {text!r} is no limit", "write it like 120/hour") from wrong
        self._limiter = FixedWindowRateLimiter(_InLedger(ledger, clock))
        self._clock = clock

    def hit(self, client: str) -> None:
        """Counts a new scan of a client; Refusal (429) when it is one too many. Blocks."""
        if not self._limiter.hit(self._item, client):
            ends = self._limiter.get_window_stats(self._item, client).reset_time
            seconds = max(1, round(ends - self._clock().timestamp()))
            raise Refusal(
                429,
                f"you have asked for {self._item.amount} new scans; ask again in {seconds} seconds",
                headers={"Retry-After": str(seconds)},
            )


class _InLedger(Storage):
    """A storage of `limits`."""

    STORAGE_SCHEME = None
    base_exceptions = Unavailable

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._ledger, self._clock = ledger, clock

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        now = self._clock()
        return self._ledger.hit(key, amount, now + timedelta(seconds=expiry), now)

    def get(self, key: str) -> int:
        return self._ledger.hit_count(key, self._clock())[0]

    def get_expiry(self, key: str) -> float:
        return self._ledger.hit_count(key, self._clock())[1].timestamp()

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        raise NotImplementedError

    def clear(self, key: str) -> None:
        raise NotImplementedError
