"""Mail servers that take everything and keep a record of it (RFC 5321, RFC 3207)."""

import socket
import ssl
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast


@dataclass(frozen=True, slots=True)
class Received:
    """A mail, and how it came; `version` and `server_name` (SNI) are those of TLS."""

    host: str
    recipient: str
    tls: bool
    version: str | None = None
    server_name: str | None = None


class _Secured(ssl.SSLSocket):
    asked_for: str | None = None


def secured_by(certificate: Path, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """TLS with a certificate (PEM with its key), up to a version if one is given."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sslsocket_class = _Secured
    context.sni_callback = _remember
    if newest:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is the point
            context.minimum_version, context.maximum_version = newest, newest
        context.set_ciphers("kRSA:@SECLEVEL=0")  # the others would have to sign with SHA-1
    return context


def _remember(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
    cast(_Secured, connection).asked_for = name


class Sink:
    """One mail server; without a context it does not offer STARTTLS, and `keyword` is how it offers it."""

    def __init__(
        self,
        host: str,
        listener: socket.socket,
        context: ssl.SSLContext | None,
        keep: Callable[[Received], None],
        keyword: str = "STARTTLS",
    ) -> None:
        self._host, self._listener, self._context, self._keep = host, listener, context, keep
        self._keyword = keyword
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Takes no more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(30)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(30)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.sendall(f"220 {self._host} ESMTP\r\n".encode())
            if not self._converse(connection, self._context is not None) or self._context is None:
                return
            with self._context.wrap_socket(connection, server_side=True) as secured:
                self._converse(secured, offer=False)

    def _converse(self, connection: socket.socket, offer: bool) -> bool:
        """Talks until the client goes, or until it may go on under TLS: then true."""
        recipient = ""
        with connection.makefile("rb") as lines:
            for line in lines:
                match line.split(b":")[0].split()[0].upper():
                    case b"EHLO":
                        reply = [self._host, *([self._keyword] if offer else []), "8BITMIME", "SMTPUTF8"]
                        said = "".join(f"250-{word}\r\n" for word in reply[:-1]) + f"250 {reply[-1]}"
                    case b"RCPT":
                        recipient = line.decode().partition("<")[2].partition(">")[0]
                        said = "250 ok"
                    case b"DATA":
                        connection.sendall(b"354 go on\r\n")
                        _skip_message(lines)
                        self._keep(_received(self._host, recipient, connection))
                        said = "250 kept"
                    case b"QUIT":
                        connection.sendall(b"221 bye\r\n")
                        return False
                    case b"STARTTLS" if offer:
                        connection.sendall(b"220 go on\r\n")
                        return True
                    case _:
                        said = "250 ok"
                connection.sendall(f"{said}\r\n".encode())
        return False


def _skip_message(lines: BinaryIO) -> None:
    while lines.readline() not in {b".\r\n", b""}:
        pass


def _received(host: str, recipient: str, connection: socket.socket) -> Received:
    if isinstance(connection, _Secured):
        return Received(host, recipient, True, connection.version(), connection.asked_for)
    return Received(host, recipient, False)
