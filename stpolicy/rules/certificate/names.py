"""Rules about the names in a certificate, and about how long it will still do."""

from collections.abc import Iterator
from datetime import timedelta

from stpolicy.model.finding import Problem, Severity
from stpolicy.model.identifiers import accepts_presented, identifiers, named
from stpolicy.model.observation import HostObservation
from stpolicy.model.observed import Observed
from stpolicy.model.tls import Certificate, Tls
from stpolicy.rules import _looks
from stpolicy.rules._register import rule


def _names(tls: Tls) -> tuple[str, ...]:
    return identifiers(tls.chain[0]) if tls.chain else ()


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(map(_looks.quoted, names[:5])) + more or "none"


def _covers(host: str, names: tuple[str, ...]) -> bool:
    pattern = named(host)
    return pattern is not None and accepts_presented([pattern], names)


@rule("certificate.name_mismatch", Severity.ERROR)
def name_mismatch(observed: Observed) -> Iterator[Problem]:
    """No name in the certificate matches a pattern of the entry.

    A valid certificate for another name proves nothing about this domain, so senders refuse it. Names of type
    dNSName count, the common name only where there is none (RFC 9525 section 2), and a wildcard stands
    for one label. Get a certificate with the name of the MX host, or correct the patterns.
    """

    def judge(host: HostObservation, tls: Tls) -> Iterator[_looks.Said]:
        names = _names(tls)
        if tls.chain and not accepts_presented(observed.patterns, names):
            message = f"no name in its certificate matches the entry: {_listed(names)}"
            own = _covers(host.host, names)
            yield message, f"{'add a pattern to the entry' if own else 'get a certificate'} for {host.host}"

    return _looks.each_tls(observed, judge)


@rule("certificate.mx_mismatch", Severity.WARNING)
def mx_mismatch(observed: Observed) -> Iterator[Problem]:
    """The certificate's names match the entry, but none is that of the MX host.

    The entry is met. Senders that follow MTA-STS (RFC 8461 section 4.2), Exim, sendmail and Postfix when it
    is told to match the MX will refuse the server all the same, so nothing is promoted to `enforce` with
    it. Get a certificate with the name of the MX host.
    """

    def judge(host: HostObservation, tls: Tls) -> Iterator[_looks.Said]:
        names = _names(tls)
        if accepts_presented(observed.patterns, names) and not _covers(host.host, names):
            message = f"no name in its certificate is that of the host: {_listed(names)}"
            yield message, f"get a certificate for {host.host}"

    return _looks.each_tls(observed, judge)


@rule("certificate.common_name_only", Severity.WARNING)
def common_name_only(observed: Observed) -> Iterator[Problem]:
    """The certificate has its name in the common name only.

    Newer software looks at the subject alternative names alone (RFC 9525 section 2) and finds none. Get
    a certificate with dNSNames; every public authority makes them so today.
    """

    def judge(_: HostObservation, tls: Tls) -> Iterator[_looks.Said]:
        if tls.chain and not tls.chain[0].dns_names and accepts_presented(observed.patterns, _names(tls)):
            message = f"its certificate has a common name only: {_listed(_names(tls))}"
            yield message, "get a certificate with subject alternative names"

    return _looks.each_tls(observed, judge)


@rule("certificate.expires_soon", Severity.WARNING)
def expires_soon(observed: Observed) -> Iterator[Problem]:
    """The server's certificate runs out soon.

    Less is left than 14 days or a fifth of its life, whichever is shorter; by then an automatic renewal
    should have been. Renew it, reload the mail server, and see why it did not happen by itself.
    """

    def judge(_: HostObservation, tls: Tls) -> Iterator[_looks.Said]:
        if tls.chain and _is_due(tls.chain[0], observed):
            message = f"its certificate expires on {tls.chain[0].not_after:%Y-%m-%d}"
            yield message, "renew the certificate and reload the mail server"

    return _looks.each_tls(observed, judge)


def _is_due(certificate: Certificate, observed: Observed) -> bool:
    life = certificate.not_after - certificate.not_before
    left = certificate.not_after - observed.now
    return timedelta(0) <= left < min(timedelta(days=14), life / 5)
