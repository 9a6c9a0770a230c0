"""Mail servers that misbehave from the begin; each goes on until the client has enough of it."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.minternet.server.peer import Peer


async def endless(peer: Peer, piece: bytes) -> None:
    """The same again and again, as fast as it is read."""
    while True:
        await peer.send(piece * 500)


async def endless_banner(peer: Peer) -> None:
    """A greeting that never comes to its last line."""
    await endless(peer, b"220-and one more line\r\n")


async def endless_line(peer: Peer) -> None:
    """A greeting that never comes to the end of its line."""
    await endless(peer, b"220 and on and on")


async def endless_ehlo(peer: Peer) -> None:
    """An answer to EHLO that never ends."""
    await peer.say(b"220 here\r\n")
    await peer.line()
    await endless(peer, b"250-X-ONE-MORE\r\n")


async def drip(peer: Peer) -> None:
    """A greeting of a byte each third of a second: no read waits long, and all of them for ever."""
    await dripping(peer.say, b"220-")


async def drip_ehlo(peer: Peer) -> None:
    """The same after a good greeting."""
    await peer.say(b"220 here\r\n")
    await peer.line()
    await dripping(peer.say, b"250-")


async def dripping(say: Callable[[bytes], Awaitable[None]], begin: bytes) -> None:
    """Something that grows byte by byte and has no end."""
    while True:
        for byte in begin or b"x":
            await say(bytes([byte]))
            await asyncio.sleep(0.3)
        begin = b""


async def silence(peer: Peer) -> None:
    """Not a word."""
    while True:
        await peer.receive()


async def closes(_peer: Peer) -> None:
    """Hangs up at once."""


async def closes_at_ehlo(peer: Peer) -> None:
    """Hangs up when it is greeted."""
    await peer.say(b"220 here\r\n")
    await peer.line()


SCRIPTS: dict[str, Callable[[Peer], Awaitable[None]]] = {
    script.__name__: script
    for script in (
        endless_banner, endless_line, endless_ehlo, drip, drip_ehlo, silence, closes, closes_at_ehlo
    )
}  # fmt: skip
