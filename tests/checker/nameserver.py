"""A name server on the loopback interface, UDP and TCP, that says what a test has it say."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar, cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from stpolicy.checker.dns import Resolver

T = TypeVar("T")

Said = dns.message.Message | bytes | None
"""None is silence."""

Behaviour = Callable[[dns.message.Message, str], Said]
"""What to say to a question that came over `udp` or `tcp`."""

SOA = "ns.example.org. hostmaster.example.org. 1 3600 600 86400 300"


class NameServer(asyncio.DatagramProtocol):
    """Answers from `zone`: (name, type) to the texts of records. `behaviours` by name go first."""

    def __init__(self) -> None:
        self.zone: dict[tuple[str, str], list[str]] = {}
        self.behaviours: dict[str, Behaviour] = {}
        self.asked: list[tuple[str, str]] = []
        self.questions: list[dns.message.Message] = []
        self.ports: set[int] = set()
        self.authentic = False
        self.tcp: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] | None = None
        self.address = ("127.0.0.1", 0)
        self._transport: asyncio.DatagramTransport | None = None

    def put(self, name: str, kind: str, *texts: str) -> None:
        """Adds records."""
        self.zone[name, kind] = list(texts)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.ports.add(addr[1])
        said = self._said(data, "udp")
        if said is not None and self._transport is not None:
            self._transport.sendto(said, addr)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One question over TCP."""
        try:
            if self.tcp is not None:
                await self.tcp(reader, writer)
                return
            size = int.from_bytes(await reader.readexactly(2), "big")
            said = self._said(await reader.readexactly(size), "tcp")
            if said is None:
                await reader.read()
            else:
                writer.write(len(said).to_bytes(2, "big") + said)
                await writer.drain()
        finally:
            writer.close()

    def answer(self, question: dns.message.Message) -> dns.message.Message:
        """What the zone says, as an authoritative server that also knows the ends of its CNAMEs."""
        said = dns.message.make_response(question)
        name, kind = _asked(question)
        hops = 0
        while kind != "CNAME" and (name, "CNAME") in self.zone and hops < 12:
            hops += 1
            said.answer.append(rrset(name, "CNAME", *self.zone[name, "CNAME"]))
            name = self.zone[name, "CNAME"][0].removesuffix(".").lower()
        if (name, kind) in self.zone:
            said.answer.append(rrset(name, kind, *self.zone[name, kind]))
        else:
            said.authority.append(rrset("org", "SOA", SOA))
            if all(known != name for known, _ in self.zone):
                said.set_rcode(dns.rcode.NXDOMAIN)
        if self.authentic:
            said.flags |= dns.flags.AD
        return said

    def _said(self, data: bytes, way: str) -> bytes | None:
        question = dns.message.from_wire(data)
        self.questions.append(question)
        self.asked.append(_asked(question))
        behaviour = self.behaviours.get(_asked(question)[0])
        said: Said = behaviour(question, way) if behaviour else self.answer(question)
        if isinstance(said, dns.message.Message):
            return said.to_wire(max_size=65535)
        return said


def rrset(name: str, kind: str, *texts: str) -> dns.rrset.RRset:
    """Records of one name and type."""
    return dns.rrset.from_text_list(
        dns.name.from_text(name), 300, dns.rdataclass.IN, dns.rdatatype.from_text(kind), texts
    )


def _asked(question: dns.message.Message) -> tuple[str, str]:
    one = question.question[0]
    return one.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(one.rdtype)


def saying(rcode: dns.rcode.Rcode) -> Behaviour:
    """An error."""

    def say(question: dns.message.Message, _: str) -> dns.message.Message:
        said = dns.message.make_response(question)
        said.set_rcode(rcode)
        return said

    return say


def silent(_question: dns.message.Message, _way: str) -> None:
    """No answer, ever."""


@asynccontextmanager
async def serving() -> AsyncIterator[NameServer]:
    """A name server with a port of its own."""
    server = NameServer()
    loop = asyncio.get_running_loop()
    listener = await asyncio.start_server(server.talk, "127.0.0.1", 0)
    server.address = listener.sockets[0].getsockname()
    transport, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=server.address)
    try:
        yield server
    finally:
        transport.close()
        listener.close()
        await listener.wait_closed()


@contextmanager
def threaded() -> Iterator[NameServer]:
    """The same for who runs no loop: in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    there = serving()
    try:
        yield asyncio.run_coroutine_threadsafe(there.__aenter__(), loop).result(20)
    finally:
        asyncio.run_coroutine_threadsafe(there.__aexit__(None, None, None), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def asking(
    prepare: Callable[[NameServer], object],
    ask: Callable[[Resolver], Awaitable[T]],
    *,
    timeout: float = 30,
) -> T:
    """What a resolver says that asks a server which was prepared."""

    async def run() -> T:
        async with serving() as server:
            prepare(server)
            with Resolver([server.address], timeout=timeout) as resolver:
                return await ask(resolver)

    return asyncio.run(run())
