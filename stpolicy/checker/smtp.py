"""A look at one address of a mail server, as a sending server would make it: EHLO, STARTTLS, EHLO, QUIT."""

import asyncio
from dataclasses import dataclass, replace

from stpolicy.checker.connection import Connection, Ended
from stpolicy.checker.tls import Client, Failed
from stpolicy.model.observation import Fault, Session, Step, Unreachable


@dataclass(frozen=True, slots=True)
class Manner:
    """How to meet a mail server."""

    helo: str
    """Who we say we are (RFC 5321 section 4.1.1.1)."""
    port: int = 25
    timeout: float = 60.0
    """Seconds for one connection, from connect to its last reply, whatever the peer does."""


async def look(host: str, address: str, manner: Manner, client: Client) -> Session:
    """Looks once. Never raises for what a peer or the network does: `ended` says why there is no more."""
    looking = _Look(host, manner, client)
    ended = None
    try:
        async with asyncio.timeout(manner.timeout):
            await looking.at(address)
    except Ended as wrong:
        ended = wrong.why
    except TimeoutError:
        ended = Unreachable(
            looking.connection.step, Fault.TIME_OUT, f"not done in {manner.timeout:g} seconds"
        )
    finally:
        looking.connection.close(politely=ended is None or ended.fault is Fault.REPLY)
    return replace(looking.session, injected=looking.connection.injected, ended=ended)


class _Look:
    """What has been seen so far, so that it outlives a session that ends early."""

    def __init__(self, host: str, manner: Manner, client: Client) -> None:
        self.connection = Connection()
        self.session = Session()
        self._host, self._manner, self._client = host, manner, client

    async def at(self, address: str) -> None:
        connection = self.connection
        await connection.open(address, self._manner.port)
        connection.step = Step.BANNER
        banner = await connection.reply()
        self.session = replace(self.session, banner=banner)
        connection.expect(banner, 220)
        connection.step = Step.EHLO
        await self._hello()
        if self.session.helo is None and self.session.offers_starttls:
            connection.step = Step.STARTTLS
            starttls = await connection.ask("STARTTLS")
            self.session = replace(self.session, starttls=starttls)
            connection.expect(starttls, 220)
            await self._within_tls()

    async def _hello(self) -> None:
        """EHLO, or HELO where that is refused for good, and STARTTLS with it (RFC 5321 section 3.2)."""
        ehlo = await self.connection.ask(f"EHLO {self._manner.helo}")
        self.session = replace(self.session, ehlo=ehlo)
        if ehlo.code < 500:
            self.connection.expect(ehlo, 250)
            return
        helo = await self.connection.ask(f"HELO {self._manner.helo}")
        self.session = replace(self.session, helo=helo)
        self.connection.expect(helo, 250)

    async def _within_tls(self) -> None:
        """The handshake, and EHLO anew: what was offered in clear no longer counts (RFC 3207 section 4.2)."""
        channel = self._client.session(self._host)
        await self.connection.secure(channel)
        try:
            self.session = replace(self.session, tls=channel.facts())
        except Failed as wrong:
            raise self.connection.ended(Fault.TLS, str(wrong)) from None
        self.connection.step = Step.SECURE
        secure = await self.connection.ask(f"EHLO {self._manner.helo}")
        self.session = replace(self.session, secure=secure)
        self.connection.expect(secure, 250)
