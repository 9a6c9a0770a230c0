"""Rules about whether the mail servers of a domain can be reached.

A host that is not reached is a note as long as another one is. When none is, exactly one of these says so:
`mx.port_blocked`, `mx.none`, `mx.all_unreachable`, or a finding that is inconclusive; what `smtp` or
`mx.not_global` has to say of an address is not said again.
"""

from collections.abc import Iterator
from enum import Enum

from stpolicy.model.finding import Problem, Severity
from stpolicy.model.observation import AddressObservation, Fault, HostObservation, Step
from stpolicy.model.observed import Observed
from stpolicy.rules import _looks
from stpolicy.rules._register import rule
from stpolicy.rules.mx.records import nowhere

_TOLD_IF_ALONE = (Fault.NOT_SMTP, Fault.OVERSIZED)
"""`smtp` speaks of these also ahead of 220, when no other server of the domain was reached."""

_SILENT = (Step.CONNECT, Fault.TIME_OUT)
_NO_TIME = (Step.CONNECT, Fault.NO_TIME)
_NO_ROUTE = (Step.CONNECT, Fault.NO_ROUTE)
"""As to IPv6 from most homes, which says nothing of whether port 25 is blocked."""

_Untold = tuple[HostObservation, list[AddressObservation]]


class Reach(Enum):
    """What came of a domain's mail servers together."""

    SOME = "some"
    """One was reached, or there is none to reach."""
    BLOCKED = "blocked"
    """Every connection timed out and none of the whole run came about: the fault is near us."""
    UNSURE = "unsure"
    """One of them may answer another time."""
    NOWHERE = "nowhere"
    """None has an address."""
    NONE = "none"


def reach(observed: Observed) -> Reach:
    """What came of a domain's mail servers together."""
    hosts = observed.seen.hosts
    ends = [look.session.ended for host in hosts for look in host.looks]
    if not hosts or any(map(_looks.reached, hosts)):
        return Reach.SOME
    waited = {(end.step, end.fault) if end else None for end in ends}
    if _SILENT in waited and waited <= {_SILENT, _NO_TIME, _NO_ROUTE} and not observed.connected:
        return Reach.BLOCKED
    if any(end is not None and end.transient for end in ends) or any(host.unanswered for host in hosts):
        return Reach.UNSURE
    return Reach.NOWHERE if all(map(nowhere, hosts)) else Reach.NONE


def _untold(observed: Observed) -> Iterator[_Untold]:
    """Hosts with their addresses that were not reached and that no other rule speaks of."""
    alone = reach(observed) is not Reach.SOME
    for host in _looks.hosts(observed):
        looks = [look for look in host.looks if not look.session.reached and not _is_told(look, alone=alone)]
        if looks or not (host.looks or (alone and host.unanswered)):
            yield host, looks


def _is_told(look: AddressObservation, *, alone: bool) -> bool:
    ended = look.session.ended
    if ended is None:
        return False
    if ended.fault in (Fault.NOT_GLOBAL, Fault.NO_TIME):
        return True
    return alone and (ended.transient or ended.fault in _TOLD_IF_ALONE)


def _says_all(observed: Observed) -> bool:
    """Whether `mx.all_unreachable` speaks, and so no address needs a finding of its own."""
    return reach(observed) is Reach.NONE and not all(nowhere(host) for host, _ in _untold(observed))


@rule("mx.port_blocked", Severity.WARNING, inconclusive=True)
def port_blocked(observed: Observed) -> Iterator[Problem]:
    """Port 25 outbound seems blocked where this runs.

    Connections to every address timed out, and none of the whole run came about. Home and office
    networks and most clouds block it. Nothing follows for the domain. Run the check on a mail server, or
    ask the provider of the network to open port 25; `nc -vz gmail-smtp-in.l.google.com 25` tells.
    """
    if reach(observed) is Reach.BLOCKED:
        count = sum(len(host.looks) for host in observed.seen.hosts)
        message = f"port 25 outbound seems blocked here: {count} of {count} addresses did not answer"
        mend = "run the check from a network that may send mail, such as the mail server itself"
        yield Problem(message, (), observed.seen.domain, mend)


@rule("mx.all_unreachable", Severity.ERROR)
def all_unreachable(observed: Observed) -> Iterator[Problem]:
    """No mail server of the domain can be reached.

    Connections were refused or closed, or no server greeted with 220. Mail to the domain waits and then comes
    back. See that a server listens on port 25 of the addresses in DNS, and lets in who is not known to it.
    """
    if _says_all(observed):
        listed = "; ".join(f"{host.host}: {_why(host, looks)}" for host, looks in _untold(observed))
        message = f"no mail server can be reached ({listed})"
        yield Problem(message, (), observed.seen.domain, "see that a mail server answers on port 25")


@rule("mx.unreachable", Severity.NOTE)
def unreachable(observed: Observed) -> Iterator[Problem]:
    """A mail server, or one of its addresses, cannot be reached, while the domain's others can.

    Senders use the others. Some domains have such hosts on purpose, against spam. If it is not meant, mend
    the server or take it out of DNS.
    """
    if reach(observed) in (Reach.BLOCKED, Reach.NOWHERE) or _says_all(observed):
        return
    for host, looks in _untold(observed):
        if len(looks) == len(host.looks):
            yield Problem(f"is not reached: {_why(host, looks)}", (host.host,), host.host)
        else:
            for look in looks:
                message = f"is not reached: {_looks.ending(look.session.ended)}"
                yield _looks.at(host.host, look.address, message)


@rule("mx.not_global", Severity.ERROR)
def not_global(observed: Observed) -> Iterator[Problem]:
    """A mail server's address is not one of the global internet.

    Loopback, private and reserved addresses (RFC 6890) lead every sender somewhere else, maybe to itself.
    It was not connected to. Correct the A or AAAA record; `--allow-private` looks inside an own network.
    """

    def judge(_: HostObservation, look: AddressObservation) -> Iterator[_looks.Said]:
        if look.session.ended and look.session.ended.fault is Fault.NOT_GLOBAL:
            yield f"{look.address} is no address of the global internet", "correct the A or AAAA record"

    return _looks.each(observed, judge)


def _why(host: HostObservation, looks: list[AddressObservation]) -> str:
    if looks:
        return ", ".join(f"{look.address} {_looks.ending(look.session.ended)}" for look in looks)
    if nowhere(host):
        return "has no address"
    return "no answer of DNS for its addresses" if host.unanswered else "was not looked at"
