"""Looks at a domain's addresses, and how what they all show is said once."""

from collections.abc import Callable, Iterator

from stpolicy.model.finding import Problem
from stpolicy.model.observation import AddressObservation, HostObservation, Unreachable
from stpolicy.model.observed import Observed
from stpolicy.model.tls import Tls

Said = tuple[str, str]
"""What is wrong and how to mend it."""

_LONGEST = 120


def hosts(observed: Observed) -> tuple[HostObservation, ...]:
    """Each mail server once, by preference, however many MX records name it."""
    return tuple({host.host: host for host in observed.seen.hosts}.values())


def takes_mail(observed: Observed) -> bool:
    """Whether DNS names a mail server. Where none is known, what is said beside the servers is an echo."""
    return any(one.host for one in observed.seen.mx.exchanges)


def reached(host: HostObservation) -> bool:
    """Whether any of its addresses was reached."""
    return any(look.session.reached for look in host.looks)


def any_reached(observed: Observed) -> bool:
    """Whether any mail server of the domain was reached."""
    return any(map(reached, observed.seen.hosts))


def each(
    observed: Observed, judge: Callable[[HostObservation, AddressObservation], Iterator[Said]]
) -> Iterator[Problem]:
    """Asks of every address; what is true of all addresses of a host is said of the host, once."""
    for host in hosts(observed):
        said: dict[Said, list[str]] = {}
        for look in host.looks:
            for one in dict.fromkeys(judge(host, look)):
                said.setdefault(one, []).append(look.address)
        for (message, mend), addresses in said.items():
            if len(addresses) == len(host.looks):
                yield Problem(message, (host.host,), host.host, mend)
            else:
                for address in addresses:
                    yield at(host.host, address, message, mend)


def each_tls(
    observed: Observed, judge: Callable[[HostObservation, Tls], Iterator[Said]]
) -> Iterator[Problem]:
    """Asks of every session of TLS; without one there is nothing to say, since `starttls` has said it."""

    def ask(host: HostObservation, look: AddressObservation) -> Iterator[Said]:
        if look.session.tls:
            yield from judge(host, look.session.tls)

    return each(observed, ask)


def at(host: str, address: str, message: str, mend: str = "") -> Problem:
    """A problem of one address of a host."""
    return Problem(message, (host, address), f"{host}[{address}]", mend)


def quoted(text: str) -> str:
    """What others wrote, as a literal of bounded length."""
    return repr(text if len(text) <= _LONGEST else text[:_LONGEST] + "…")


def ending(ended: Unreachable | None) -> str:
    """Why a look came no further, in words."""
    if ended is None:
        return "it did not let us in"
    code = f" {ended.code}" if ended.code and not ended.message.startswith(f"{ended.code}") else ""
    detail = f": {quoted(ended.message)}" if ended.message else ""
    return f"{ended.fault}{code} at {ended.step}{detail}"
