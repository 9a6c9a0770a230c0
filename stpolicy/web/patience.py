"""The server's protocol, with bounds more: how long requests and answers take, how many clients connect."""

import asyncio
import json
import resource
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from stpolicy.web import guard
from stpolicy.web.asking import network
from stpolicy.web.places import Taken

HEAD_SECONDS = 10
"""From the first moment of a connection, or of a further request on it, until its head is there."""

TAKE_SECONDS = 30
"""Until a client has taken what has been written to it."""

MOST_CONNECTIONS = 64
"""Of one client at once, unless it is a proxy of ours."""


class Impatient(H11Protocol):
    """HTTP/1.1 for clients that keep to time."""

    connected: ClassVar = Taken()
    """Connections to this process by client."""

    _late: asyncio.TimerHandle | None = None
    _untaken: asyncio.TimerHandle | None = None
    _counted = ""
    _work: "asyncio.Task[None] | None" = None
    _refused = False

    def connection_made(self, transport: Any) -> None:
        """Refuses one connection too many."""
        super().connection_made(transport)
        self.app = self._answered
        address = self.client[0] if self.client else ""
        if not _is_one_of(address, tuple(self.config.forwarded_allow_ips or ())):
            self._counted = network(address)
            self.connected[self._counted] += 1
        if self.connected[self._counted] > MOST_CONNECTIONS or len(self.connections) > _room():
            transport.abort()
            return
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Counts down; nobody works on for a client who has gone."""
        if self._work is not None:
            self._work.cancel()
        if self._counted:
            self.connected.give_back(self._counted)
        self._arrived()
        self._taken()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The service ends: whoever waits for a scan, or follows one, gets the end of its answer now."""
        self.app_state[guard.STOPPING].set()
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        """Knows whether a request is there, or still to come."""
        if self._refused:
            return
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete and not self._refused:
            self._arrived()
        else:
            self._expect()

    def pause_writing(self) -> None:
        """The client takes less than it has asked for."""
        super().pause_writing()
        self._untake()

    def resume_writing(self) -> None:
        """It goes on."""
        self._taken()
        super().resume_writing()

    def on_response_complete(self) -> None:
        """What is left in the buffer holds the connection open, even one that has been closed."""
        if self.transport.get_write_buffer_size():
            self._untake()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP gets an answer like any other, and time to read it: a reset would destroy it."""
        self._refused = True
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()  # an answer is under way already
            return
        body = json.dumps({"status_code": 400, "message": msg, "response": {}}).encode()
        length = (b"content-length", str(len(body)).encode())
        kind = (b"content-type", b"application/json")
        headers = [kind, length, (b"connection", b"close"), *guard.RAW]
        answer = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
        for event in (answer, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.write_eof()

    async def _answered(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers a request, unless it is given up: then its client has gone, or the service ends."""
        self._work = asyncio.current_task()
        with suppress(asyncio.CancelledError):
            await self.config.loaded_app(scope, receive, send)

    def _expect(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _arrived(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _untake(self) -> None:
        if self._untaken is None:
            self._untaken = self.loop.call_later(TAKE_SECONDS, self._give_up)

    def _taken(self) -> None:
        if self._untaken is not None:
            self._untaken.cancel()
            self._untaken = None

    def _give_up(self) -> None:
        self._untaken = None
        if self.transport.get_write_buffer_size():
            self.transport.abort()


@lru_cache(maxsize=1)
def _room() -> int:
    """Connections in all: some descriptors are left for the database and for mail servers.

    And for connections that asyncio has taken, a backlog at a time, and not closed yet.
    """
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(most // 8, most - 512)


@lru_cache(maxsize=4096)
def _is_one_of(address: str, networks: tuple[str, ...]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in ip_network(one) for one in networks)
