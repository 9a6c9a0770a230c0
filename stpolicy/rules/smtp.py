"""Rules about what a mail server says ahead of TLS: whether it is one, and lets itself be looked at.

A server that never said 220 is not spoken of here as long as another one of the domain was reached,
unless it had no chance to: our own time was over.
"""

from collections.abc import Callable, Iterator

from stpolicy.model.finding import Problem, Severity
from stpolicy.model.observation import AddressObservation, Fault, HostObservation, Step, Unreachable
from stpolicy.model.observed import Observed
from stpolicy.rules import _looks
from stpolicy.rules._register import rule
from stpolicy.rules.mx.reach import Reach, reach

_LATE = (Fault.TIME_OUT, Fault.NO_TIME)


def _ended(observed: Observed, wanted: Callable[[Unreachable], bool], mend: str) -> Iterator[Problem]:
    alone = reach(observed) is not Reach.SOME
    if reach(observed) is Reach.BLOCKED:
        return iter(())

    def judge(_: HostObservation, look: AddressObservation) -> Iterator[_looks.Said]:
        ended = look.session.ended
        told = alone or look.session.reached or (ended and ended.fault is Fault.NO_TIME)
        if ended and wanted(ended) and told:
            yield _looks.ending(ended), mend

    return _looks.each(observed, judge)


@rule("smtp.temporary", Severity.WARNING, inconclusive=True)
def temporary(observed: Observed) -> Iterator[Problem]:
    """A mail server put us off, or the way to it failed for now.

    A reply of 4xx, a connection that broke off in the middle, a network that we have no route to: it may be
    otherwise another time, so nothing follows for the domain. `--retries` looks again. A server that
    always puts off strangers should let this machine in, or be left out of the check.
    """
    mend = "look again later"
    return _ended(observed, lambda ended: ended.transient and ended.fault not in _LATE, mend)


@rule("smtp.time_out", Severity.WARNING, inconclusive=True)
def time_out(observed: Observed) -> Iterator[Problem]:
    """A mail server did not answer in time.

    It may be slow on purpose, busy, or behind a filter; nothing follows for the domain. Look again, with a
    larger `--timeout`: RFC 5321 section 4.5.3.2 lets a server wait five minutes with its greeting. Where
    "no time" stands, a service looked at the domain's other addresses until its own time for it was over.
    """
    mend = "look again with a larger --timeout"
    yield from _ended(observed, lambda ended: ended.fault is Fault.TIME_OUT, mend)
    mend = "look again, or with `check`, which takes its time; fewer silent addresses leave more of it"
    yield from _ended(observed, lambda ended: ended.fault is Fault.NO_TIME, mend)


@rule("smtp.not_smtp", Severity.ERROR)
def not_smtp(observed: Observed) -> Iterator[Problem]:
    """What answers on the mail port does not speak SMTP.

    A reply begins with three digits (RFC 5321 section 4.2). Another service listens there, or a device on
    the way answers in the server's place. See what listens on port 25 of this address.
    """
    mend = "see what listens on port 25 of this address"
    return _ended(observed, lambda ended: ended.fault is Fault.NOT_SMTP, mend)


@rule("smtp.oversized_reply", Severity.ERROR)
def oversized_reply(observed: Observed) -> Iterator[Problem]:
    """A mail server's reply is longer than any that is read.

    A reply line has at most 512 characters (RFC 5321 section 4.5.3.1.5), and no server has so many lines to
    say. Senders give up too, or are held up for ever. Shorten the banner or the reply to EHLO.
    """

    def oversized(ended: Unreachable) -> bool:
        return ended.fault is Fault.OVERSIZED and ended.step is not Step.HANDSHAKE

    return _ended(observed, oversized, "shorten the reply")
