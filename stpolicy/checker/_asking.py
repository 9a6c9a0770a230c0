"""Questions to the name servers: UDP, asked again when lost, TCP when cut short. Bounded in time."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from stpolicy.checker import _wire
from stpolicy.checker._ports import Port, Server
from stpolicy.model.observation import Dns

TIMES = 3
"""How often a question is asked before silence is the answer; each wait is twice the one before."""


@dataclass(frozen=True, slots=True)
class Said:
    """How a question ended: `answer` is that of a server, or says nothing where none gave one."""

    how: Dns
    answer: _wire.Answer = field(default_factory=_wire.Answer)
    trusted: bool = False
    """Whether AD of the server that answered counts."""
    message: str = ""


class Inquiry:
    """One question on its way, maybe to several servers; the first answer counts."""

    def __init__(self, servers: Sequence[Server], asked: bytes, timeout: float) -> None:
        self.asked = asked
        self.ways: list[tuple[Port, int]] = []
        loop = asyncio.get_running_loop()
        self.future: asyncio.Future[tuple[Server, _wire.Answer] | None] = loop.create_future()
        self.complaints: dict[Server, str] = {}
        self._servers = servers
        self._turn, self._pauses = 0, 0
        self._pause = timeout / (2**TIMES - 1)
        self._timer = loop.call_later(self._pause, self._again)
        self._send()

    def take(self, server: Server, answer: _wire.Answer) -> None:
        if answer.rcode not in (0, 3):
            self.fail(server, answer.message)
        elif not self.future.done():
            self.future.set_result((server, answer))

    def fail(self, server: Server, message: str) -> None:
        """Asks the next server; when all have failed, that is the answer."""
        if server not in self.complaints:
            self.complaints[server] = message
            self._send()

    def close(self) -> None:
        self._timer.cancel()
        for port, ident in self.ways:
            port.forget(ident)

    def _again(self) -> None:
        self._pauses += 1
        if self._pauses >= TIMES:
            self._end()
            return
        wait = self._pause * 2**self._pauses
        self._timer = asyncio.get_running_loop().call_later(wait, self._again)
        self._send()

    def _send(self) -> None:
        while not self.future.done():
            left = [server for server in self._servers if server not in self.complaints]
            if not left:
                self._end()
                return
            server = left[self._turn % len(left)]
            self._turn += 1
            try:
                server.send(self)
            except OSError as wrong:
                self.complaints[server] = wrong.strerror or str(wrong)
            else:
                return

    def _end(self) -> None:
        if not self.future.done():
            self.future.set_result(None)


async def ask(servers: Sequence[Server], asked: bytes, timeout: float) -> Said:
    """Puts one question to the servers, in turn where they are silent or fail; `timeout` in seconds."""
    ends = asyncio.get_running_loop().time() + timeout
    inquiry = Inquiry(servers, asked, timeout)
    try:
        found = await inquiry.future
    finally:
        inquiry.close()
    if found is None:
        return _unanswered(servers, inquiry.complaints, timeout)
    server, answer = found
    if answer.truncated:
        return await _by_tcp(server, asked, ends)
    return _answered(server, answer)


def _unanswered(servers: Sequence[Server], complaints: dict[Server, str], timeout: float) -> Said:
    told = "; ".join(f"{server.address[0]}: {message}" for server, message in complaints.items())
    if len(complaints) == len(servers):
        return Said(Dns.ERROR, message=told)
    return Said(Dns.TIME_OUT, message="; ".join(filter(None, [told, f"no answer within {timeout:g} s"])))


def _answered(server: Server, answer: _wire.Answer) -> Said:
    if answer.rcode == 3:
        return Said(Dns.NXDOMAIN, answer, server.trusted)
    return Said(Dns.ANSWER if answer.values else Dns.NO_DATA, answer, server.trusted)


async def _by_tcp(server: Server, asked: bytes, ends: float) -> Said:
    """Asks again where there is room for the answer (RFC 7766 section 5)."""
    try:
        async with asyncio.timeout_at(ends), server.by_tcp:
            answer = await _talk(server, asked)
    except TimeoutError:
        return Said(Dns.TIME_OUT, message=f"{server.address[0]} did not answer over TCP")
    except (OSError, EOFError, _wire.Malformed) as wrong:
        return Said(Dns.ERROR, message=f"{server.address[0]} over TCP: {wrong}")
    if answer is None or answer.truncated:
        return Said(Dns.ERROR, message=f"{server.address[0]} gives no whole answer over TCP")
    if answer.rcode not in (0, 3):
        return Said(Dns.ERROR, message=f"{server.address[0]}: {answer.message}")
    return _answered(server, answer)


async def _talk(server: Server, asked: bytes) -> _wire.Answer | None:
    reader, writer = await asyncio.open_connection(*server.address)
    try:
        ident = int.from_bytes(os.urandom(2), "big")
        sent = _wire.message(ident, asked)
        writer.write(len(sent).to_bytes(2, "big") + sent)
        wire = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
        return _wire.read(wire, asked) if wire[:2] == sent[:2] else None
    finally:
        writer.close()
