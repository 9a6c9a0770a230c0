"""A mail server on the loopback interface that follows a script, and a look at it."""

import asyncio
import socket
import ssl
import struct
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from stpolicy.checker.smtp import Manner, look
from stpolicy.checker.tls import Client
from stpolicy.model.observation import Session
from tests.checker.authority import HOST, Party

ENOUGH = 20.0
"""Seconds that no test comes near unless something hangs."""


@dataclass
class Wire:
    """One connection, as the server has it. `heard` is every command, and who each came from."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heard: list[str] = field(default_factory=list)

    async def say(self, *lines: str) -> None:
        await self.send("".join(f"{line}\r\n" for line in lines).encode("latin-1"))

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self) -> str:
        """The next command; empty when the client has gone."""
        line = (await self.reader.readline()).decode().strip()
        self.heard.append(line)
        return line

    async def answer(self, *lines: str) -> str:
        command = await self.hear()
        await self.say(*lines)
        return command

    async def to_starttls(self, *, after: bytes = b"") -> None:
        """Everything up to the reply to STARTTLS, which other bytes may follow at once."""
        await self.say("220 mx.example.com ESMTP")
        await self.answer("250-mx.example.com", "250 STARTTLS")
        await self.hear()
        await self.send(b"220 go ahead\r\n" + after)

    async def to_tls(self, context: ssl.SSLContext) -> None:
        await self.to_starttls()
        await self.writer.start_tls(context)

    def hang_up(self) -> None:
        """Ends the connection in order."""
        self.writer.close()

    def reset(self) -> None:
        """Ends the connection with a reset."""
        there = self.writer.get_extra_info("socket")
        there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def rest(self) -> None:
        """What the client says last, up to its end."""
        while not self.writer.is_closing() and await self.hear():
            pass


Script = Callable[[Wire], Awaitable[None]]


@dataclass
class Server:
    """Where a script is followed, and the connections so far."""

    port: int = 0
    wires: list[Wire] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def heard(self) -> list[str]:
        """Every command, once all clients have gone."""
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=ENOUGH)
        return [line for wire in self.wires for line in wire.heard if line]


@asynccontextmanager
async def serving(script: Script, address: str = "127.0.0.1") -> AsyncIterator[Server]:
    """A server on a free port that follows the script with each client, and listens until it goes."""
    there = Server()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there.wires.append(wire := Wire(reader, writer))
        if task := asyncio.current_task():
            there.tasks.append(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await script(wire)
            await wire.rest()
        writer.transport.abort()

    server = await asyncio.start_server(met, address, 0)
    there.port = server.sockets[0].getsockname()[1]
    try:
        yield there
    finally:
        server.close()
        for task in there.tasks:
            task.cancel()
        await asyncio.gather(*there.tasks, return_exceptions=True)


@dataclass
class Met:
    """What came of a look, and what the server heard."""

    session: Session
    heard: list[str]


def meet(script: Script, client: Client, *, timeout: float = ENOUGH, address: str = "127.0.0.1") -> Met:
    """One look at a server that follows the script; waits until the server has heard everything."""

    async def run() -> Met:
        async with serving(script, address) as there:
            session = await look(HOST, address, Manner("probe.example.net", there.port, timeout), client)
            return Met(session, await there.heard())

    return asyncio.run(run())


def server(
    folder: Path,
    own: Party,
    *others: Party,
    lowest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
    highest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    ciphers: str = "ALL:@SECLEVEL=0",
) -> ssl.SSLContext:
    """The TLS side of a server that presents these certificates, and takes what is old when asked to."""
    file = folder / f"{own.certificate.serial_number:x}-{len(others)}.pem"
    file.write_bytes(own.key_pem() + b"".join(one.pem() for one in (own, *others)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(ciphers)
    context.load_cert_chain(file)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version, context.maximum_version = lowest, highest
    return context
