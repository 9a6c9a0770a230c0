"""Rules about the two dates of a list."""

from collections.abc import Iterator
from datetime import timedelta

from stpolicy.model.dates import instant
from stpolicy.model.finding import Candidate, Problem, Severity
from stpolicy.rules._register import rule

TOLERANCE = timedelta(hours=24)
"""How far ahead of our clock a date may lie before it is a wrong clock or a wrong list."""

LONGEST = timedelta(days=31)
SHORTEST = timedelta(days=4)


@rule("dates.reversed", Severity.ERROR)
def reversed_dates(candidate: Candidate) -> Iterator[Problem]:
    """A list expires at or before its own timestamp.

    It would never be in force. `stpolicy bump` writes both dates anew.
    """
    policies = candidate.list
    if policies.expires.instant <= policies.timestamp.instant:
        message = f"expires ({policies.expires}) does not come after timestamp ({policies.timestamp})"
        yield Problem(message, ("expires",), mend="" if candidate.issued else "stpolicy bump")


@rule("dates.future", Severity.ERROR)
def future(candidate: Candidate) -> Iterator[Problem]:
    """A timestamp lies more than 24 hours ahead of the clock.

    Servers that accept such a list refuse every honest one as older until that day has come, so
    one signature made with a wrong clock would stop all updates. Check the clock, then
    `stpolicy bump`; while the old date lies ahead, put the right one in by hand.
    """
    written = candidate.list.timestamp
    if written.instant > instant(candidate.now) + TOLERANCE:
        message = f"timestamp {written} lies more than 24 hours after now ({instant(candidate.now)})"
        yield Problem(message, ("timestamp",))


@rule("dates.stale", Severity.WARNING)
def stale(candidate: Candidate) -> Iterator[Problem]:
    """A working copy has run out, or is in the second half of its life.

    A list should live for at least two of its maintainer's rhythms, so that one late release does
    not leave every server without it. `stpolicy sign` dates it anew; so does `stpolicy bump`.
    """
    policies, now = candidate.list, instant(candidate.now)
    life, left = policies.expires.instant - policies.timestamp.instant, policies.expires.instant - now
    if life <= timedelta():
        return  # dates.reversed says it
    if policies.is_expired(candidate.now):
        yield Problem(f"the list has run out ({policies.expires})", ("expires",), mend="stpolicy sign")
    elif left < life / 2:
        message = f"less than half of the list's life is left: it runs out at {policies.expires}"
        yield Problem(message, ("expires",), mend="stpolicy sign")


@rule("dates.expired", Severity.ERROR)
def expired(candidate: Candidate) -> Iterator[Problem]:
    """A signed list has run out.

    It must not be used: servers fall back to what they do without a list. Ask who keeps the list
    for a newer one; who keeps it runs `stpolicy sign`.
    """
    if candidate.list.is_expired(candidate.now):
        message = f"the list is not in force since {candidate.list.expires}"
        mend = "fetch a newer one; who keeps the list: stpolicy sign"
        yield Problem(message, ("expires",), mend=mend)


@rule("dates.lifetime.too_long", Severity.ERROR)
def long_life(candidate: Candidate) -> Iterator[Problem]:
    """A list lives for more than 31 days.

    Who can keep servers from updating can make them use an old list until it expires; a long life
    makes that worth while. `stpolicy bump --days 14` is the default.
    """
    life = candidate.list.expires.instant - candidate.list.timestamp.instant
    if life > LONGEST:
        days = f"{'more than ' if life % timedelta(days=1) else ''}{life.days} days"
        yield Problem(f"the list lives for {days}; 31 is the most", ("expires",), mend="stpolicy bump")


@rule("dates.lifetime.too_short", Severity.WARNING)
def short_life(candidate: Candidate) -> Iterator[Problem]:
    """A list lives for less than 4 days.

    A long weekend is enough to leave every server without it. `stpolicy bump --days 14` is the default.
    """
    life = candidate.list.expires.instant - candidate.list.timestamp.instant
    if timedelta() < life < SHORTEST:
        hours = life // timedelta(hours=1)
        message = f"the list lives for {hours} hours; less than 4 days is too short"
        yield Problem(message, ("expires",), mend="stpolicy bump")
