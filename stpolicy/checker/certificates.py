"""The bytes of certificates to facts (RFC 5280); what a certificate does not say well stays empty."""

import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from hashlib import sha256, sha512
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from stpolicy.checker.reply import printable
from stpolicy.model.tls import Certificate

_KEPT = 2048
_SHOWN = 512
_DNS_NAME = 0x82
_EXTENSIONS = 0xA3
_SUBJECT_ALT_NAME = bytes.fromhex("551d11")
_STRANGE = (ValueError, TypeError, LookupError, UnsupportedAlgorithm, x509.InvalidVersion)
_KEYS: tuple[tuple[type, str], ...] = (
    (rsa.RSAPublicKey, "RSA"),
    (ec.EllipticCurvePublicKey, "EC"),
    (dsa.DSAPublicKey, "DSA"),
    (ed25519.Ed25519PublicKey, "Ed25519"),
    (ed448.Ed448PublicKey, "Ed448"),
)
_T = TypeVar("_T")


class Certificates:
    """Reads certificates, and gives one object for the same bytes."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Certificate] = OrderedDict()

    def read(self, der: bytes) -> Certificate:
        """The facts of one certificate; ValueError for bytes that are none.

        Those of authorities come again and again and stay; those of hosts make room for each other, so
        that memory does not grow with the number of hosts.
        """
        digest = sha256(der).digest()
        known = self._known.get(digest)
        if known is None:
            with warnings.catch_warnings(action="ignore"):  # of odd names and old numbers
                known = self._known[digest] = _facts(der, digest.hex())
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end(digest)
        return known


def _facts(der: bytes, digest: str) -> Certificate:
    found = _loaded(der)
    try:
        key, names = _key_and_names(found.tbs_certificate_bytes)
    except (*_STRANGE, StopIteration) as wrong:
        raise ValueError("its names cannot be read") from wrong
    kind, bits = _or(("", 0), lambda: _kind(found.public_key()))
    return Certificate(
        subject=_or("", lambda: _shown(found.subject.rfc4514_string())),
        issuer=_or("", lambda: _shown(found.issuer.rfc4514_string())),
        common_name=_or("", lambda: _common_name(found.subject)),
        dns_names=names,
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
        key=kind,
        bits=bits,
        digest=_or("", lambda: _digest(found)),
        sha256=digest,
        sha512=sha512(der).hexdigest(),
        spki_sha256=sha256(key).hexdigest(),
        spki_sha512=sha512(key).hexdigest(),
    )


def _loaded(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except x509.InvalidVersion as wrong:
        raise ValueError(str(wrong)) from wrong


def _or(otherwise: _T, ask: Callable[[], _T]) -> _T:
    try:
        return ask()
    except _STRANGE:
        return otherwise


def _shown(text: str) -> str:
    """Text that cannot play tricks on a terminal or a log, cut at 512 characters."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:_SHOWN])
    return text[:_SHOWN]


def _common_name(subject: x509.Name) -> str:
    names = subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return _shown(str(names[-1].value)) if names else ""


def _kind(key: object) -> tuple[str, int]:
    name = next((name for kind, name in _KEYS if isinstance(key, kind)), "")
    return name, {"Ed25519": 256, "Ed448": 456}.get(name) or int(getattr(key, "key_size", 0))


def _digest(found: x509.Certificate) -> str:
    algorithm = found.signature_hash_algorithm
    return algorithm.name if algorithm else ""


def _key_and_names(tbs: bytes) -> tuple[bytes, tuple[str, ...]]:
    """SubjectPublicKeyInfo and the dNSNames of a TBSCertificate (RFC 5280 section 4.1).

    They are taken as they stand: cryptography would write the key anew, where TLSA wants the bytes of the
    certificate (RFC 6698 section 2.1.2), and refuses all names for the sake of one that is not ASCII.
    """
    fields = list(_parts(next(_parts(tbs))[1]))
    first = 1 if fields[0][0] == 0xA0 else 0  # the version, which version 1 leaves out
    key = fields[first + 5][2]
    names: list[str] = []
    for tag, content, _ in fields[first + 6 :]:
        if tag == _EXTENSIONS:
            names += _dns_names(next(_parts(content))[1])
    return key, tuple(names)


def _dns_names(extensions: bytes) -> Iterator[str]:
    for _, extension, _ in _parts(extensions):
        parts = list(_parts(extension))
        if parts[0][1] == _SUBJECT_ALT_NAME:
            for names in _parts(parts[-1][1]):
                yield from (printable(name) for tag, name, _ in _parts(names[1]) if tag == _DNS_NAME)


def _parts(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The elements of DER: tag, content, and both with the length as they stand (X.690 section 8.1)."""
    at = 0
    while at < len(data):
        start, size = at, data[at + 1]
        at += 2
        if size >= 0x80:
            more = size & 0x7F
            size = int.from_bytes(data[at : at + more])
            at += more
        yield data[start], data[at : at + size], data[start : at + size]
        at += size
