"""What checking a signature came to."""

from dataclasses import dataclass
from enum import StrEnum

from stpolicy.model.dates import Instant


class Doubt(StrEnum):
    """Why a signature is not relied on; the second segment of a `signature.*` code."""

    MALFORMED = "malformed"
    BAD = "bad"
    UNKNOWN_SIGNER = "unknown_signer"
    BAD_KEY = "bad_key"
    THRESHOLD = "threshold"
    FUTURE = "future"
    CLOCK = "clock"
    WEAK_DIGEST = "weak_digest"
    EXTRA_DATA = "extra_data"


NOT_OVER = "it is not a signature over these bytes"
"""What is said of a good signature with other bytes: perhaps two files of different releases."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What gpgv said on its status channel, and its exit code."""

    exit_code: int
    status: str


@dataclass(frozen=True, slots=True)
class Signature:
    """One good signature: the fingerprint of the signer's primary key, and when it was made."""

    signer: str
    made: Instant


@dataclass(frozen=True, slots=True)
class Signatures:
    """The signatures that count, and every reason not to rely on them; one reason is enough."""

    counted: tuple[Signature, ...] = ()
    doubts: tuple[tuple[Doubt, str], ...] = ()

    @property
    def trusted(self) -> bool:
        """Whether there is a signature and no doubt."""
        return bool(self.counted) and not self.doubts

    @property
    def newest(self) -> Instant:
        """When the newest counted signature was made; ask only when `trusted`."""
        return max(signature.made for signature in self.counted)
