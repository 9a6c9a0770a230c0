"""A web server on the loopback interface that answers with exactly the bytes that it is told to."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.listener import Listener

Answer = bytes | Callable[[socket.socket], None]


def ok(body: bytes, *headers: str) -> bytes:
    """A plain answer with the length that the body has."""
    return answer("200 OK", body, f"Content-Length: {len(body)}", *headers)


def answer(status: str, body: bytes, *headers: str) -> bytes:
    """An answer with these headers and no others."""
    head = "\r\n".join([f"HTTP/1.1 {status}", "Connection: close", *headers])
    return head.encode() + b"\r\n\r\n" + body


def drip(begin: bytes, again: bytes) -> Callable[[socket.socket], None]:
    """An answer that never ends: one piece every twentieth of a second."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(begin)
        pause = threading.Event()
        while not pause.wait(0.05):
            connection.sendall(again)

    return talk


def endless(begin: bytes) -> Callable[[socket.socket], None]:
    """An answer that never ends, as fast as it is read."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(begin)
        while True:
            connection.sendall(b"x" * 65536)

    return talk


def silence(begin: bytes = b"") -> Callable[[socket.socket], None]:
    """An answer after which nothing comes, until the client has enough of it."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(begin)
        connection.recv(1)

    return talk


def after(seconds: float, said: bytes) -> Callable[[socket.socket], None]:
    """An answer that takes its time."""

    def talk(connection: socket.socket) -> None:
        threading.Event().wait(seconds)
        connection.sendall(said)

    return talk


def ending(said: bytes) -> Callable[[socket.socket], None]:
    """An answer that ends as TLS wants it, so that its end can stand for its length."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(said)
        if isinstance(connection, ssl.SSLSocket):
            connection.unwrap()

    return talk


def in_turn(*answers: Answer) -> Callable[[socket.socket], None]:
    """Another answer to each request; the last one stays."""
    left = list(answers)

    def talk(connection: socket.socket) -> None:
        said = left.pop(0) if len(left) > 1 else left[0]
        say(connection, said)

    return talk


def say(connection: socket.socket, said: Answer) -> None:
    """Gives an answer."""
    if callable(said):
        said(connection)
    else:
        connection.sendall(said)


class Server(Listener):
    """Answers by path; what it does not know is 404. `requests` are the heads that it has read."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[str] = []
        self.conditional: set[str] = set()
        """Paths that have not changed, for whoever asks on that condition."""
        self._context = context
        self._asked = threading.Condition()
        super().__init__()
        scheme = "https" if context else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}"

    def wait_for(self, requests: int) -> None:
        """Until so many requests have come; half a minute at most."""
        with self._asked:
            assert self._asked.wait_for(lambda: len(self.requests) >= requests, 30)

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError), connection:
            if self._context is None:
                self._converse(connection)
                return
            with self._context.wrap_socket(connection, server_side=True) as secured:
                self._connections.append(secured)
                self._converse(secured)

    def _converse(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(65536) or b"\r\n\r\n"
        with self._asked:
            if head.strip():  # else the client hung up: it may not like the certificate
                self.requests.append(head.decode())
            self._asked.notify_all()
        path = head.split(b" ")[1].decode() if b" " in head else ""
        said = self.answers.get(path, answer("404 Not Found", b"no", "Content-Length: 2"))
        if path in self.conditional and b"\r\nif-none-match:" in head.lower():
            said = answer("304 Not Modified", b"")
        say(connection, said)


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Server]:
    """A server, with TLS when there is a certificate (PEM with its key)."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    server = Server(context)
    try:
        yield server
    finally:
        server.close()


def certificates(folder: Path) -> None:
    """Makes ca.pem, an authority; good.pem and other.pem by it, for us and another host; another.pem.

    With all that RFC 5280 asks for: Python looks at that from 3.13 on (VERIFY_X509_STRICT).
    """
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    signs = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    for name in ("ca", "another"):
        _openssl(folder, "req", "-x509", *key, *signs, "-subj", f"/CN={name}", "-days", "2", *_files(name))
    for name, names in (
        ("good", "IP:127.0.0.1,DNS:localhost,DNS:mta-sts.example.org"),
        ("other", "DNS:other.example"),
    ):
        request = ["-CA", "ca.pem", "-CAkey", "ca.key", "-subj", f"/CN={name}", "-days", "2"]
        more = ["-addext", f"subjectAltName={names}", "-addext", "basicConstraints=CA:FALSE"]
        _openssl(folder, "req", "-x509", *key, *request, *more, *_files(name))
        with (folder / f"{name}.pem").open("ab") as file:
            file.write((folder / f"{name}.key").read_bytes())


def _files(name: str) -> list[str]:
    return ["-keyout", f"{name}.key", "-out", f"{name}.pem"]


def _openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
