"""The sockets over which name servers are asked: others all the time, and never more than so many."""

import asyncio
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from stpolicy.checker import _wire

if TYPE_CHECKING:
    from stpolicy.checker._asking import Inquiry

PER_PORT = 64
"""Questions that leave from one port before another is taken: who forges must guess port and number."""

MOST_PORTS = 32
"""Of one name server: the last is not left while so many others wait for slow answers."""

MOST_BY_TCP = 8
"""Connections to one name server."""


class Server:
    """A name server. `trusted` says whether its AD counts."""

    def __init__(self, address: tuple[str, int], *, trusted: bool) -> None:
        self.address = address
        self.trusted = trusted
        self.by_tcp = asyncio.Semaphore(MOST_BY_TCP)
        """To be held while connected."""
        self.retired: set[Port] = set()
        """Ports from which nothing is asked any more, while answers may come."""
        self._port: Port | None = None

    def send(self, inquiry: "Inquiry") -> None:
        """Sends a question; OSError where there is no way to the server."""
        if self._port and self._port.left <= 0 and len(self.retired) < MOST_PORTS - 1:
            self._port.retire()
            self._port = None
        if self._port is None:
            self._port = Port(self)
        self._port.send(inquiry)

    def close(self) -> None:
        """Closes its sockets; questions on their way stay unanswered."""
        for port in [*self.retired, *filter(None, [self._port])]:
            port.close()
        self._port = None


class Port:
    """One socket, connected, so that nothing from elsewhere comes in. The kernel takes a port by chance."""

    def __init__(self, server: Server) -> None:
        self.left = PER_PORT
        self._server = server
        self._waiting: dict[int, Inquiry] = {}
        family = socket.AF_INET6 if ":" in server.address[0] else socket.AF_INET
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.connect(server.address)
        except OSError:
            self._socket.close()
            raise
        self._loop.add_reader(self._socket, self._readable)

    def send(self, inquiry: "Inquiry") -> None:
        ident = int.from_bytes(os.urandom(2), "big")
        while ident in self._waiting:
            ident = (ident + 1) % 65536
        self.left -= 1
        self._waiting[ident] = inquiry
        inquiry.ways.append((self, ident))
        with suppress(BlockingIOError):  # lost on the first metre: it will be asked again
            self._socket.send(_wire.message(ident, inquiry.asked))

    def forget(self, ident: int) -> None:
        self._waiting.pop(ident, None)
        if self in self._server.retired and not self._waiting:
            self.close()

    def retire(self) -> None:
        self._server.retired.add(self)
        if not self._waiting:
            self.close()

    def close(self) -> None:
        self._server.retired.discard(self)
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def _readable(self) -> None:
        try:
            while self._socket.fileno() >= 0:
                self._take(self._socket.recv(65535))
        except BlockingIOError:
            return
        except OSError as wrong:  # ICMP told that nobody listens there
            for inquiry in set(self._waiting.values()):
                inquiry.fail(self._server, wrong.strerror or str(wrong))

    def _take(self, wire: bytes) -> None:
        inquiry = self._waiting.get(int.from_bytes(wire[:2], "big"))
        if inquiry is None:
            return
        try:
            answer = _wire.read(wire, inquiry.asked)
        except _wire.Malformed as wrong:
            inquiry.fail(self._server, str(wrong))
            return
        if answer is not None:
            inquiry.take(self._server, answer)
