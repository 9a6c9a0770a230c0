"""A mail server whose TLS is that of tlslite-ng, which still speaks SSLv3."""

import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.checker.authority import Party
from tests.checker.peer import ENOUGH

with warnings.catch_warnings(
    action="ignore", category=DeprecationWarning
):  # asyncore, which it can do without
    from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey
    from tlslite.errors import BaseTLSException

__all__ = ["HandshakeSettings", "tlslite"]


@contextmanager
def tlslite(own: Party, settings: HandshakeSettings) -> Iterator[int]:
    """The port of a server of tlslite-ng, which still speaks SSLv3, in a thread."""
    chain, key = X509CertChain(), parsePEMKey(own.key_pem().decode(), private=True)
    chain.parsePemList(own.pem().decode())

    def serve(there: socket.socket) -> None:
        with there, suppress(OSError, BaseTLSException, ValueError):
            there.settimeout(ENOUGH)
            lines = there.makefile("rb")
            for said in (b"220 hello\r\n", b"250-hello\r\n250 STARTTLS\r\n", b"220 go\r\n"):
                there.sendall(said)
                if said != b"220 go\r\n":
                    lines.readline()
            TLSConnection(there).handshakeServer(certChain=chain, privateKey=key, settings=settings)

    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    serve(listening.accept()[0])

        thread = threading.Thread(target=accept)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(ENOUGH)
