"""The high-water mark: the newest pair that was ever installed. Older ones are refused."""

import re
from dataclasses import dataclass

from stpolicy.model.dates import Instant

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
        if not found:
            return None
        timestamp = Instant(int(found["timestamp"]), found["fraction"] or "")
        return cls(timestamp, Instant(int(found["signed"])), found["sha256"])


def epoch(instant: Instant) -> str:
    """Seconds since 1970 (UTC), with every digit of the fraction."""
    return f"{instant.seconds}.{instant.fraction}" if instant.fraction else str(instant.seconds)
