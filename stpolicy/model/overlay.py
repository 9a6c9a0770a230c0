"""Local policies and exclusions of a site, laid over a list, with where each comes from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from stpolicy.model.dates import Date, instant
from stpolicy.model.names import Domain
from stpolicy.model.policy import Policy


@dataclass(frozen=True, slots=True)
class Local:
    """What a site decided for one domain: a policy, or none for a domain that is excluded."""

    policy: Policy | None
    reason: str
    until: Date | None
    file: str
    """The name of the file that says so."""

    def holds(self, now: datetime) -> bool:
        """Whether the day until which it was decided has not come yet."""
        return self.until is None or instant(now) < self.until.instant


@dataclass(frozen=True, slots=True)
class Overlay:
    """What one file says, by canonical domain."""

    decisions: Mapping[Domain, Local]


def in_force(overlays: Iterable[Overlay], now: datetime) -> dict[Domain, Local]:
    """What the files say together; the last one that speaks of a domain, and still holds, decides."""
    found: dict[Domain, Local] = {}
    for overlay in overlays:
        found |= {domain: local for domain, local in overlay.decisions.items() if local.holds(now)}
    return found


def overdue(overlays: Iterable[Overlay], now: datetime) -> list[tuple[Domain, Local]]:
    """Decisions whose day has passed: somebody should take them out or prolong them."""
    return [
        (domain, local)
        for overlay in overlays
        for domain, local in overlay.decisions.items()
        if not local.holds(now)
    ]
