"""The authorities of the mini-internet, and what they certify (RFC 5280)."""

import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from tests.minternet.behaviour import Cert, full
from tests.needs import needs

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_PURPOSES = {"serverAuth": ExtendedKeyUsageOID.SERVER_AUTH, "clientAuth": ExtendedKeyUsageOID.CLIENT_AUTH}
_NOBODYS = ObjectIdentifier("1.3.6.1.4.1.99999.1")
_AUTHORITY = x509.KeyUsage(False, False, False, False, False, True, True, False, False)


@cache
def _key(kind: str, _owner: str = "") -> Key:
    """One key is that of all servers of its kind; each authority has its own."""
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, 1024 if kind == "rsa1024" else 2048)


def tlsa() -> str:
    """`3 1 1` and the digest of the servers' key (RFC 6698 section 2.1)."""
    public = _key("ec").public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return f"3 1 1 {sha256(public.public_bytes(serialization.Encoding.DER, form)).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: a name, a key and the certificates to send along."""

    name: str
    key: Key
    sent: tuple[x509.Certificate, ...] = ()


class Authority:
    """A root, which clients trust, an intermediate of it, and others that nobody trusts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.now = datetime.now(UTC)  # noqa: TID251 - for real clients, which know what time it is
        self.ca = folder / "ca.pem"
        root = Signer("Minternet Root", _key("ec", "root"))
        old = Signer("Minternet Root of old", _key("ec", "old"))
        between = replace(root, name="Minternet CA", key=_key("ec", "between"))
        unknown = Signer("Nobody's Root", _key("ec", "unknown"))
        trusted = self._authority(root, root)
        link = self._authority(between, root)
        crossed = (link, self._authority(root, old), self._authority(old, old, (-4000, -2)))
        self._signers = {
            "full": replace(between, sent=(link,)),
            "leaf": between,
            "cross": replace(between, sent=crossed),
            "unknown": replace(unknown, sent=(self._authority(unknown, unknown),)),
        }
        self.ca.write_bytes(trusted.public_bytes(serialization.Encoding.PEM))

    def issue(self, cert: Cert, domain: str, name: str) -> Path:
        """A file with a key, its certificate for a domain, and the chain that goes with it."""
        key, path = _key(cert.key), self._folder / f"{name}.pem"
        subject = full(cert.cn, domain) if cert.cn else f"Minternet {cert.key}"
        signer = self._signers.get(cert.chain) or Signer(subject, key)
        first = signer if cert.digest == "sha256" else Signer(subject, key)
        leaf = self._builder(subject, key, first, cert.days)
        for extension, critical in _extensions(cert, domain):
            leaf = leaf.add_extension(extension, critical)
        chain = [leaf.sign(first.key, hashes.SHA256()), *signer.sent]
        pem = [each.public_bytes(serialization.Encoding.PEM) for each in chain]
        if cert.digest == "sha1":
            pem[0] = self._signed_with_sha1(pem[0], pem[1], signer.key)
        path.write_bytes(b"".join([_private(key), *pem]))
        return path

    def _authority(
        self, subject: Signer, signer: Signer, days: tuple[int, int] = (-400, 3000)
    ) -> x509.Certificate:
        return (
            self._builder(subject.name, subject.key, signer, days)
            .add_extension(x509.BasicConstraints(True, None), True)
            .add_extension(_AUTHORITY, True)
            .sign(signer.key, hashes.SHA256())
        )

    def _builder(
        self, subject: str, key: Key, signer: Signer, days: tuple[int, int]
    ) -> x509.CertificateBuilder:
        begin, end = (self.now + timedelta(days=day) for day in days)
        made = (
            x509.CertificateBuilder()
            .subject_name(_named(subject))
            .issuer_name(_named(signer.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        )
        if key is signer.key:
            return made
        issuer = signer.key.public_key()
        return made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), False)

    def _signed_with_sha1(self, leaf: bytes, issuer: bytes, key: Key) -> bytes:
        """A self-signed certificate, signed again by an issuer, as `cryptography` no longer does."""
        files = {name: self._folder / f"sha1-{name}.pem" for name in ("leaf", "issuer", "key")}
        for name, data in {"leaf": leaf, "issuer": issuer, "key": _private(key)}.items():
            files[name].write_bytes(data)
        command: list[str | Path] = [
            needs("openssl", "openssl"),
            "x509",
            "-in",
            files["leaf"],
            "-CA",
            files["issuer"],
        ]
        more: list[str | Path] = ["-CAkey", files["key"], "-sha1", "-preserve_dates"]
        return subprocess.run([*command, *more], capture_output=True, check=True).stdout


def _extensions(cert: Cert, domain: str) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(False, None), True),
        (x509.ExtendedKeyUsage([_PURPOSES[cert.purpose]]), False),
    ]
    if cert.names:
        names = [x509.DNSName(full(name, domain)) for name in cert.names.split()]
        found.append((x509.SubjectAlternativeName(names), False))
    if cert.pad:
        found.append((x509.UnrecognizedExtension(_NOBODYS, b"\4\0" * (cert.pad // 2)), False))
    return found


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _private(key: Key) -> bytes:
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
