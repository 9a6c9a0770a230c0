"""The web servers of MTA-STS policies (RFC 8461 section 3.3); which it is depends on the address."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass

from tests.minternet.behaviour import Tls, Web
from tests.minternet.plan import Host
from tests.minternet.server import hostile
from tests.minternet.server.certified import Certified
from tests.minternet.server.peer import Peer
from tests.minternet.server.tally import Count

_PATH = b"/.well-known/mta-sts.txt"


@dataclass(frozen=True, slots=True)
class Policies:
    """All policy hosts, by address."""

    hosts: Mapping[str, Host]
    certified: Certified

    async def serve(self, peer: Peer, address: str, _count: Count) -> None:
        """One request."""
        host = self.hosts.get(address)
        if host is None or not isinstance(host.behaviour, Web):
            return
        web = host.behaviour
        await peer.secure(self.certified.context(address, Tls(web.cert)))
        asked = await peer.line()
        head = {}
        while line := (await peer.line()).strip():
            name, _, value = line.partition(b":")
            head[name.lower()] = value.strip().lower()
        if asked.split(b" ")[1:2] != [_PATH] or head.get(b"host") != host.name.encode():
            web = Web("no", "404 Not Found")
        await _answer(peer, web, web.body.replace("{domain}", host.domain).encode())


async def _answer(peer: Peer, web: Web, body: bytes) -> None:
    headers = web.headers
    if web.script == "gzip":
        headers, body = f"{headers}\r\nContent-Encoding: gzip", gzip.compress(body)
    said = f"HTTP/1.1 {web.status}\r\nConnection: close\r\n{headers}\r\n"
    if web.script == "huge":
        await peer.say(f"{said}\r\n".encode() + body)
        while True:
            await peer.say(b"x-more: of the same\r\n" * 500)
    if web.script == "drip":
        await peer.say(f"{said}Content-Length: 60000\r\n\r\n".encode())
        await hostile.dripping(peer.say, b"version")
    await peer.say(f"{said}Content-Length: {len(body)}\r\n\r\n".encode() + body)
