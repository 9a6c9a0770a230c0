"""A domain's mail servers as the rules judge them: what was seen, and what it is held against."""

from dataclasses import dataclass
from datetime import datetime

from stpolicy.model.names import MxPattern
from stpolicy.model.observation import DomainObservation
from stpolicy.model.policy import Policy


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of a domain, and the patterns that names are judged against."""

    seen: DomainObservation
    patterns: tuple[MxPattern, ...]
    """The entry's, its alias resolved; without an entry the MX hosts and the domain itself."""
    now: datetime
    entry: Policy | None = None
    """The policy of the list; None for a domain that is looked at without one."""
    connected: bool = True
    """Whether any connection of the whole run came about."""
    failure: str = ""
    """What went wrong in us, in words: then nothing was seen."""
