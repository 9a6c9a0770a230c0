"""Rules about the chain of certificates, as OpenSSL judged it.

Each number of OpenSSL (X509_V_ERR_*, openssl-verification-options(1)) belongs to one rule; those that no
rule knows are `certificate.untrusted`, so that no fault passes for none.
"""

from collections.abc import Iterator

from stpolicy.model.chain import path
from stpolicy.model.finding import Problem, Severity
from stpolicy.model.observation import HostObservation
from stpolicy.model.observed import Observed
from stpolicy.model.tls import Certificate, ChainFault, Tls
from stpolicy.rules import _looks
from stpolicy.rules._register import rule

_EXPIRED, _NOT_YET_VALID, _SELF_SIGNED, _UNKNOWN_ROOT = 10, 9, 18, 19
_NO_ISSUER = frozenset({2, 20, 21, 27})
"""No (local) issuer certificate, none to verify the first one with, and the untrusted that follows."""
_PURPOSE = frozenset({25, 26, 28, 32, 37, 39, 79})
"""Path length, purpose, rejected, key usage without certificate signing, CA that is none, key usage."""
_WEAK = frozenset({66, 67, 68})
"""Key of the server too small, key of a CA too small, digest of a CA too weak."""
_TOLD = frozenset({_EXPIRED, _NOT_YET_VALID, _SELF_SIGNED, *_PURPOSE, *_WEAK})

_LEAST = {"RSA": 2048, "DSA": 2048, "EC": 224}
"""Bits (NIST SP 800-131A revision 2, section 3)."""
_BROKEN = frozenset({"md2", "md4", "md5", "sha1"})


def numbers(tls: Tls) -> frozenset[int]:
    """What OpenSSL has against the chain, by number."""
    return frozenset(fault.number for fault in tls.faults)


def _link(tls: Tls, fault: ChainFault) -> tuple[str, Certificate | None]:
    links = path(tls)
    found = links[fault.depth] if 0 <= fault.depth < len(links) else None
    if fault.depth == 0:
        return "its certificate", found
    return f"the certificate of {_looks.quoted(found.subject)}" if found else "a certificate above it", found


def _links(tls: Tls, number: int) -> Iterator[tuple[str, Certificate | None]]:
    """Which links OpenSSL has this against: what to call each, and the certificate where there is one."""
    return (_link(tls, fault) for fault in tls.faults if fault.number == number)


@rule("certificate.expired", Severity.ERROR)
def expired(observed: Observed) -> Iterator[Problem]:
    """A certificate of the chain has expired.

    Senders that keep to the list refuse it. Renew it and reload the mail server: a renewed certificate
    that was not reloaded is the most common reason. Where it is one further up, install the current chain of
    the certificate authority.
    """

    def judge(_: HostObservation, tls: Tls) -> Iterator[_looks.Said]:
        for name, link in _links(tls, _EXPIRED):
            when = f" on {link.not_after:%Y-%m-%d}" if link else ""
            yield f"{name} expired{when}", "renew the certificate and reload the mail server"

    return _looks.each_tls(observed, judge)


@rule("certificate.not_yet_valid", Severity.ERROR)
def not_yet_valid(observed: Observed) -> Iterator[Problem]:
    """A certificate of the chain is not valid yet.

    It was installed ahead of its time, or a clock is wrong: that of the server that made it, or that of
    the machine which looked.
    """

    def judge(_: HostObservation, tls: Tls) -> Iterator[_looks.Said]:
        for name, link in _links(tls, _NOT_YET_VALID):
            when = f" before {link.not_before:%Y-%m-%d}" if link else ""
            yield f"{name} is not valid{when}", "install one that is valid now, and check the clocks"

    return _looks.each_tls(observed, judge)


@rule("certificate.self_signed", Severity.ERROR)
def self_signed(observed: Observed) -> Iterator[Problem]:
    """The server's certificate is signed by itself.

    Anybody can make one with any name in it. Get one from a certificate authority whose root is in
    Mozilla's store; Let's Encrypt has them for nothing.
    """

    def judge(_: HostObservation, tls: Tls) -> Iterator[_looks.Said]:
        if _SELF_SIGNED in numbers(tls):
            yield "its certificate is signed by itself", "get one from a certificate authority"

    return _looks.each_tls(observed, judge)


@rule("certificate.incomplete_chain", Severity.ERROR)
def incomplete_chain(observed: Observed) -> Iterator[Problem]:
    """The server does not present the intermediate certificate that signed its own.

    It must send the whole chain but the root (RFC 8446 section 4.4.2): browsers may fetch what is
    missing, mail servers do not. Install the file with the full chain (Let's Encrypt: `fullchain.pem`).
    """

    def judge(_: HostObservation, tls: Tls) -> Iterator[_looks.Said]:
        if _lacks_issuer(tls) and len(path(tls)) == 1:
            issuer = _looks.quoted(tls.chain[0].issuer)
            message = f"does not present the certificate of {issuer}, which signed its own"
            yield message, "install the full chain (fullchain.pem)"

    return _looks.each_tls(observed, judge)


@rule("certificate.untrusted", Severity.ERROR)
def untrusted(observed: Observed) -> Iterator[Problem]:
    """The chain does not lead to a root of Mozilla's store, or OpenSSL has something else against it.

    A private certificate authority, or one that has lost its trust: a sender that does not know it cannot
    tell it from an attacker's. Get a certificate from an authority in Mozilla's store; `--ca-file` checks
    against other roots.
    """

    def judge(_: HostObservation, tls: Tls) -> Iterator[_looks.Said]:
        mend = "get a certificate from an authority in Mozilla's store"
        links = path(tls)
        if not links:
            yield "presents no certificate", mend
        elif _UNKNOWN_ROOT in numbers(tls):
            yield f"its chain ends in a root that is not trusted: {_looks.quoted(links[-1].subject)}", mend
        elif _lacks_issuer(tls) and len(links) > 1:
            yield f"its chain leads to {_looks.quoted(links[-1].issuer)}, which is not trusted", mend
        for fault in tls.faults:
            if fault.number not in _TOLD | _NO_ISSUER | {_UNKNOWN_ROOT}:
                yield f"OpenSSL says of {_link(tls, fault)[0]}: {_looks.quoted(fault.message)}", mend

    return _looks.each_tls(observed, judge)


def _lacks_issuer(tls: Tls) -> bool:
    found = numbers(tls)
    return bool(found & _NO_ISSUER) and not found & {_SELF_SIGNED, _UNKNOWN_ROOT} and bool(tls.chain)


@rule("certificate.wrong_purpose", Severity.ERROR)
def wrong_purpose(observed: Observed) -> Iterator[Problem]:
    """A certificate of the chain is not made for what it is used for.

    That of the server must allow server authentication (RFC 5280 section 4.2.1.12), and each one above
    must be of a certificate authority (section 4.2.1.9). Get one for TLS servers.
    """

    def judge(_: HostObservation, tls: Tls) -> Iterator[_looks.Said]:
        for fault in tls.faults:
            if fault.number in _PURPOSE:
                message = f"{_link(tls, fault)[0]} is not for this use: {_looks.quoted(fault.message)}"
                yield message, "get a certificate for TLS servers"

    return _looks.each_tls(observed, judge)


@rule("certificate.weak", Severity.ERROR)
def weak(observed: Observed) -> Iterator[Problem]:
    """A key or a signature of the chain is weak enough to be forged.

    RSA below 2048 bits, elliptic curves below 224, MD5 and SHA-1; the signature of a root does not count,
    since nobody relies on it. Get a new certificate with a new key.
    """

    def judge(_: HostObservation, tls: Tls) -> Iterator[_looks.Said]:
        found = [(place, why) for place, link in enumerate(path(tls)) if (why := _weakness(link))]
        for place, why in found:
            name = _link(tls, ChainFault(0, "", place))[0]
            yield f"{name} has {why}", "get a new certificate with a new key"
        if not found and numbers(tls) & _WEAK:
            words = next(fault.message for fault in tls.faults if fault.number in _WEAK)
            yield f"OpenSSL says: {_looks.quoted(words)}", "get a new certificate with a new key"

    return _looks.each_tls(observed, judge)


def _weakness(link: Certificate) -> str:
    if link.bits < _LEAST.get(link.key, 0):
        return f"a key of {link.bits} bits ({link.key})"
    if link.digest in _BROKEN and link.subject != link.issuer:
        return f"a signature with {link.digest}"
    return ""
