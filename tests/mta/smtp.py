"""A mail server on the loopback interface that offers STARTTLS with the certificate that it is given."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.listener import Listener


class MailHost(Listener):
    """Greets, and starts TLS when asked, if it has a certificate. `asked` are the names by SNI."""

    def __init__(self, certificate: Path | None, greeting: bytes) -> None:
        self.asked: list[str | None] = []
        self._context: ssl.SSLContext | None = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
            self._context.sni_callback = lambda _socket, name, _context: self.asked.append(name)
        self._greeting = greeting
        self.ehlo = b"250-mx\r\n250 STARTTLS\r\n" if certificate else b"250 mx\r\n"
        super().__init__()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.sendall(b"220 %s\r\n" % self._greeting)
            while line := connection.recv(1000):
                if line.startswith(b"EHLO"):
                    connection.sendall(self.ehlo)
                elif line.startswith(b"STARTTLS") and self._context:
                    connection.sendall(b"220 go\r\n")
                    with self._context.wrap_socket(connection, server_side=True) as secured:
                        self._connections.append(secured)
                        while secured.recv(1000):
                            secured.sendall(b"250 ok\r\n")
                    return
                else:
                    connection.sendall(b"250 ok\r\n")


@contextmanager
def mail_host(
    certificate: Path | None = None, greeting: bytes = b"mx.example.org ESMTP"
) -> Iterator[MailHost]:
    host = MailHost(certificate, greeting)
    try:
        yield host
    finally:
        host.close()
