"""What following a list came to: a reason that is stable for programs, and a sentence for people."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stpolicy.model.mark import Mark
    from stpolicy.model.policy import PolicyList


class Reason(StrEnum):
    """Why a run ended as it did; the best first."""

    INSTALLED = "installed"
    UNCHANGED = "unchanged"
    MALFORMED_SIGNATURE = "malformed_signature"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_SIGNER = "unknown_signer"
    BAD_KEY = "bad_key"
    THRESHOLD = "threshold"
    ROLLED_BACK = "rolled_back"
    EQUIVOCATION = "equivocation"
    EXPIRED = "expired"
    FUTURE = "future"
    INVALID = "invalid"
    TOO_LARGE = "too_large"
    CONFIGURATION = "configuration"
    NETWORK = "network"
    CLOCK = "clock"
    DISK = "disk"
    INTERNAL = "internal"
    BUSY = "busy"

    @property
    def exit_code(self) -> int:
        """What the program ends with: 1 for a refusal, 3 where we could not look or could not do."""
        match self:
            case Reason.INSTALLED | Reason.UNCHANGED:
                return 0
            case Reason.CONFIGURATION:
                return 2
            case Reason.NETWORK | Reason.CLOCK | Reason.DISK | Reason.INTERNAL:
                return 3
            case Reason.BUSY:
                return 75
        return 1


EXPIRED = "dates.expired"
"""The code for a list that has run out."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A reason, and the sentence that explains it; empty where there is nothing to explain.

    A refusal has the code of what was found.
    """

    reason: Reason
    message: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with an offer; `mark` and `policies` are there when it is to be believed."""

    outcome: Outcome
    mark: "Mark | None" = None
    policies: "PolicyList | None" = None
