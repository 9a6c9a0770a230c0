"""Rules about the versions and ciphers of TLS that a mail server takes."""

import re
from collections.abc import Iterator

from stpolicy.model.finding import Problem, Severity
from stpolicy.model.observation import AddressObservation, HostObservation, Probe
from stpolicy.model.observed import Observed
from stpolicy.model.tls import Tls
from stpolicy.rules import _looks
from stpolicy.rules._register import rule

_GOOD = ("TLSv1.2", "TLSv1.3")
_WEAK = re.compile(r"NULL|RC4|RC2|DES-CBC|3DES|EXP-|EXPORT").search
_NEWER = "allow TLS 1.2 and 1.3 only (Postfix: smtpd_tls_protocols = >=TLSv1.2)"


def _accepted(look: AddressObservation, *names: str) -> list[str]:
    return [name for name in names if look.probes.get(name) is Probe.ACCEPTED]


@rule("tls.version.too_old", Severity.ERROR)
def too_old(observed: Observed) -> Iterator[Problem]:
    """The newest version of TLS that a mail server has is older than 1.2.

    The entry promises TLS 1.2 or newer; RFC 8996 withdrew 1.0 and 1.1. Update the server's TLS library,
    or allow the newer versions in its settings.
    """

    def judge(_: HostObservation, tls: Tls) -> Iterator[_looks.Said]:
        if tls.version not in _GOOD:
            yield f"negotiates {tls.version} at best", _NEWER

    return _looks.each_tls(observed, judge)


@rule("tls.version.obsolete", Severity.ERROR)
def obsolete(observed: Observed) -> Iterator[Problem]:
    """A mail server still takes SSLv2 or SSLv3.

    Both are broken (RFC 6176, RFC 7568), and a server that takes SSLv2 endangers every other service with
    the same key (DROWN, CVE-2016-0800). Turn them off.
    """

    def judge(_: HostObservation, look: AddressObservation) -> Iterator[_looks.Said]:
        if found := _accepted(look, "SSLv2", "SSLv3"):
            yield f"takes {' and '.join(found)}", _NEWER

    return _looks.each(observed, judge)


@rule("tls.cipher.weak", Severity.WARNING)
def weak_cipher(observed: Observed) -> Iterator[Problem]:
    """A mail server takes a cipher that is weak, or none at all.

    NULL, EXPORT, RC4, DES or 3DES: who can make both sides agree on one can read along (RFC 7465, RFC 9325
    section 4.1). Leave them out (Postfix: `smtpd_tls_exclude_ciphers = eNULL, EXPORT, RC4, DES, 3DES`). That
    a server takes anonymous ciphers too is no fault: Postfix does, for senders that verify nothing, and those
    that verify never offer them.
    """

    def judge(_: HostObservation, look: AddressObservation) -> Iterator[_looks.Said]:
        tls = look.session.tls
        if tls and _WEAK(tls.cipher):
            yield f"negotiates the cipher {_looks.quoted(tls.cipher)}", "leave out weak ciphers"
        elif _accepted(look, "weak"):
            yield "takes a weak cipher from a client that offers nothing else", "leave out weak ciphers"

    return _looks.each(observed, judge)


@rule("tls.version.old_too", Severity.NOTE)
def old_too(observed: Observed) -> Iterator[Problem]:
    """A mail server takes TLS 1.0 or 1.1 beside newer versions.

    RFC 8996 withdrew them. With senders that verify it does no harm, and old ones that would send in clear
    otherwise are why many leave them on.
    """

    def judge(_: HostObservation, look: AddressObservation) -> Iterator[_looks.Said]:
        tls, found = look.session.tls, _accepted(look, "TLSv1", "TLSv1.1")
        if found and (tls is None or tls.version in _GOOD):
            yield f"takes {' and '.join(found)} too", _NEWER

    return _looks.each(observed, judge)
