"""Rules about the MX records of a domain, and about what their names lead to."""

from collections.abc import Iterator

from stpolicy.model.finding import Problem, Severity
from stpolicy.model.names import canonical, host_fault
from stpolicy.model.observation import Dns, HostObservation
from stpolicy.model.observed import Observed
from stpolicy.rules import _looks
from stpolicy.rules._register import rule


def _of_domain(observed: Observed, message: str, mend: str = "") -> Problem:
    return Problem(message, (), observed.seen.domain, mend)


def named(observed: Observed) -> tuple[str, ...]:
    """The host names that MX records give, each once; without those that are none."""
    hosts = dict.fromkeys(one.host for one in observed.seen.mx.exchanges)
    return tuple(host for host in hosts if not host_fault(canonical(host)))


def nowhere(host: HostObservation) -> bool:
    """Whether DNS says that a host has no address; not so when it gave no answer."""
    return not host.looks and all(r.how.known and not r.values for r in (host.a, host.aaaa))


def _removal(observed: Observed) -> str:
    return f"stpolicy remove {observed.seen.domain}" if observed.entry else ""


@rule("mx.nxdomain", Severity.ERROR)
def nxdomain(observed: Observed) -> Iterator[Problem]:
    """The domain does not exist.

    DNS knows no such name (RFC 2308 section 2.1), so no mail can be delivered to it. If the entry is
    misspelt, correct it; if the domain is gone, remove it: who registers it next inherits the entry.
    """
    if observed.seen.mx.how is Dns.NXDOMAIN:
        mend = _removal(observed)
        yield _of_domain(observed, "DNS knows no such domain", mend)


@rule("mx.no_data", Severity.ERROR)
def no_data(observed: Observed) -> Iterator[Problem]:
    """The domain exists, but has neither MX records nor an address.

    No mail can be delivered to it (RFC 5321 section 5.1). Publish MX records, or remove the entry.
    """
    if observed.seen.mx.how is Dns.NO_DATA and not observed.seen.mx.implicit:
        yield _of_domain(observed, "DNS has neither MX nor address records", "publish MX records")


@rule("mx.dns_error", Severity.WARNING, inconclusive=True)
def dns_error(observed: Observed) -> Iterator[Problem]:
    """DNS gave no usable answer, so nothing is known of the mail servers.

    SERVFAIL, a refusal and silence are not the answer "there is none": a sender waits and asks again. A
    broken DNSSEC signature and name servers that are down look like this. Ask again later or by another
    `--resolver`; if it stays, its owner should look at the domain's name servers (https://dnsviz.net).
    """
    mx = observed.seen.mx
    if not mx.how.known:
        detail = f": {_looks.quoted(mx.message)}" if mx.message else ""
        yield _of_domain(observed, f"no answer to the question for MX records ({mx.how}){detail}")
    if not _looks.any_reached(observed):
        for host in _looks.hosts(observed):
            if host.unanswered:
                yield _unanswered(host.host, [records.how for records in host.unanswered])


def _unanswered(host: str, hows: list[Dns]) -> Problem:
    failed = [how for how in hows if how is not Dns.NOT_ASKED]
    if failed:
        return Problem(f"no answer to the question for its addresses ({failed[0]})", (host,), host)
    message = "has no address of the one family that was asked for"
    return Problem(message, (host,), host, "look at IPv4 and IPv6 addresses")


@rule("mx.addresses_unseen", Severity.WARNING)
def unseen_addresses(observed: Observed) -> Iterator[Problem]:
    """Not every address of a mail server was looked at, and senders may use any of them.

    DNS gave no answer to one of the two questions for them (A and AAAA), or it gave more than are looked at:
    16 of each, and 64 for all mail servers of a domain, in equal parts. Of those nothing is known, though
    the others may be in order. Look again later; if it stays, mend what the name servers answer, or keep
    the addresses that are needed.
    """
    for host in filter(_looks.reached, _looks.hosts(observed)):
        seen = {look.address for look in host.looks}
        for kind, records in (("A", host.a), ("AAAA", host.aaaa)):
            left = sum(address not in seen for address in records.values)
            if records in host.unanswered:
                message = f"no answer to the question for its {kind} records ({records.how})"
                yield Problem(message, (host.host,), host.host, "mend the name server's answers")
            elif left:
                message = f"of its {len(records.values)} {kind} records {left} were not looked at"
                yield Problem(message, (host.host,), host.host, "keep the addresses that are needed")


@rule("mx.null", Severity.ERROR)
def null(observed: Observed) -> Iterator[Problem]:
    """The domain says that it accepts no mail: a null MX (RFC 7505).

    There is nothing that an entry could protect. Remove the entry. If the domain does take mail, the
    record `0 .` must go; beside other MX records it is not allowed at all (RFC 7505 section 3).
    """
    hosts = [one.host for one in observed.seen.mx.exchanges]
    if hosts and not any(hosts):
        mend = _removal(observed)
        yield _of_domain(observed, "a null MX says that the domain accepts no mail", mend)
    elif "" in hosts:
        message = "a null MX stands beside other MX records"
        yield _of_domain(observed, message, "remove the MX record that names only a dot")


@rule("mx.none", Severity.ERROR)
def none(observed: Observed) -> Iterator[Problem]:
    """No MX record leads to an address.

    The hosts that they name are not in DNS, so no mail can be delivered. Give the hosts A or AAAA records,
    or name others.
    """
    mx, hosts = observed.seen.mx, _looks.hosts(observed)
    if mx.how is Dns.ANSWER and not mx.exchanges:
        yield _of_domain(observed, "there are no MX records", "publish MX records")
    elif hosts and all(map(nowhere, hosts)):
        listed = ", ".join(host.host for host in hosts)
        yield _of_domain(observed, f"no MX host has an address: {listed}", "give them A or AAAA records")


@rule("mx.implicit", Severity.WARNING)
def implicit(observed: Observed) -> Iterator[Problem]:
    """The domain has no MX record, so its own address is its mail server.

    Senders do this (RFC 5321 section 5.1), but often nobody meant it: a web server answers there. Publish
    an MX record, or a null MX (`0 .`) for a domain without mail.
    """
    if observed.seen.mx.implicit:
        mend = "publish an MX record"
        yield _of_domain(observed, "without an MX record the domain itself is the mail server", mend)


@rule("mx.too_many", Severity.WARNING)
def too_many(observed: Observed) -> Iterator[Problem]:
    """There are more MX records than are looked at.

    The first ones by preference were looked at, and of the others nothing is known. No mail domain needs
    more than a handful: several addresses of one host do the same.
    """
    seen = len(observed.seen.mx.exchanges)
    if observed.seen.mx.count > seen:
        message = f"of {observed.seen.mx.count} MX records the first {seen} were looked at"
        yield _of_domain(observed, message, "keep the MX records that are needed")


@rule("mx.ip_literal", Severity.ERROR)
def ip_literal(observed: Observed) -> Iterator[Problem]:
    """An MX record names an IP address, or something else that is no host name.

    Only a host name is allowed (RFC 5321 section 5.1): no certificate can be checked against an address,
    and senders differ in what they do with the rest. Name a host that has an A or AAAA record.
    """
    for host in dict.fromkeys(one.host for one in observed.seen.mx.exchanges):
        if host and (fault := host_fault(canonical(host))):
            message = f"the MX {_looks.quoted(host)} {fault}"
            yield _of_domain(observed, message, "name a host with an address instead")


@rule("mx.alias", Severity.WARNING)
def alias(observed: Observed) -> Iterator[Problem]:
    """An MX record names an alias (CNAME).

    RFC 2181 section 10.3 forbids it: some senders refuse, others look for the wrong name in the
    certificate. Let the MX record name the host that the alias leads to.
    """
    for host in _looks.hosts(observed):
        if target := host.a.alias or host.aaaa.alias:
            message = f"is an alias of {_looks.quoted(target)}"
            mend = "let the MX record name that host"
            yield Problem(message, (host.host,), host.host, mend)
