"""All servers of the mini-internet but those of DNS, in one process: `… tests.minternet.server FOLDER`.

What it serves stands in FOLDER/hosts. It says `ready`, and goes on until it is ended. At the socket
FOLDER/control it tells what it has counted (JSON), and begins to count anew for who sends `reset`.
"""

import argparse
import asyncio
import json
import os
import pickle
import resource
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from tests.minternet.plan import Host
from tests.minternet.server.certified import Certified
from tests.minternet.server.peer import Peer
from tests.minternet.server.smtp import ENDS, Mail
from tests.minternet.server.tally import Count, Tally
from tests.minternet.server.web import Policies

Serve = Callable[[Peer, str, Count], Awaitable[None]]


class World:
    """The listeners and what stands behind them."""

    def __init__(self, folder: Path, scale: float, latency: float) -> None:
        self._folder, self._latency, self._tally = folder, latency, Tally()
        hosts: list[Host] = pickle.loads((folder / "hosts").read_bytes())
        by_address = {host.address: host for host in hosts}
        certified = Certified(folder / "certificates")
        self._ports: dict[int, Serve] = {
            25: Mail(by_address, certified, scale).serve,
            443: Policies(by_address, certified).serve,
        }

    async def begin(self) -> None:
        """Listens from now on."""
        for port in self._ports:
            for family, everywhere in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
                await asyncio.start_server(self._take, everywhere, port, family=family, backlog=4096)
        await asyncio.start_unix_server(self._tell, self._folder / "control")

    async def _take(self, reader: StreamReader, writer: StreamWriter) -> None:
        address, port, *_ = writer.get_extra_info("sockname")
        peer = Peer(reader, writer, self._latency)
        try:
            with self._tally.one(address, port) as count, suppress(*ENDS):
                await self._ports[port](peer, address, count)
        finally:
            with suppress(*ENDS):
                writer.close()
                await writer.wait_closed()

    async def _tell(self, reader: StreamReader, writer: StreamWriter) -> None:
        if (await reader.readline()).strip() == b"reset":
            self._tally.reset()
        writer.write(json.dumps(self._tally.read()).encode())
        writer.close()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--latency", type=float, default=0.0)
    given = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    await World(given.folder, given.scale, given.latency).begin()
    print("ready", flush=True)
    with (given.folder / "log").open("w") as log:  # nobody reads on: a pipe would fill up, and we would wait
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    await asyncio.Event().wait()


asyncio.run(main())
