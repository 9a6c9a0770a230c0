"""Mail servers that mean ill: H8 to H17 of the list of attacks. None costs more than its bound."""

import asyncio
import tracemalloc
from pathlib import Path
from typing import cast

import pytest

from stpolicy.checker.connection import MOST, Connection, Ended
from stpolicy.checker.tls import Channel, Client
from stpolicy.model.observation import Fault, Reply, Session, Step
from tests.checker.authority import HOST, Party, party
from tests.checker.peer import ENOUGH, Script, Wire, meet, server, serving


def ended(session: Session) -> tuple[Step, Fault]:
    assert session.ended is not None
    return session.ended.step, session.ended.fault


def endless(piece: bytes, *begin: str) -> Script:
    """Answers with each reply in turn, then with the same bytes for ever."""

    async def script(wire: Wire) -> None:
        for reply in begin:
            await wire.say(*reply.split("\n"))
            await wire.hear()
        while True:
            await wire.send(piece)

    return script


def drip(piece: bytes) -> Script:
    """Sends the same bytes again and again, with a pause shorter than any time-out for one read."""

    async def script(wire: Wire) -> None:
        while True:
            await wire.send(piece)
            await asyncio.sleep(0.01)

    return script


@pytest.mark.parametrize(
    ("script", "step"),
    [
        (endless(b"220-and\r\n" * 1000), Step.BANNER),
        (endless(b"250-and\r\n" * 1000, "220 hello"), Step.EHLO),
        (endless(b"220-and\r\n" * 1000, "220 hello", "250-hello\n250 STARTTLS"), Step.STARTTLS),
        (endless(b"220 " + b"x" * 65536), Step.BANNER),
        (endless(b"220-" + b"x" * 2000 + b"\r\n"), Step.BANNER),
    ],
    ids=["H8 banner", "H9 EHLO", "STARTTLS", "H11 line", "reply"],
)
def test_endless_replies(script: Script, step: Step, client: Client) -> None:
    tracemalloc.start()
    try:
        assert ended(meet(script, client).session) == (step, Fault.OVERSIZED)
        assert tracemalloc.get_traced_memory()[1] < 4 * MOST  # of this test's server, too
    finally:
        tracemalloc.stop()


async def all_of(connection: Connection) -> None:
    while True:
        await connection.some()


def test_no_more_is_taken_than_the_bound() -> None:
    async def run() -> Connection:
        connection = Connection()
        async with serving(endless(b"x" * 65536)) as there:
            await connection.open("127.0.0.1", there.port)
            with pytest.raises(Ended) as refused:
                await all_of(connection)
            assert refused.value.why.fault is Fault.OVERSIZED
            connection.close(politely=True)
        return connection

    assert MOST < asyncio.run(asyncio.wait_for(run(), ENOUGH)).received <= MOST + 8192


@pytest.mark.parametrize("piece", [b"2", b"220-", b"220-and\r\n"], ids=["digit", "begin", "line"])
def test_h10_a_drip_puts_no_deadline_off(piece: bytes, client: Client) -> None:
    assert ended(meet(drip(piece), client, timeout=0.25).session) == (Step.BANNER, Fault.TIME_OUT)


def test_silence_ends_with_the_deadline(client: Client) -> None:
    async def script(wire: Wire) -> None:
        await wire.reader.read(1)

    assert ended(meet(script, client, timeout=0.2).session) == (Step.BANNER, Fault.TIME_OUT)


@pytest.mark.parametrize(
    "said",
    ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 400 Bad Request\r\n", "\r\n", "22", "2200 hello\r\n", "099 x\r\n"],
)
def test_h11_what_is_no_smtp(said: str, client: Client) -> None:
    async def script(wire: Wire) -> None:
        await wire.send(said.encode())
        await wire.send(b"\r\n")

    assert ended(meet(script, client).session) == (Step.BANNER, Fault.NOT_SMTP)


@pytest.mark.parametrize("said", [b"220", b"SSH"])
def test_three_bytes_without_an_end(said: bytes, client: Client) -> None:
    async def script(wire: Wire) -> None:
        await wire.send(said)
        await wire.reader.read(1)

    fault = Fault.TIME_OUT if said == b"220" else Fault.NOT_SMTP
    assert ended(meet(script, client, timeout=0.2).session) == (Step.BANNER, fault)


def test_h12_plain_text_before_the_handshake_is_reported_and_forgotten(
    client: Client, good: Party, tmp_path: Path
) -> None:
    context = server(tmp_path, good)

    async def script(wire: Wire) -> None:
        await wire.to_starttls(after=b"250-evil.example\r\n250 STARTTLS\r\n")
        await wire.writer.start_tls(context)
        await wire.answer("250 mx.example.com")

    seen = meet(script, client).session
    assert (seen.injected, seen.ended) == (True, None)
    assert seen.secure == Reply(250, ("mx.example.com",))


def test_h12_plain_text_instead_of_a_handshake(client: Client) -> None:
    async def script(wire: Wire) -> None:
        await wire.to_starttls()
        await wire.reader.read(1)
        await wire.say("250 evil.example")

    seen = meet(script, client).session
    assert seen.injected
    assert ended(seen) == (Step.HANDSHAKE, Fault.TLS)


def test_h12_a_piece_of_a_record_that_begins_like_a_reply_is_no_plain_text() -> None:
    """TCP cuts a large certificate where it likes; here each piece arrives as it is said."""

    class Handshake:
        """Stands in for a channel, since where a real one is cut is chance."""

        def __init__(self) -> None:
            self.pieces = 0

        async def shake(self, received: bytes) -> bool:
            self.pieces += bool(received)
            return self.pieces == 2

        def outgoing(self) -> bytes:
            return b""

    async def arrive() -> bool:
        connection = Connection()

        def say(piece: bytes) -> None:
            connection.get_buffer(-1)[: len(piece)] = piece
            connection.buffer_updated(len(piece))

        securing = asyncio.create_task(connection.secure(cast("Channel", Handshake())))
        for piece in (b"\x16\x03\x03\x40\x00\x0b", b"2 begins like a reply"):
            await asyncio.sleep(0)
            say(piece)
            await asyncio.sleep(0)
        await securing
        return connection.injected

    assert not asyncio.run(arrive())


def test_h14_replies_cannot_play_with_a_terminal(client: Client) -> None:
    async def script(wire: Wire) -> None:
        await wire.send(b"220 \x1b[31m::set-env name=x::\r\x00\xff\xe2\x80\xae" + b"y" * 1000 + b"\r\n")
        await wire.answer("250 hello")

    banner = meet(script, client).session.banner
    assert banner is not None
    assert banner.lines[0].startswith(r"\x1b[31m::set-env name=x::\x0d\x00\xff\xe2\x80\xaeyyy")
    assert len(banner.lines[0]) == 512


@pytest.mark.parametrize(
    "said", [b"\x00" * 100, b"garbage that is no record", b"\x16\x03\x03\x40\x00" + b"\x07" * 16384]
)
def test_h15_tls_garbage(said: bytes, client: Client) -> None:
    async def script(wire: Wire) -> None:
        await wire.to_starttls()
        await wire.reader.read(1)
        await wire.send(said)

    assert ended(meet(script, client).session) == (Step.HANDSHAKE, Fault.TLS)


def test_h15_endless_warnings_within_the_bound(client: Client) -> None:
    async def script(wire: Wire) -> None:
        await wire.to_starttls()
        await wire.reader.read(1)
        while True:
            await wire.send(b"\x15\x03\x01\x00\x02\x01\x70" * 1000)

    step, fault = ended(meet(script, client).session)
    assert step is Step.HANDSHAKE
    assert fault in (Fault.TLS, Fault.OVERSIZED)


def test_h15_silence_in_the_handshake(client: Client) -> None:
    async def script(wire: Wire) -> None:
        await wire.to_starttls()
        await wire.reader.read()

    assert ended(meet(script, client, timeout=0.2).session) == (Step.HANDSHAKE, Fault.TIME_OUT)


def test_h16_a_huge_certificate(client: Client, root: Party, tmp_path: Path) -> None:
    huge = party(HOST, root, names=[f"{number:040}.example.com" for number in range(2500)])
    context = server(tmp_path, huge)

    async def script(wire: Wire) -> None:
        await wire.to_tls(context)

    seen = meet(script, client).session
    assert ended(seen) == (Step.HANDSHAKE, Fault.TLS)
    assert seen.ended is not None
    assert seen.ended.message == "excessive message size"


def test_endless_text_within_tls(client: Client, good: Party, tmp_path: Path) -> None:
    context = server(tmp_path, good)

    async def script(wire: Wire) -> None:
        await wire.to_tls(context)
        while True:
            await wire.send(b"250-and\r\n" * 1000)

    assert ended(meet(script, client).session) == (Step.SECURE, Fault.OVERSIZED)


def test_garbage_within_tls(client: Client, good: Party, tmp_path: Path) -> None:
    context = server(tmp_path, good)

    async def script(wire: Wire) -> None:
        await wire.to_tls(context)
        await wire.hear()
        await wire.send(b"no reply\r\n")

    assert ended(meet(script, client).session) == (Step.SECURE, Fault.NOT_SMTP)
