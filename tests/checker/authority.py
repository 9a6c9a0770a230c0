"""Certificates as a test wants them, good or bad, made by cryptography."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL.crypto import X509, PKey

from tests.lists import NOW

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
DAY = timedelta(days=1)
HOST = "mx.example.com"


@dataclass(frozen=True)
class Party:
    """A key and the certificate for it."""

    certificate: x509.Certificate
    key: Key

    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def party(
    name: str | None,
    issuer: Party | None = None,
    *,
    names: Sequence[str] = (),
    ca: bool = False,
    key: Key | None = None,
    begins: timedelta = -DAY,
    ends: timedelta = 90 * DAY,
    sha1: bool = False,
    serial: int | None = None,
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
    extra: Sequence[x509.ExtensionType] = (),
) -> Party:
    """A certificate, self-signed without an issuer; times are from NOW on."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(NOW + begins)
        .not_valid_after(NOW + ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False
        )
    for one in extra:
        builder = builder.add_extension(one, critical=False)
    signed = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    return Party(_by_sha1(signed, issuer.key if issuer else key) if sha1 else signed, key)


def _by_sha1(certificate: x509.Certificate, key: Key) -> x509.Certificate:
    """The certificate with another signature, which cryptography itself no longer makes."""
    again = X509.from_cryptography(certificate)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        again.sign(PKey.from_cryptography_key(key), "sha1")
    return again.to_cryptography()
