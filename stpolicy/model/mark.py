"""The high-water mark: the newest pair that was ever installed. Older ones are refused."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stpolicy.model.dates import Instant, instant

BEHIND = timedelta(hours=24)
"""How far a clock may be behind the mark before it is the clock that is wrong."""

_LATEST = 253402300799
"""The last second of the year 9999: no list that was ever installed is of a later one."""

_LINES = re.compile(
    r"timestamp (?P<timestamp>[0-9]{1,17})(?:\.(?P<fraction>[0-9]*[1-9]))?\n"
    r"signed (?P<signed>[0-9]{1,17})\n"
    r"sha256 (?P<sha256>[0-9a-f]{64})\n"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a pair is compared by: the list's timestamp, its newest signature's date, its SHA-256."""

    timestamp: Instant
    signed: Instant
    sha256: str

    @property
    def height(self) -> tuple[Instant, Instant]:
        """By which one mark is higher than another."""
        return self.timestamp, self.signed

    def text(self) -> str:
        """Three lines `key value`, which a shell reads too."""
        return f"timestamp {epoch(self.timestamp)}\nsigned {epoch(self.signed)}\nsha256 {self.sha256}\n"

    @classmethod
    def read(cls, text: str) -> "Mark | None":
        """The mark in a text; None for a text that is none, as a crash or a full disk may leave."""
        found = _LINES.fullmatch(text)
        if not found or int(found["timestamp"]) > _LATEST:
            return None
        timestamp = Instant(int(found["timestamp"]), found["fraction"] or "")
        return cls(timestamp, Instant(int(found["signed"])), found["sha256"])


def bounded_now(now: datetime, mark: Mark | None) -> datetime:
    """The clock, unless it is more than a day behind the mark: then the mark's time.

    So turning the clock back makes no expired list good again.
    """
    if mark is None or instant(now) + BEHIND >= mark.timestamp:
        return now
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=mark.timestamp.seconds)


def epoch(moment: Instant) -> str:
    """Seconds since 1970 (UTC), with every digit of the fraction."""
    return f"{moment.seconds}.{moment.fraction}" if moment.fraction else str(moment.seconds)
