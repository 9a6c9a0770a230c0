"""TLS towards mail servers: a handshake that refuses next to nothing, so that facts come of it.

It goes through memory, so that it knows no sockets, with the OpenSSL that cryptography brings, which still
speaks TLS 1.0. That OpenSSL judges the chain in the handshake and is told to go on after each fault, so that
one pass names them all. X509StoreContext, which would judge afterwards, stops at the first, and would have to
find the issuers a second time; `ssl` in Python 3.11 shows neither faults nor a chain that it did not trust.
"""

import asyncio
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import certifi
from cryptography.hazmat.bindings.openssl.binding import Binding
from OpenSSL import SSL
from OpenSSL.crypto import FILETYPE_ASN1, X509, dump_certificate

from stpolicy.checker.certificates import Certificates
from stpolicy.checker.flight import Flight
from stpolicy.checker.reply import printable
from stpolicy.errors import Misuse
from stpolicy.model.tls import ChainFault, Tls

_CIPHERS = b"ALL:!aNULL:!IDEA:!SEED:@SECLEVEL=0"
"""Anonymous ones are left out, because a server may prefer them, and then shows no certificate; IDEA and
SEED, because senders with OpenSSL 3 have neither."""
_GROUPS = b"X25519:X448:P-256:P-521:P-384"
"""Those of Postfix (postconf(5), tls_eecdh_auto_curves), in its order. A share of ML-KEM, which OpenSSL adds,
makes a hello of more than 1400 bytes, and some devices hang up on that."""
_SIGNATURES = b":".join(
    (
        b"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448",
        b"rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512",
        b"rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512",
        b"ECDSA+SHA224:RSA+SHA224:DSA+SHA224:DSA+SHA256:DSA+SHA384:DSA+SHA512",
    )
)
"""What Postfix offers with OpenSSL 3.0, of TLS 1.2 and later: no SHA-1, which level 0 would allow."""
_DEPTH = 9
"""Links of a chain, as many as Postfix follows (postconf(5), smtp_tls_scert_verifydepth)."""
_PIECE = 16 * 1024

_WORDS = {
    number: name.removeprefix("ERR_").replace("_", " ").lower()
    for name, number in vars(SSL.X509VerificationCodes).items()
    if name.startswith("ERR_")
}


class Failed(Exception):
    """TLS cannot go on; the message says why."""


class Closed(Failed):
    """The peer has ended the session in order (RFC 8446 section 6.1)."""


class Client:
    """What all sessions share: roots, settings, the certificates seen. Made once a run, since it is slow."""

    def __init__(self, ca_file: Path | None, now: datetime) -> None:
        """Trusts the authorities of a PEM file, or those of Mozilla, and judges dates at `now`.

        Misuse for a file that holds no certificates.
        """
        self.certificates = Certificates()
        self._context = context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(SSL.TLS1_VERSION)
        context.set_cipher_list(_CIPHERS)
        _offer(context)
        context.set_options(SSL.OP_ALL | SSL.OP_NO_RENEGOTIATION)  # the first as Postfix does (tls_bug_bits)
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_verify_depth(_DEPTH)
        context.set_verify(SSL.VERIFY_PEER, _note)
        try:
            context.load_verify_locations(ca_file or certifi.where())
        except SSL.Error:
            raise Misuse(f"{ca_file} holds no certificates in PEM") from None
        store = context.get_cert_store()
        assert store is not None  # noqa: S101  # every context has one
        store.set_time(now.astimezone(UTC))
        self._aside = ThreadPoolExecutor(1)

    def session(self, host: str) -> "Channel":
        """A session with one server, before its handshake; SNI is the host name (RFC 8461 section 7.1)."""
        connection = SSL.Connection(self._context, None)
        connection.set_tlsext_host_name(host.encode("ascii"))
        connection.set_connect_state()
        return Channel(connection, self.certificates, self._aside)


class Channel:
    """One session of TLS: the bytes of the peer in, bytes for the peer out."""

    def __init__(self, connection: SSL.Connection, certificates: Certificates, aside: Executor) -> None:
        self._connection = connection
        self._certificates = certificates
        self._aside = aside
        self._flight = Flight()
        self._faults: list[tuple[int, int]] = []
        connection.set_app_data(self._faults)

    async def shake(self, received: bytes) -> bool:
        """`handshake`, aside from the loop where the server makes it long, so that nobody else waits.

        There is one thread for that: servers that all do so wait for each other, in their own time.
        """
        self._flight.take(received)
        if not self._flight.heavy:
            return self.handshake(received)
        return await asyncio.get_running_loop().run_in_executor(self._aside, self.handshake, received)

    def handshake(self, received: bytes) -> bool:
        """Goes on with the handshake; whether it is complete. Failed when it cannot be completed."""
        if received:
            self._connection.bio_write(received)
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.Error as wrong:
            raise Failed(_reason(wrong)) from None
        return True

    def outgoing(self) -> bytes:
        """What is to be sent to the peer, also after Failed: then it is an alert."""
        try:
            return self._connection.bio_read(_PIECE)
        except SSL.WantReadError:
            return b""

    def encrypt(self, data: bytes) -> bytes:
        """What is to be sent in order to say this."""
        try:
            self._connection.sendall(data)
        except SSL.Error as wrong:
            raise Failed(_reason(wrong)) from None
        return self.outgoing()

    def decrypt(self, received: bytes) -> bytes:
        """What the peer said; empty while a record is incomplete. Failed also when it ends the session."""
        self._connection.bio_write(received)
        said = bytearray()
        try:
            while True:
                said += self._connection.recv(_PIECE)
        except SSL.WantReadError:
            return bytes(said)
        except SSL.Error as wrong:
            if said:
                return bytes(said)
            if isinstance(wrong, SSL.ZeroReturnError):
                raise Closed("the peer ended TLS") from None
            raise Failed(_reason(wrong)) from None

    def close(self) -> bytes:
        """What is to be sent last: close_notify (RFC 8446 section 6.1)."""
        try:
            self._connection.shutdown()
        except SSL.Error:
            return b""
        return self.outgoing()

    def facts(self) -> Tls:
        """The session as it was negotiated. Failed for a certificate that cannot be read."""
        chain = self._connection.get_peer_cert_chain() or []
        try:
            read = tuple(self._certificates.read(dump_certificate(FILETYPE_ASN1, one)) for one in chain)
        except ValueError as wrong:
            raise Failed(f"unreadable certificate: {printable(str(wrong).encode())}") from wrong
        return Tls(
            version=self._connection.get_protocol_version_name(),
            cipher=self._connection.get_cipher_name() or "",
            chain=read,
            faults=tuple(_fault(number, depth) for number, depth in dict.fromkeys(self._faults)),
        )


def _offer(context: SSL.Context) -> None:
    """Groups and signatures: pyOpenSSL has no method for either, only the functions of OpenSSL."""
    lib, raw = Binding.lib, context._context
    assert lib.SSL_CTX_set1_curves_list(raw, _GROUPS) == 1  # noqa: S101  # constants
    assert lib.SSL_CTX_set1_sigalgs_list(raw, _SIGNATURES) == 1  # noqa: S101


def _note(connection: SSL.Connection, _: X509, number: int, depth: int, ok: int) -> bool:
    if not ok:
        connection.get_app_data().append((number, depth))
    return True


def _fault(number: int, depth: int) -> ChainFault:
    return ChainFault(number, _WORDS.get(number, f"X509_V_ERR {number}"), depth)


def _reason(wrong: SSL.Error) -> str:
    """The words of OpenSSL for what went wrong first."""
    errors = wrong.args[0] if wrong.args else ()
    found = errors[0] if isinstance(errors, (list, tuple)) and errors else wrong.args
    return str(found[-1]) if found else type(wrong).__name__
