"""Requests as bytes, for what no client library would send; and what comes back."""

import socket
from dataclasses import dataclass
from typing import Any

import h11

PATIENCE = 60
"""Seconds: far more than anything here takes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Raw:
    """A connection."""

    def __init__(self, port: int, source: str = "127.0.0.1", buffer: int = 0) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port))
        self._reader = h11.Connection(h11.CLIENT)

    def __enter__(self) -> "Raw":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> Answer:
        """The next answer; ConnectionError where the connection ends before it."""
        reader = self._reader
        if reader.our_state is h11.DONE:
            reader.start_next_cycle()
        reader.send(h11.Request(method="GET", target="/", headers=[("host", "tests")]))
        reader.send(h11.EndOfMessage())
        head: Any = None
        body = b""
        while True:
            event = reader.next_event()
            if event is h11.NEED_DATA:
                got = self.socket.recv(65536)
                if not got and head is None:
                    raise ConnectionError("it ended before an answer")
                reader.receive_data(got)
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                headers = {name.decode(): value.decode() for name, value in head.headers}
                return Answer(head.status_code, headers, body)

    def ends(self) -> bytes:
        """What comes until the server ends the connection; TimeoutError where it does not."""
        got = b""
        try:
            while piece := self.socket.recv(65536):
                got += piece
        except ConnectionResetError:
            pass
        return got


def post(body: bytes, *headers: str, path: str = "/api/scan") -> bytes:
    """A request; its length is that of the body unless a header says otherwise."""
    lines = [f"POST {path} HTTP/1.1", "Host: tests", "Prefer: respond-async", *headers]
    if not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in headers):
        lines.append(f"Content-Length: {len(body)}")
    if not any(line.lower().startswith("content-type") for line in headers):
        lines.append("Content-Type: application/json")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def get(path: str = "/api/ping", *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: tests", *headers, "", ""]).encode("latin-1")
