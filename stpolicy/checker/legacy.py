"""Probes for what is old or weak, one connection after the other: SSLv2 to TLS 1.1, and weak ciphers."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from stpolicy.checker.answer import Answer, Word, answer, ssl2, ssl2_answer, versions, weak
from stpolicy.checker.connection import Connection, Ended
from stpolicy.checker.hello import Version, hello, ssl2_hello, weak_hello
from stpolicy.checker.smtp import Manner
from stpolicy.model.observation import OLD, Probe, Step

_LARGEST = 16 * 1024
_PATIENCE = 5.0
"""Seconds for the answer to a hello; a server that speaks TLS at all has it at hand."""


async def probe(
    host: str, address: str, manner: Manner, *, timeout: float = 60.0, pause: float = 0.0
) -> dict[str, Probe]:
    """Probes once, by the names of OLD. Never raises for what a peer or the network does.

    `timeout` is in seconds, for all connections together; `pause` too, between one and the next. When one
    does not come as far as its hello, the server has had enough of us: what is left is not tested.
    """
    probing = _Probing(host, address, manner, pause)
    with suppress(Ended, TimeoutError):
        async with asyncio.timeout(timeout):
            await probing.all()
    return probing.probes


class _Probing:
    """What is known so far, so that it outlives the time-out."""

    def __init__(self, host: str, address: str, manner: Manner, pause: float) -> None:
        self.probes = dict.fromkeys(OLD, Probe.NOT_TESTED)
        self._host, self._address, self._manner, self._pause = host, address, manner, pause

    async def all(self) -> None:
        version: Version | None = Version.TLS11
        while version is not None:
            said = await self._said(hello(version, self._host), answer)
            known, version = versions(version, said)
            self.probes |= known
            await asyncio.sleep(self._pause)
        self.probes["SSLv2"] = ssl2(await self._said(ssl2_hello(), ssl2_answer))
        await asyncio.sleep(self._pause)
        self.probes["weak"] = weak(await self._said(weak_hello(self._host), answer))

    async def _said(self, said: bytes, read: Callable[[bytes], Answer]) -> Answer:
        """What the server answers to a hello. Ended or TimeoutError when it does not come to that."""
        connection = Connection()
        try:
            async with asyncio.timeout(self._manner.timeout):
                await self._to_starttls(connection)
            connection.send(said)
            return await _heard(connection, read)
        finally:
            connection.close(politely=False)

    async def _to_starttls(self, connection: Connection) -> None:
        await connection.open(self._address, self._manner.port)
        connection.step = Step.BANNER
        connection.expect(await connection.reply(), 220)
        connection.step = Step.EHLO
        connection.expect(await connection.ask(f"EHLO {self._manner.helo}"), 250)
        connection.step = Step.STARTTLS
        connection.expect(await connection.ask("STARTTLS"), 220)
        connection.step = Step.HANDSHAKE
        connection.discard()


async def _heard(connection: Connection, read: Callable[[bytes], Answer]) -> Answer:
    """The answer, as far as it is clear. To hang up in order without one is to refuse; a reset is none."""
    data = b""
    try:
        async with asyncio.timeout(_PATIENCE):
            while (said := read(data)) is Word.MORE and len(data) < _LARGEST:
                data += await connection.some()
    except Ended:
        return Word.NO if connection.orderly and not data else Word.NONSENSE
    except TimeoutError:
        return Word.NONSENSE
    return said
