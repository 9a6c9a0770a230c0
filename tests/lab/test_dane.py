"""Who decides where a domain has TLSA records: a row switches DANE off, for better or worse (RFC 7672)."""

import hashlib
import ssl
from collections.abc import Iterator

import pytest

from tests.lab.resolver import ADDRESS, Resolver, serving
from tests.lab.room import Lab, at, mx

FITS, DIFFERS, ABSENT = "tlsa-fits", "tlsa-differs", "tlsa-absent"
SENT, VERIFIED, DEFERRED = ("sent", False), ("sent", True), ("deferred", False)
PRECEDENCE = {
    "": [VERIFIED, DEFERRED, SENT],
    "secure match={} servername=hostname": [VERIFIED, VERIFIED, VERIFIED],
    "secure match=mx.other.net servername=hostname": [DEFERRED, DEFERRED, DEFERRED],
    "may": [SENT, SENT, SENT],
    "dane-only": [VERIFIED, DEFERRED, DEFERRED],
}
"""By the row of a domain: what becomes of mail when its TLSA record fits, when it does not, without one."""


@pytest.fixture(scope="module")
def dane(lab: Lab) -> Iterator[Lab]:
    """The lab with three more domains, and a resolver that validates."""
    tlsa = {}
    for name in (FITS, DIFFERS, ABSENT):
        certificate = lab.authority.issue(mx(name))
        pem = certificate.read_text().partition(ssl.PEM_FOOTER)[0] + ssl.PEM_FOOTER
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()
        tlsa[mx(name)] = b"\3\0\1" + (digest if name == FITS else bytes(32))  # DANE-EE, all of it, SHA-256
        lab.domain(at(name), lab.host(mx(name), certificate))
    del tlsa[mx(ABSENT)]
    with lab.resolving(ADDRESS), serving(lab.space, Resolver(lab.names, tlsa)):
        yield lab


@pytest.mark.parametrize("value", PRECEDENCE)
def test_a_row_replaces_dane(dane: Lab, value: str) -> None:
    dane.main_cf(smtp_tls_security_level="dane", smtp_dns_support_level="dnssec")
    names = (FITS, DIFFERS, ABSENT)
    dane.policy(*(f"{at(name)} {value.format(mx(name))}" for name in names if value))
    found = [dane.deliver(f"u@{at(name)}") for name in names]
    assert [(delivery.status, delivery.verified) for delivery in found] == PRECEDENCE[value]
    if not value:
        assert found[1].logged("num=65:")


@pytest.mark.parametrize("name", [FITS, DIFFERS])
def test_there_is_no_dane_and_names_too(dane: Lab, name: str) -> None:
    dane.main_cf(smtp_tls_security_level="dane", smtp_dns_support_level="dnssec")
    dane.policy(f"{at(name)} dane match={mx(name)}")
    assert dane.deliver(f"u@{at(name)}").dsn == "4.7.5"
