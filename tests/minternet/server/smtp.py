"""A mail server as its row in the table has it (RFC 5321, RFC 3207)."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from tests.minternet import bulk
from tests.minternet.behaviour import Smtp, Tls
from tests.minternet.plan import Host
from tests.minternet.server import contexts, handshakes, hostile
from tests.minternet.server.certified import Certified
from tests.minternet.server.peer import Peer
from tests.minternet.server.tally import Count


@dataclass(frozen=True, slots=True)
class Mail:
    """All mail servers: by address, and their certificates; delays are made longer or shorter by `scale`."""

    hosts: Mapping[str, Host]
    certified: Certified
    scale: float

    async def serve(self, peer: Peer, address: str, count: Count) -> None:
        """One session."""
        host = self.hosts.get(address) or bulk.at(address)
        if host is None or not isinstance(host.behaviour, Smtp):
            return
        smtp = host.behaviour
        if smtp.at_once and count.open > smtp.at_once:
            await peer.say(b"421 4.7.0 too many connections\r\n")
        elif smtp.script:
            await hostile.SCRIPTS[smtp.script](peer)
        elif await self._greet(peer, host, smtp):
            await self._converse(peer, host, smtp, count)

    async def _greet(self, peer: Peer, host: Host, smtp: Smtp) -> bool:
        """The banner; all but its last line comes at once, and whoever talks before that is thrown out."""
        *first, last = _lines(smtp.banner, host)
        if first:
            await peer.say(b"".join(first))
        if smtp.delay:
            try:
                await asyncio.wait_for(peer.receive(), smtp.delay * self.scale)
            except TimeoutError:
                pass
            else:
                await peer.say(b"521 5.5.1 you talk too early\r\n")
                return False
        await peer.say(last)
        return last.startswith(b"220")

    async def _converse(self, peer: Peer, host: Host, smtp: Smtp, count: Count) -> None:
        tls = smtp.tls
        while True:
            verb, _, argument = (await peer.line()).decode("ascii", "replace").strip().partition(" ")
            match verb.upper():
                case "EHLO":
                    count.greeted.append(argument)
                    await peer.say(_to_ehlo(smtp, tls, host, argument))
                case "HELO":
                    await peer.say(_all(smtp.helo, host))
                case "STARTTLS" if tls:
                    if smtp.starttls.startswith("220"):
                        if not await self._secure(peer, host, smtp, tls):
                            return None
                        tls = None
                    else:
                        await peer.say(_all(smtp.starttls, host))
                case "QUIT":
                    return await peer.say(b"221 2.0.0 bye\r\n")
                case "STARTTLS":
                    await peer.say(b"502 5.5.1 no\r\n")
                case _:
                    await peer.say(b"250 2.0.0 ok\r\n")

    async def _secure(self, peer: Peer, host: Host, smtp: Smtp, tls: Tls) -> bool:
        """STARTTLS; false when the session is over with it."""
        go_on = _all(smtp.starttls, host) + smtp.injected.encode()
        if tls.ciphers.startswith("tlslite"):
            transport = peer.writer.transport
            assert isinstance(transport, asyncio.Transport)
            transport.pause_reading()
            await peer.say(go_on)
            await contexts.weakly(peer, tls, self.certified.path(host.address))
            return False
        await peer.say(go_on)
        if tls.script:
            return await handshakes.SCRIPTS[tls.script](peer, self.certified.context(host.address, tls))
        await peer.secure(self.certified.context(host.address, tls))
        return True


def _to_ehlo(smtp: Smtp, tls: Tls | None, host: Host, name: str) -> bytes:
    if smtp.picky and not _is_host(name):
        return b"550 5.7.1 who are you?\r\n"
    if smtp.ehlo:
        return _all(smtp.ehlo, host)
    words = [word for word in smtp.offers.split() if tls or word.upper() != "STARTTLS"]
    said = [host.name, *words]
    return b"".join(f"250{' ' if word is said[-1] else '-'}{word}\r\n".encode() for word in said)


def _is_host(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return "." in name and not name.startswith("localhost")
    return False


def _lines(reply: str, host: Host) -> list[bytes]:
    return [f"{line}\r\n".encode() for line in reply.format(host=host.name).split("\r\n")]


def _all(reply: str, host: Host) -> bytes:
    return b"".join(_lines(reply, host))


ENDS = (EOFError, ConnectionError, ssl.SSLError, TimeoutError)
"""How a session may end beside QUIT."""
