"""What a mail server knows of the list that it follows: written by each run, read by `status`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from stpolicy.model.dates import Instant
from stpolicy.model.outcome import Reason

FORGOTTEN = timedelta(hours=48)
"""Without a verified list for so long, somebody should know."""

_ALARM = timedelta(days=4)


def is_running_out(timestamp: Instant, expires: Instant, now: Instant) -> bool:
    """Whether less than a third of a list's life is left, and less than four days."""
    return expires - now < min((expires - timestamp) / 3, _ALARM)


@dataclass(frozen=True, slots=True)
class Listed:
    """The installed list: its dates, the SHA-256 of its JSON, and the name of its version."""

    timestamp: Instant
    expires: Instant
    sha256: str
    version: str

    @property
    def life(self) -> timedelta:
        """From the day that it was dated to the one on which it runs out."""
        return self.expires - self.timestamp

    def left(self, now: Instant) -> timedelta:
        """How long it is still in force; negative once it has run out."""
        return self.expires - now

    def is_expired(self, now: Instant) -> bool:
        """A list runs out AT `expires`."""
        return now >= self.expires

    def is_running_out(self, now: Instant) -> bool:
        """See `is_running_out`."""
        return is_running_out(self.timestamp, self.expires, now)


@dataclass(frozen=True, slots=True)
class MapState:
    """The map that a mail server uses: what it was made of, where it is and what it holds."""

    name: str
    """TYPE:PATH."""
    stamp: str
    """A digest of all that went into it."""
    seal: str
    """What the file system said of the file when it was made, so that a change by somebody else shows."""
    expires: Instant | None
    """When the list in it runs out; None when there is none in it."""
    counts: Mapping[str, int] = field(default_factory=dict)
    reload_pending: bool = False
    """Whether a running Postfix has yet to be told of it."""


@dataclass(frozen=True, slots=True)
class State:
    """The last run, and what lasts from run to run."""

    reason: Reason
    message: str
    at: Instant
    client: str
    last_success: Instant | None = None
    """When a list was last verified, be it a new one or the one that was there."""
    url: str | None = None
    listed: Listed | None = None
    validators: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By URL: the version that they belong to, then ETag and Last-Modified of the list and its signature."""
    map: MapState | None = None

    @property
    def is_alarming(self) -> bool:
        """Whether the last run ended in what does not pass by itself: a refusal, a map left behind."""
        return self.reason.exit_code != 0 and self.reason not in (Reason.NETWORK, Reason.CLOCK, Reason.BUSY)

    def is_forgotten(self, now: Instant) -> bool:
        """Whether nothing has been verified for too long."""
        return self.last_success is None or now - self.last_success > FORGOTTEN
