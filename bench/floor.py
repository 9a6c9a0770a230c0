"""The least that a look at mail servers can cost: a bare asyncio client that judges nothing.

python bench/floor.py RESOLVER CA_FILE CONCURRENCY FILE_OF_DOMAINS

For each domain it asks the questions of DNS that `stpolicy check` asks, and makes its connections: one
with banner, EHLO, STARTTLS and a verified handshake, and three that end with the answer to a hello of old
versions. Each host is looked at once. It keeps nothing, allows for no fault, and prints how many handshakes
came about.
"""

import asyncio
import ssl
import struct
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import cast

A, MX, TXT, AAAA, TLSA = 1, 15, 16, 28, 52
HELLO = bytes.fromhex("16030100330100002f0302") + bytes(32) + bytes.fromhex("0000080035002f000a00050100")
"""A ClientHello of TLS 1.1 with four ciphers and no extension; the answer to it is not looked at."""


class Dns(asyncio.DatagramProtocol):
    """Questions over one socket, told apart by their number."""

    def __init__(self) -> None:
        self.open: dict[int, asyncio.Future[bytes]] = {}
        self.number = 0
        self.room = asyncio.Semaphore(256)  # more at once overflow the socket of the name server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, _address: object) -> None:
        if answer := self.open.pop(int.from_bytes(data[:2], "big"), None):
            answer.set_result(data)

    async def ask(self, name: str, kind: int) -> list[tuple[int, int, bytes]]:
        """The records of that type in the answer: where their data starts, and the message."""
        number = self.number = (self.number + 1) % 65536
        labels = b"".join(bytes([len(label)]) + label for label in name.encode().split(b"."))
        head = struct.pack(">6H", number, 0x0120, 1, 0, 0, 1)
        edns = struct.pack(">BHHIH", 0, 41, 1232, 0x8000, 0)
        async with self.room:
            while True:
                answer = self.open[number] = asyncio.get_running_loop().create_future()
                self.transport.sendto(head + labels + struct.pack(">BHH", 0, kind, 1) + edns)
                try:
                    async with asyncio.timeout(2):
                        return _records(await answer, kind)
                except TimeoutError:
                    continue  # lost: it is asked again


def _records(data: bytes, kind: int) -> list[tuple[int, int, bytes]]:
    found = []
    position = _after_name(data, 12) + 4
    for _ in range(int.from_bytes(data[6:8], "big")):
        position = _after_name(data, position)
        this, _, _, length = struct.unpack_from(">HHIH", data, position)
        position += 10
        if this == kind:
            found.append((position, length, data))
        position += length
    return found


def _after_name(data: bytes, position: int) -> int:
    while length := data[position]:
        if length >= 0xC0:
            return position + 2
        position += length + 1
    return position + 1


def _name(data: bytes, position: int) -> str:
    labels = []
    while length := data[position]:
        if length >= 0xC0:
            position = int.from_bytes(data[position : position + 2], "big") & 0x3FFF
        else:
            labels.append(data[position + 1 : position + 1 + length])
            position += length + 1
    return b".".join(labels).decode()


class Floor:
    """One run; a host is looked at by the first domain that names it."""

    def __init__(self, dns: Dns, context: ssl.SSLContext, concurrency: int) -> None:
        self.dns = dns
        self.context = context
        self.slots = asyncio.Semaphore(concurrency)
        self.hosts: dict[str, asyncio.Task[None]] = {}
        self.handshakes = 0

    async def domain(self, name: str) -> None:
        mx, _, _ = await asyncio.gather(
            self.dns.ask(name, MX),
            self.dns.ask(f"_mta-sts.{name}", TXT),
            self.dns.ask(f"_smtp._tls.{name}", TXT),
        )
        for position, _, data in mx:
            host = _name(data, position + 2)
            if host not in self.hosts:
                self.hosts[host] = asyncio.create_task(self.host(host))
            await self.hosts[host]

    async def host(self, name: str) -> None:
        found = await asyncio.gather(
            self.dns.ask(name, A), self.dns.ask(name, AAAA), self.dns.ask(f"_25._tcp.{name}", TLSA)
        )
        for position, length, data in found[0] + found[1]:
            address = str(ip_address(data[position : position + length]))
            async with self.slots:
                await self.handshake(name, address)
                for _ in range(3):
                    await self.hello(address)

    async def handshake(self, name: str, address: str) -> None:
        reader, writer = await self.starttls(address)
        await writer.start_tls(self.context, server_hostname=name)
        self.handshakes += 1
        writer.write(b"EHLO floor.example.org\r\n")
        await _reply(reader)
        writer.write(b"QUIT\r\n")
        await _reply(reader)
        writer.close()

    async def hello(self, address: str) -> None:
        reader, writer = await self.starttls(address)
        writer.write(HELLO)
        await reader.read(4096)
        writer.close()

    async def starttls(self, address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(address, 25)
        await _reply(reader)
        writer.write(b"EHLO floor.example.org\r\n")
        await _reply(reader)
        writer.write(b"STARTTLS\r\n")
        await _reply(reader)
        return reader, writer


async def _reply(reader: asyncio.StreamReader) -> None:
    while (await reader.readline())[3:4] == b"-":
        pass


async def main(resolver: str, ca_file: str, concurrency: int, names: Iterator[str]) -> None:
    context = ssl.create_default_context(cafile=ca_file)
    loop = asyncio.get_running_loop()
    _, dns = await loop.create_datagram_endpoint(Dns, remote_addr=(resolver, 53))
    floor = Floor(dns, context, concurrency)

    async def work() -> None:
        for name in names:
            await floor.domain(name)

    await asyncio.gather(*(work() for _ in range(2 * concurrency)))
    print(floor.handshakes)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), iter(Path(sys.argv[4]).read_text().split())))
