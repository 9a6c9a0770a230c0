"""What a session of TLS showed: facts as they came, nothing judged. Times are aware."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says (RFC 5280). Digests are hexadecimal, lower case."""

    subject: str
    issuer: str
    common_name: str
    """The last CN of the subject; empty without one."""
    dns_names: tuple[str, ...]
    """The dNSNames of subjectAltName, as written."""
    not_before: datetime
    not_after: datetime
    key: str
    """The kind of its key: RSA, DSA, EC, Ed25519."""
    bits: int
    digest: str
    """The hash of its signature, like sha256; empty where the algorithm has none of its own."""
    sha256: str
    sha512: str
    """Of the whole certificate, as TLSA selector 0 has it (RFC 6698 section 2.1.2)."""
    spki_sha256: str
    spki_sha512: str
    """Of its public key, as selector 1 has it."""


@dataclass(frozen=True, slots=True)
class ChainFault:
    """Something that OpenSSL has against a chain: its number and words (X509_V_ERR_*), and at which link."""

    number: int
    message: str
    depth: int
    """0 is the server's own certificate."""


@dataclass(frozen=True, slots=True)
class Tls:
    """A session of TLS as it was negotiated, with SNI, and everything that is wrong with its chain."""

    version: str
    """As OpenSSL calls it: TLSv1, TLSv1.1, TLSv1.2, TLSv1.3."""
    cipher: str
    chain: tuple[Certificate, ...]
    """As the server presented it, its own first."""
    faults: tuple[ChainFault, ...]
