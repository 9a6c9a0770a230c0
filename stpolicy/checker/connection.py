"""One connection to a mail server: lines and bytes, bounded; what ends it is one exception.

There is no deadline in here: who uses a connection sets one for all of it, which no drip of bytes puts off.
"""

import asyncio

from stpolicy.checker.faults import fault
from stpolicy.checker.reply import NoReply, ReplyReader
from stpolicy.checker.tls import Channel, Closed, Failed
from stpolicy.model.observation import Fault, Reply, Step, Unreachable

MOST = 256 * 1024
"""Bytes that are taken from a peer."""
_PIECE = 8 * 1024


class Ended(Exception):
    """The connection is of no more use; `why` says where and why."""

    def __init__(self, why: Unreachable) -> None:
        super().__init__(why.message)
        self.why = why


class Connection(asyncio.BufferedProtocol):
    """One connection, in clear until `secure`. `step` is where it stands, and stands in every `Ended`.

    One coroutine uses it. It reads into a buffer of its own: asyncio would make one of 256 KiB for each read.
    """

    def __init__(self) -> None:
        self.step = Step.CONNECT
        self.injected = False
        """Whether anything came in clear between the reply to STARTTLS and the handshake."""
        self.received = 0
        """Bytes that came from the peer."""
        self.orderly = False
        """Whether the peer closed the connection, as against a reset."""
        self._piece = bytearray(_PIECE)
        self._arrived, self._text = bytearray(), bytearray()
        self._replies = ReplyReader()
        self._channel: Channel | None = None
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._lost: tuple[Fault, str] | None = None

    async def open(self, address: str, port: int) -> None:
        """Connects to an address (a literal: no name is looked up)."""
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, address, port)
        except OSError as wrong:
            raise self.ended(*fault(wrong)) from None

    async def reply(self) -> Reply:
        """The next reply, however slow it comes."""
        try:
            while (reply := self._replies.take(self._text)) is None:
                await self._read()
        except NoReply as wrong:
            raise self.ended(wrong.fault, str(wrong)) from None
        return reply

    async def ask(self, command: str) -> Reply:
        """Sends a command, and gives the reply to it."""
        self.send(command.encode("ascii") + b"\r\n")
        return await self.reply()

    def expect(self, reply: Reply, *codes: int) -> None:
        """Ended for a reply with another code."""
        if reply.code not in codes:
            raise self.ended(Fault.REPLY, f"{reply.code} {' '.join(reply.lines)}"[:512], reply.code)

    async def some(self) -> bytes:
        """The next bytes, as they come."""
        while not self._arrived:
            if self._lost:
                raise self.ended(*self._lost)
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        data = bytes(self._arrived)
        self._arrived.clear()
        return data

    async def secure(self, channel: Channel) -> None:
        """Goes on in TLS. What came in clear is noted and forgotten (CVE-2011-0411)."""
        self.step = Step.HANDSHAKE
        self.discard()
        received, first = b"", True
        try:
            while not await channel.shake(received):
                self.send(channel.outgoing())
                received = await self.some()
                self.injected |= first and received[:1].isdigit()  # no record of TLS begins like a reply
                first = False
        except Failed as wrong:
            self.send(channel.outgoing())
            raise self.ended(Fault.TLS, str(wrong)) from None
        self.send(channel.outgoing())
        self._channel = channel

    def discard(self) -> None:
        """Forgets what came in clear after the reply to STARTTLS."""
        self.injected = bool(self._text or self._arrived)
        self._text.clear()
        self._arrived.clear()

    def send(self, data: bytes) -> None:
        """Sends bytes, within TLS once that is there; who reads next hears that the connection has ended."""
        if self._transport is None or self._lost:
            return
        if self._channel:
            try:
                data = self._channel.encrypt(data)
            except Failed:
                return
        self._transport.write(data)

    def close(self, *, politely: bool) -> None:
        """Ends the connection: with QUIT, whose reply is of no interest, or at once."""
        if self._transport is None:
            return
        if self._lost or not politely:
            self._transport.abort()
            return
        self.send(b"QUIT\r\n")
        if self._channel:
            self._transport.write(self._channel.close())
        self._transport.close()

    def ended(self, fault: Fault, message: str, code: int = 0) -> Ended:
        """What to raise when the connection ends at this step."""
        return Ended(Unreachable(self.step, fault, message, code))

    async def _read(self) -> None:
        data = await self.some()
        if self._channel is None:
            self._text += data
            return
        try:
            self._text += self._channel.decrypt(data)
        except Closed as wrong:
            raise self.ended(Fault.CLOSED, str(wrong)) from None
        except Failed as wrong:
            raise self.ended(Fault.TLS, str(wrong)) from None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """For asyncio."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # of create_connection
        self._transport = transport

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002
        """For asyncio."""
        return self._piece

    def buffer_updated(self, nbytes: int) -> None:
        """For asyncio."""
        self.received += nbytes
        if self.received > MOST:
            self._lost = (Fault.OVERSIZED, f"more than {MOST} bytes")
            if self._transport:
                self._transport.abort()
        else:
            self._arrived += self._piece[:nbytes]
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """For asyncio."""
        if self._lost is None:
            self.orderly = exc is None
            self._lost = fault(exc) if isinstance(exc, OSError) else (Fault.CLOSED, "the peer hung up")
        self._wake()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)
