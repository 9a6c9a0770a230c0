"""Rules about DANE for SMTP (RFC 7672): TLSA records count only where DNSSEC vouches for them."""

from collections.abc import Iterator

from stpolicy.model.dane import is_secure, mismatched, records
from stpolicy.model.finding import Problem, Severity
from stpolicy.model.observation import Dns, HostObservation
from stpolicy.model.observed import Observed
from stpolicy.rules import _looks
from stpolicy.rules._register import rule


def _name(host: HostObservation) -> str:
    return f"_25._tcp.{host.host}"


@rule("dane.absent", Severity.NOTE)
def absent(observed: Observed) -> Iterator[Problem]:
    """A mail server has no TLSA record.

    DANE needs neither a list nor a certificate authority; it needs DNSSEC for the mail domain and for the
    mail server's. Publish the hash of the server's key at _25._tcp.HOST: `3 1 1` and the SHA-256 of its
    public key.
    """
    hosts = _looks.hosts(observed)
    without = [host for host in hosts if host.tlsa.how in (Dns.NO_DATA, Dns.NXDOMAIN)]
    mend = "publish TLSA records (3 1 1) under DNSSEC"
    if without and len(without) == len(hosts):
        yield Problem("no mail server has TLSA records", (), observed.seen.domain, mend)
        return
    for host in without:
        yield Problem(f"no TLSA record at {_name(host)}", (host.host,), host.host, mend)


@rule("dane.insecure", Severity.NOTE)
def insecure(observed: Observed) -> Iterator[Problem]:
    """There are TLSA records, but no DNSSEC vouches for them.

    Senders do not look at them (RFC 7672 section 2.2), since whoever forges DNS forges them too. Sign the
    zone; or the resolver that was asked does not validate, or is not trusted: name one on this machine with
    `--resolver`.
    """
    for host in _looks.hosts(observed):
        if host.tlsa.how is Dns.ANSWER and not host.tlsa.validated:
            message = f"the TLSA records at {_name(host)} are not validated"
            mend = "sign the zone with DNSSEC, or ask a resolver that validates"
            yield Problem(message, (host.host,), host.host, mend)


@rule("dane.unusable", Severity.WARNING)
def unusable(observed: Observed) -> Iterator[Problem]:
    """Of a mail server's validated TLSA records none can be used, or they cannot be had.

    Usages 0 and 1 are not for mail (RFC 7672 section 3.1.3), and a hash must have its whole length. Senders
    then encrypt and verify nothing. Where the zone is signed and the answer about TLSA is an error, senders
    with DANE do not deliver at all (section 2.1.1). Publish a `3 1 1` record.
    """
    for host in _looks.hosts(observed):
        signed = host.a.validated or host.aaaa.validated
        mend = "publish a TLSA record of the form 3 1 1"
        if is_secure(host) and not any(one.usable for one in records(host)):
            values = _looks.quoted(", ".join(host.tlsa.values[:3]))
            message = f"no TLSA record at {_name(host)} can be used: {values}"
            yield Problem(message, (host.host,), host.host, mend)
        elif host.tlsa.how is Dns.ERROR and signed:
            message = f"the zone is signed, and the question for {_name(host)} ends in an error"
            yield Problem(message, (host.host,), host.host, "mend the name server's answers about TLSA")


@rule("dane.mismatch", Severity.WARNING)
def mismatch(observed: Observed) -> Iterator[Problem]:
    """A mail server's certificate matches none of its TLSA records.

    Senders with DANE refuse it, and their mail waits. Most often the key was renewed and the record was
    not: publish the new one two days before the key is changed, or keep the key.
    """
    for host in _looks.hosts(observed):
        if not is_secure(host) or not any(one.usable for one in records(host)):
            continue
        wrong = mismatched(observed.seen, host, observed.now)
        message = f"its certificates match none of the TLSA records at {_name(host)}"
        mend = "publish the hash of the key that the server has now"
        if len(wrong) == len(host.looks) > 0:
            yield Problem(message, (host.host,), host.host, mend)
        else:
            for look in wrong:
                yield _looks.at(host.host, look.address, message, mend)
