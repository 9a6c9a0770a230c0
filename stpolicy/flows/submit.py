"""submit: a domain that somebody asks for -> the result that is there, the scan under way, or a new one."""

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from stpolicy.errors import Misuse, Refused
from stpolicy.flows import asked
from stpolicy.ledger import Ledger
from stpolicy.model.names import Domain, canonical, domain_fault
from stpolicy.model.scanned import Scan, State
from stpolicy.model.verdict import Status

GOOD_FOR = timedelta(minutes=10)
BAD_FOR = timedelta(minutes=1)
"""For so long a result is answered again; a bad one for less: somebody is mending it. Never less than
a minute, which is how often a domain is looked at at most."""

SLACK = timedelta(seconds=10)

MOST_WAITING = 10_000
"""Scans in the queue."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """The scan that answers, and whether it was made for this question."""

    scan: Scan
    new: bool


def domain_of(name: str) -> Domain:
    """A domain as somebody typed it, in U-labels or A-labels; Misuse for what is none."""
    domain = canonical(name.strip())
    if fault := domain_fault(domain):
        raise Misuse(f"{name.strip()[:300]!r} {fault}", "name a domain that receives mail, like example.com")
    return domain


def submit(
    domain: Domain,
    ledger: Ledger,
    excluded: Collection[str],
    allow: Callable[[], None],
    *,
    now: datetime,
) -> Submitted:
    """Refused for a domain that is not to be looked at, Busy when too many wait.

    `allow` is called before a new scan is made, and may raise.
    """
    if not asked.without({domain: asked.Asked()}, excluded):
        raise Refused(f"{domain} asked not to be looked at by this service")
    answers = partial(is_fresh, now=now)
    there = ledger.newest(domain, *State)
    if there and (not there.state.over or answers(there)):
        return Submitted(there, new=False)
    allow()
    id_ = secrets.token_urlsafe(16)
    # Asked once more there: meanwhile another question may have been answered.
    scan, new = ledger.submit(domain, id_, now, most=MOST_WAITING, answers=answers)
    return Submitted(scan, new)


def is_fresh(scan: Scan, now: datetime) -> bool:
    """Whether its result is answered again without another look."""
    good = scan.status is not None and scan.status in (Status.SUCCESS, Status.WARNING)
    # Clocks of machines differ a little; what lies far ahead was written by one that was wrong.
    return scan.finished is not None and -SLACK <= now - scan.finished < (GOOD_FOR if good else BAD_FOR)
