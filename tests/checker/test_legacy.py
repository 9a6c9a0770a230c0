"""Probes for what is old or weak, against servers that really speak it."""

import asyncio
import socket
import ssl
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from stpolicy.checker.legacy import probe
from stpolicy.checker.smtp import Manner
from stpolicy.model.observation import OLD, Probe
from tests.checker.authority import HOST, Party, party
from tests.checker.old_server import HandshakeSettings, tlslite
from tests.checker.peer import ENOUGH, Script, Wire, server, serving

YES, NO, UNKNOWN = Probe.ACCEPTED, Probe.REFUSED, Probe.NOT_TESTED
V = ssl.TLSVersion


def probed(script: Script, *, timeout: float = ENOUGH) -> dict[str, Probe]:
    async def run() -> dict[str, Probe]:
        async with serving(script) as there:
            async with asyncio.timeout(ENOUGH):
                return await at(there.port, timeout=timeout)

    return asyncio.run(run())


async def at(port: int, *, timeout: float = ENOUGH) -> dict[str, Probe]:
    return await probe(HOST, "127.0.0.1", Manner("probe.example.net", port, ENOUGH), timeout=timeout)


def answers(
    *, versions: Probe | tuple[Probe, Probe, Probe] = NO, ssl2: Probe = NO, weak: Probe = NO
) -> dict[str, Probe]:
    """SSLv3, TLS 1.0 and TLS 1.1 in this order, and the others."""
    three = versions if isinstance(versions, tuple) else (versions,) * 3
    return dict(zip(OLD, (ssl2, *three, weak), strict=True))


def openssl(context: ssl.SSLContext) -> Script:
    async def script(wire: Wire) -> None:
        with suppress(ssl.SSLError, ConnectionError):
            await wire.to_tls(context)

    return script


def sends(data: bytes) -> Script:
    """A server that answers each hello with the same bytes, and hangs up."""

    async def script(wire: Wire) -> None:
        await wire.to_starttls()
        await wire.reader.read(65536)
        await wire.send(data)
        wire.hang_up()

    return script


@pytest.mark.parametrize(
    ("lowest", "highest", "ciphers", "expected"),
    [
        (V.TLSv1_2, V.TLSv1_3, "DEFAULT", answers()),
        (V.TLSv1_2, V.TLSv1_2, "DEFAULT:@SECLEVEL=0", answers()),
        (V.TLSv1, V.TLSv1_3, "DEFAULT:@SECLEVEL=0", answers(versions=(NO, YES, YES))),
        (V.TLSv1_1, V.TLSv1_2, "DEFAULT:@SECLEVEL=0", answers(versions=(NO, NO, YES))),
        (V.TLSv1, V.TLSv1, "DEFAULT:@SECLEVEL=0", answers(versions=(NO, YES, NO))),
        (V.TLSv1_2, V.TLSv1_2, "ALL:@SECLEVEL=0", answers()),
        (V.TLSv1, V.TLSv1_2, "aNULL:!eNULL:@SECLEVEL=0", answers(versions=(NO, YES, YES))),
        (V.TLSv1_2, V.TLSv1_2, "AES128-GCM-SHA256:eNULL:@SECLEVEL=0", answers(weak=YES)),
    ],
    ids=["today", "1.2", "1.0 to 1.3", "1.1 and 1.2", "1.0 only", "anonymous too", "anonymous only", "NULL"],
)
def test_openssl(
    lowest: V, highest: V, ciphers: str, expected: dict[str, Probe], root: Party, tmp_path: Path
) -> None:
    own = party(HOST, root, names=[HOST], key=rsa.generate_private_key(65537, 2048))
    context = server(tmp_path, own, lowest=lowest, highest=highest, ciphers=ciphers)
    assert probed(openssl(context)) == expected


@pytest.mark.parametrize(
    ("lowest", "highest", "ciphers", "expected"),
    [
        ((3, 0), (3, 0), ["aes128"], answers(versions=(YES, NO, NO))),
        ((3, 0), (3, 3), ["aes128"], answers(versions=YES)),
        ((3, 1), (3, 3), ["aes128"], answers(versions=(NO, YES, YES))),
        ((3, 3), (3, 3), ["aes128", "3des"], answers(weak=YES)),
        ((3, 3), (3, 3), ["aes128", "rc4"], answers(weak=YES)),
        ((3, 3), (3, 3), ["aes128gcm"], answers()),
    ],
    ids=["SSLv3 only", "SSLv3 to 1.2", "1.0 to 1.2", "3DES", "RC4", "today"],
)
def test_tlslite(
    lowest: tuple[int, int],
    highest: tuple[int, int],
    ciphers: list[str],
    expected: dict[str, Probe],
    root: Party,
) -> None:
    settings = HandshakeSettings()
    settings.minVersion, settings.maxVersion, settings.cipherNames = lowest, highest, ciphers
    settings.macNames = ["sha", "sha256", "md5", "aead"]
    own = party(HOST, root, names=[HOST], key=rsa.generate_private_key(65537, 2048))
    with tlslite(own, settings) as port:
        assert asyncio.run(at(port)) == expected


def ssl2_server(*, message: bytes) -> Script:
    """A server that knows SSLv2 alone (RFC 6101 appendix E), and hangs up on any other hello."""

    async def script(wire: Wire) -> None:
        await wire.to_starttls()
        head = await wire.reader.readexactly(2)
        if head[0] & 0x80:
            hello = await wire.reader.readexactly(int.from_bytes(head) & 0x7FFF)
            sizes = [int.from_bytes(hello[at : at + 2]) for at in (3, 5, 7)]
            assert hello[:3] == b"\x01\x00\x02"
            assert len(hello) == 9 + sum(sizes)
            assert (sizes[0] % 3, sizes[1], sizes[2]) == (0, 0, 16)
            await wire.send((0x8000 | len(message)).to_bytes(2) + message)
        wire.hang_up()

    return script


SERVER_HELLO = bytes.fromhex("04 00 01 0002 0000 0003 0010 010080") + bytes(16)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (SERVER_HELLO, YES),
        (bytes.fromhex("00 0001"), NO),
        (SERVER_HELLO.replace(b"\x00\x02", b"\x03\x00"), UNKNOWN),
        (bytes.fromhex("05 00"), UNKNOWN),
        (SERVER_HELLO[:4], UNKNOWN),
    ],
    ids=["hello", "no cipher", "another version", "something else", "cut off"],
)
def test_ssl2(message: bytes, expected: Probe) -> None:
    assert probed(ssl2_server(message=message)) == answers(ssl2=expected)


ALERT = bytes.fromhex("15 0301 0002 02 46")
"""protocol_version, fatal (RFC 5246 section 7.2)."""


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (ALERT, NO),
        (bytes.fromhex("15 0300 0002 01 00"), NO),
        (bytes.fromhex("15 0301 0002 01 70") + ALERT, NO),
        (b"", NO),
        (bytes.fromhex("15 0301 0002 01 70"), UNKNOWN),
        (ALERT[:6], UNKNOWN),
        (b"454 4.7.0 TLS not available\r\n", UNKNOWN),
        (b"\x16\x03\x01\x00\x04\x0b\x00\x00\x00", UNKNOWN),
        (ALERT[:5].replace(b"\x02", b"\x20") + bytes(32), UNKNOWN),
        (bytes.fromhex("15 0301 0002 01 70") * 3000, UNKNOWN),
    ],
    ids=[
        "alert",
        "close_notify",
        "warning, alert",
        "bye",
        "warning",
        "cut",
        "reply",
        "other",
        "long",
        "endless",
    ],
)
def test_an_answer_that_is_no_hello(said: bytes, expected: Probe) -> None:
    assert probed(sends(said)) == dict.fromkeys(OLD, expected)


def test_a_reset_is_no_answer() -> None:
    async def script(wire: Wire) -> None:
        await wire.to_starttls()
        await wire.reader.read(65536)
        wire.reset()

    assert probed(script) == dict.fromkeys(OLD, UNKNOWN)


def test_silence_is_no_answer_and_ends_with_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stpolicy.checker.legacy._PATIENCE", 2 * ENOUGH)

    async def script(wire: Wire) -> None:
        await wire.to_starttls()
        await asyncio.Event().wait()

    assert probed(script, timeout=0.3) == dict.fromkeys(OLD, UNKNOWN)


@pytest.mark.parametrize("replies", [["421 busy"], ["220 hello", "451 later"], ["220 hello", "250 STARTTLS"]])
def test_a_server_that_has_had_enough_is_asked_once(replies: list[str]) -> None:
    async def run() -> tuple[dict[str, Probe], int]:
        async with serving(script) as there:
            return await at(there.port), len(there.wires)

    async def script(wire: Wire) -> None:
        await wire.say(replies[0])
        for reply in replies[1:]:
            await wire.answer(reply)
        await wire.answer("454 no TLS at the moment")

    assert asyncio.run(run()) == (dict.fromkeys(OLD, UNKNOWN), 1)


def test_nobody_at_home() -> None:
    with socket.create_server(("127.0.0.1", 0)) as there:
        port = there.getsockname()[1]
    assert asyncio.run(at(port)) == dict.fromkeys(OLD, UNKNOWN)


def test_one_connection_at_a_time() -> None:
    open_now, most = 0, 0

    async def script(wire: Wire) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await wire.to_starttls()
        await wire.reader.read(65536)
        await wire.send(ALERT)
        await wire.reader.read(65536)
        open_now -= 1

    assert probed(script) == answers()
    assert most <= 2  # the server may hear of the end of one after the begin of the next


def test_silence_after_one_hello_does_not_keep_the_others_from_being_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stpolicy.checker.legacy._PATIENCE", 0.2)

    async def script(wire: Wire) -> None:
        await wire.to_starttls()
        hello = await wire.reader.read(65536)
        if hello[0] & 0x80:
            await wire.send((0x8000 | len(SERVER_HELLO)).to_bytes(2) + SERVER_HELLO)
        await wire.reader.read()

    assert probed(script) == answers(versions=UNKNOWN, ssl2=YES, weak=UNKNOWN)
