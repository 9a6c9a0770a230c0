"""Servers that misbehave after 220 to STARTTLS. Each says whether the session goes on."""

import os
import ssl
from collections.abc import Awaitable, Callable

from tests.minternet.server import hostile
from tests.minternet.server.peer import Peer


async def garbage(peer: Peer, _context: ssl.SSLContext) -> bool:
    """What is no record of TLS."""
    await peer.receive()
    await peer.send(b"\0\1garbage that no client takes for a handshake\r\n")
    return False


async def silence(peer: Peer, _context: ssl.SSLContext) -> bool:
    """No answer to the ClientHello."""
    await hostile.silence(peer)
    return False


async def drip(peer: Peer, _context: ssl.SSLContext) -> bool:
    """The begin of a ServerHello of 16 KiB, byte by byte."""
    await peer.receive()
    await hostile.dripping(peer.send, b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03")
    return False


async def closes(peer: Peer, _context: ssl.SSLContext) -> bool:
    """Hangs up at the ClientHello."""
    await peer.receive()
    return False


async def endless_within(peer: Peer, context: ssl.SSLContext) -> bool:
    """Good TLS, and in it an answer to EHLO that never ends."""
    await peer.secure(context)
    await peer.line()
    while True:
        await peer.say(b"250-X-ONE-MORE\r\n" * 500)


async def wants_certificate(peer: Peer, context: ssl.SSLContext) -> bool:
    """Takes nobody without a certificate; with TLS 1.3 that comes out after the client's last word."""
    context.verify_mode = ssl.CERT_REQUIRED
    await peer.secure(context)
    return True


async def garbage_within(peer: Peer, context: ssl.SSLContext) -> bool:
    """Good TLS, and then a record that is none of this session."""
    await peer.secure(context)
    await peer.line()
    await peer.send(b"\x17\x03\x03\x00\x20" + bytes(32))
    return False


async def small_hello(peer: Peer, context: ssl.SSLContext) -> bool:
    """Hangs up on a ClientHello of more than 1400 bytes, as devices do that know none in two packets."""
    hello = await peer.receive()
    if int.from_bytes(hello[3:5]) > 1400:
        return False
    await peer.secure(context, hello)
    return True


async def sslv2(peer: Peer, context: ssl.SSLContext) -> bool:
    """Takes the CLIENT-HELLO of SSL 2.0, and good TLS from all others.

    Its SERVER-HELLO (draft-hickman-netscape-ssl-00 section 2.6): no session, an X.509 certificate,
    version 2, a cipher, and a connection id. There is no more to it: nobody goes on from there.
    """
    hello = await peer.receive()
    if not (hello[0] & 0x80 and hello[2] == 1 and hello[3:5] == b"\0\2"):
        await peer.secure(context, hello)
        return True
    certificate, ciphers, connection = b"\x30\x03\x02\x01\x00", b"\x01\x00\x80", os.urandom(16)
    lengths = b"".join(len(part).to_bytes(2) for part in (certificate, ciphers, connection))
    said = b"\x04\x00\x01\x00\x02" + lengths + certificate + ciphers + connection
    await peer.send((0x8000 | len(said)).to_bytes(2) + said)
    await peer.receive()
    return False


SCRIPTS: dict[str, Callable[[Peer, ssl.SSLContext], Awaitable[bool]]] = {
    script.__name__: script
    for script in (
        garbage, silence, drip, closes, endless_within, wants_certificate, garbage_within, small_hello, sslv2
    )
}  # fmt: skip
