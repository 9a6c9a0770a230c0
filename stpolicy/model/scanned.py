"""A scan as it is kept: asked for, under way, done, or given up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from stpolicy.model.names import Domain


class State(StrEnum):
    """Where a scan is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Given up, for a reason of ours; nothing follows from it for the domain."""

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        return self in (State.DONE, State.FAILED)


class Part(StrEnum):
    """How far one part of a scan is."""

    LOOKING = "looking"
    SEEN = "seen"


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan. `result` is the scan object as JSON, empty until it is done; times are aware."""

    id: str
    """Cannot be guessed; URL-safe."""
    domain: Domain
    state: State
    queued: datetime
    started: datetime | None = None
    finished: datetime | None = None
    attempt: int = 0
    """How often it was begun, which tells one worker's from another's."""
    lost: int = 0
    """How often it was begun again because its worker had ended without a word."""
    progress: Mapping[str, Part] = field(default_factory=dict)
    """Mail servers by name, and `MTA-STS`, in the order in which they became known."""
    status: int | None = None
    """That of the domain, once it is done."""
    message: str = ""
    """Why it was given up."""
    result: str = ""
