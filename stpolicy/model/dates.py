"""A date of a list: kept as it was written, compared exactly."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import total_ordering

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]((?!24)\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)  # hour 24 is not RFC 3339's, though newer versions of `fromisoformat` read it
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 2**53
_LONGEST = timedelta(days=999_999_999) // timedelta(seconds=1)


@total_ordering
@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time: whole seconds since 1970 (UTC), and the digits of the fraction.

    The fraction has no trailing zeros, so that comparing digits is comparing time: nanoseconds
    and finer count, which `datetime` would drop.
    """

    seconds: int
    fraction: str = ""

    def __lt__(self, other: "Instant") -> bool:
        return (self.seconds, self.fraction) < (other.seconds, other.fraction)

    def __sub__(self, other: "Instant") -> timedelta:
        """The whole seconds between, as far as a timedelta reaches: dates may lie further apart."""
        return timedelta(seconds=max(-_LONGEST, min(self.seconds - other.seconds, _LONGEST)))

    def __add__(self, span: timedelta) -> "Instant":
        return Instant(self.seconds + int(span.total_seconds()), self.fraction)

    def __str__(self) -> str:
        """UTC in RFC 3339, whole seconds."""
        try:
            return f"{(_EPOCH + timedelta(seconds=self.seconds)).replace(tzinfo=None).isoformat()}Z"
        except OverflowError:
            return f"{self.seconds} seconds after 1970"


@dataclass(frozen=True, slots=True)
class Date:
    """A date as the list writes it (RFC 3339 with an offset, or epoch seconds) and what it means."""

    written: str | int | float
    instant: Instant

    @classmethod
    def read(cls, written: object) -> "Date":
        """Reads a JSON value; ValueError says why it is no date of this format."""
        if isinstance(written, str):
            return cls(written, _from_rfc3339(written))
        if isinstance(written, bool) or not isinstance(written, int | float):
            raise ValueError("is neither RFC 3339 text nor epoch seconds")  # noqa: TRY004
        if not 0 <= written <= _LARGEST or written != int(written):
            raise ValueError("is not a whole number of seconds between 0 and 2^53")
        return cls(written, Instant(int(written)))

    @classmethod
    def at(cls, instant: Instant) -> "Date":
        """The date that `bump` writes: whole seconds, `Z`."""
        whole = Instant(instant.seconds)
        return cls(str(whole), whole)

    def __str__(self) -> str:
        return str(self.written)


def instant(moment: datetime) -> Instant:
    """An aware datetime, exactly."""
    whole = (moment - _EPOCH) // timedelta(seconds=1)
    return Instant(whole, f"{moment.microsecond:06d}".rstrip("0"))


def _from_rfc3339(text: str) -> Instant:
    found = _RFC3339.fullmatch(text)
    if not found:
        if re.fullmatch(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?", text, re.ASCII):
            raise ValueError("has no offset from UTC: end it with Z or like +02:00")
        raise ValueError("is not a date like 2030-01-31T12:00:00Z (RFC 3339)")
    day, clock, fraction, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    if offset > timedelta(hours=14) or int(minutes or 0) > 59:
        raise ValueError("has an offset from UTC that no place on earth uses")
    zone = timezone(-offset if sign == "-" else offset)
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone)
    except ValueError as wrong:
        raise ValueError(f"is not a real date: {wrong}") from None
    return Instant((moment - _EPOCH) // timedelta(seconds=1), (fraction or "").rstrip("0"))
