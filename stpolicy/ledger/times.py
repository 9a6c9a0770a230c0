"""Times as the tables have them: milliseconds since the epoch, and days."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def number(when: datetime) -> int:
    """Milliseconds since the epoch."""
    return (when - _EPOCH) // timedelta(milliseconds=1)


def moment(milliseconds: int) -> datetime:
    """The moment, in UTC."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def time(milliseconds: int | None) -> datetime | None:
    """The moment, where there is one."""
    return None if milliseconds is None else moment(milliseconds)


def days(when: datetime) -> int:
    """Whole days since the epoch."""
    return (when - _EPOCH).days


def day(number_of_days: int) -> datetime:
    """The begin of a day."""
    return _EPOCH + timedelta(days=number_of_days)
