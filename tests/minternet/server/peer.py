"""One connection as a server sees it: lines in, bytes out, TLS when it is time."""

import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass, field

LONGEST = 64 * 1024


@dataclass(slots=True)
class Peer:
    """A client. `latency` is that of a round trip, in seconds: what we send comes so much later."""

    reader: StreamReader
    writer: StreamWriter
    latency: float
    _tls: ssl.SSLObject | None = None
    _in: ssl.MemoryBIO = field(default_factory=ssl.MemoryBIO)
    _out: ssl.MemoryBIO = field(default_factory=ssl.MemoryBIO)
    _read: bytearray = field(default_factory=bytearray)

    async def say(self, said: bytes) -> None:
        """Sends something."""
        if self._tls:
            self._tls.write(said)
            said = self._out.read()
        await self.send(said)

    async def send(self, raw: bytes) -> None:
        """Sends something as it is."""
        if self.latency:
            await asyncio.sleep(self.latency)
        self.writer.write(raw)
        await self.writer.drain()

    async def receive(self) -> bytes:
        """What comes, as it is; EOFError at the end."""
        raw = await self.reader.read(LONGEST)
        if not raw:
            raise EOFError
        return raw

    async def line(self) -> bytes:
        """The next line."""
        while b"\n" not in self._read:
            self._read += await self._more()
            if len(self._read) > LONGEST:
                raise EOFError
        end = self._read.index(b"\n") + 1
        line = bytes(self._read[:end])
        del self._read[:end]
        return line

    async def secure(self, context: ssl.SSLContext, begun: bytes = b"") -> str | None:
        """Shakes hands, where the client's first bytes may be there already; gives the version."""
        self._read.clear()  # what was said before TLS is not said within it (RFC 3207 section 4.2)
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self._in.write(begun)
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                if flight := self._out.read():
                    await self.send(flight)
                self._in.write(await self.receive())
            except ssl.SSLError:
                self.writer.write(self._out.read())  # the alert
                raise
            else:
                break
        self.writer.write(self._out.read())
        return self._tls.version()

    async def _more(self) -> bytes:
        if not self._tls:
            return await self.receive()
        while True:
            try:
                if not (data := self._tls.read(LONGEST)):
                    raise EOFError
            except ssl.SSLWantReadError:
                self.writer.write(self._out.read())
                self._in.write(await self.receive())
            else:
                return data
