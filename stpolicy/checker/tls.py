"""TLS towards mail servers: a handshake that refuses next to nothing, so that facts come of it.

It goes through memory, so that it knows no sockets, with the OpenSSL that cryptography brings, which still
speaks TLS 1.0. That OpenSSL judges the chain in the handshake and is told to go on after each fault, so that
one pass names them all. X509StoreContext, which would judge afterwards, stops at the first, and would have to
find the issuers a second time; `ssl` in Python 3.11 shows neither faults nor a chain that it did not trust.
"""

from datetime import UTC, datetime
from pathlib import Path

import certifi
from OpenSSL import SSL
from OpenSSL.crypto import FILETYPE_ASN1, X509, dump_certificate

from stpolicy.checker.certificates import Certificates
from stpolicy.checker.reply import printable
from stpolicy.errors import Misuse
from stpolicy.model.observation import ChainFault, Tls

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
        # Anonymous ciphers are left out, because a server may prefer them, and then shows no certificate.
        context.set_cipher_list(b"ALL:!aNULL:@SECLEVEL=0")
        context.set_options(SSL.OP_NO_RENEGOTIATION)
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

    def session(self, host: str) -> "Channel":
        """A session with one server, before its handshake; SNI is the host name (RFC 8461 section 7.1)."""
        connection = SSL.Connection(self._context, None)
        connection.set_tlsext_host_name(host.encode("ascii"))
        connection.set_connect_state()
        return Channel(connection, self.certificates)


class Channel:
    """One session of TLS: the bytes of the peer in, bytes for the peer out."""

    def __init__(self, connection: SSL.Connection, certificates: Certificates) -> None:
        self._connection = connection
        self._certificates = certificates
        self._faults: list[tuple[int, int]] = []
        connection.set_app_data(self._faults)

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
