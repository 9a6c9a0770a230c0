"""What the hello offers is what Postfix offers, and a handshake that takes long holds up nobody else."""

import base64
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.bindings.openssl.binding import Binding
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from stpolicy.checker.flight import Flight
from stpolicy.checker.tls import Channel, Client, Failed
from tests.checker.authority import HOST, Party, party
from tests.checker.peer import Wire, meet, server

_GROUPS = "001d 001e 0017 0019 0018"
_SIGNATURES = """0403 0503 0603 0807 0808 0809 080a 080b 0804 0805 0806 0401 0501 0601 0303 0301
                 0302 0402 0502 0602"""
"""Of `posttls-finger -l secure` of Debian 12 (Postfix 3.7.11, OpenSSL 3.0), as they came over the wire."""
_SUITES = 75
"""How many it offers, with the one that stands for renegotiation."""


def hello(client: Client, host: str = HOST) -> bytes:
    channel = client.session(host)
    assert not channel.handshake(b"")
    return channel.outgoing()


def extensions(said: bytes) -> Iterator[tuple[int, bytes]]:
    """Of a ClientHello (RFC 8446 section 4.1.2), without the length that their lists begin with."""
    at = 5 + 4 + 2 + 32
    for size in (1, 2, 1):
        at += size + int.from_bytes(said[at : at + size])
    at += 2
    while at < len(said):
        kind, size = int.from_bytes(said[at : at + 2]), int.from_bytes(said[at + 2 : at + 4])
        yield kind, said[at + 6 : at + 4 + size]
        at += 4 + size


def test_the_hello_is_no_larger_than_what_devices_bear(client: Client) -> None:
    assert len(hello(client)) == 517, "padded: some hang on a hello of 256 to 511 bytes (RFC 7685)"
    assert len(hello(client, ".".join(["a" * 62] * 4))) < 1000


def test_groups_signatures_and_ciphers_are_those_of_postfix(client: Client) -> None:
    said = hello(client)
    offered = dict(extensions(said))
    assert offered[0x0A] == bytes.fromhex(_GROUPS)
    assert offered[0x0D] == bytes.fromhex(_SIGNATURES)
    at = 5 + 4 + 2 + 32 + 1 + said[5 + 4 + 2 + 32]
    assert int.from_bytes(said[at : at + 2]) == 2 * _SUITES


@pytest.mark.parametrize(("digest", "taken"), {"SHA256": True, "SHA1": False}.items())
def test_a_server_that_signs_with_sha1_alone_is_refused(
    client: Client, good: Party, digest: str, taken: bool
) -> None:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(b"ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0")
    context.use_certificate(good.certificate)
    context.use_privatekey(good.key)
    assert Binding.lib.SSL_CTX_set1_sigalgs_list(context._context, f"ECDSA+{digest}".encode())
    other = SSL.Connection(context, None)
    other.set_accept_state()
    assert shaken(client.session(HOST), other) is taken


def shaken(channel: Channel, other: SSL.Connection) -> bool:
    """Whether a handshake comes about."""
    received = b""
    try:
        while not channel.handshake(received):
            other.bio_write(channel.outgoing())
            with suppress(SSL.WantReadError):
                other.do_handshake()
            received = other.bio_read(65536)
    except (Failed, SSL.Error):
        return False
    return True


def group(bits: int) -> str:
    """PKCS #3: a number of so many bits, which need not be prime for this, and the generator 2."""
    number = b"\x02\x82" + (bits // 8 + 1).to_bytes(2) + b"\x00" + b"\xff" * (bits // 8)
    content = number + b"\x02\x01\x02"
    text = base64.encodebytes(b"\x30\x82" + len(content).to_bytes(2) + content).decode()
    return f"-----BEGIN DH PARAMETERS-----\n{text}-----END DH PARAMETERS-----\n"


@pytest.mark.parametrize(("bits", "aside"), [(1024, False), (4096, True)])
def test_diffie_hellman_in_a_large_group_goes_on_in_a_thread(
    client: Client, root: Party, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bits: int, aside: bool
) -> None:
    own_key = party(HOST, root, names=[HOST], key=rsa.generate_private_key(65537, 2048))
    context = server(tmp_path, own_key, highest=ssl.TLSVersion.TLSv1_2, ciphers="DHE:@SECLEVEL=0")
    file = tmp_path / "dh.pem"
    file.write_text(group(bits))
    context.load_dh_params(str(file))
    threads: list[threading.Thread] = []
    own = Channel.handshake

    def handshake(channel: Channel, received: bytes) -> bool:
        threads.append(threading.current_thread())
        return own(channel, received)

    monkeypatch.setattr(Channel, "handshake", handshake)

    async def script(wire: Wire) -> None:
        await wire.to_tls(context)
        await wire.answer("250 mx.example.com")

    met = meet(script, client)
    assert met.session.ended is None
    assert met.session.tls
    assert met.session.tls.cipher.startswith("DHE-")
    assert (set(threads) != {threading.main_thread()}) is aside


def record(content: bytes, kind: int = 22) -> bytes:
    return bytes([kind, 3, 3]) + len(content).to_bytes(2) + content


def message(size: int, kind: int = 12) -> bytes:
    return bytes([kind]) + size.to_bytes(3) + bytes(size)


@pytest.mark.parametrize(
    ("said", "heavy"),
    [
        (record(message(80, 2) + message(5000, 11) + message(300) + message(0, 14)), False),
        (record(message(80, 2) + message(5000, 11) + message(2700) + message(0, 14)), True),
        (record(message(80, 2)) + record(message(5000, 11)) + record(message(2700)[:9]), True),
        (record(b"\x01", 20) + record(message(2700), 23), False),
    ],
)
def test_what_a_flight_says_of_the_work(said: bytes, heavy: bool) -> None:
    for piece in (1, 7, len(said)):
        flight = Flight()
        for at in range(0, len(said), piece):
            flight.take(said[at : at + piece])
        assert flight.heavy is heavy


@given(st.lists(st.binary(max_size=40) | st.just(b"\x16\x03\x03\x00\x04\x0c\x00\x10\x00"), max_size=8))
def test_a_flight_takes_whatever_comes(pieces: list[bytes]) -> None:
    flight = Flight()
    for piece in pieces:
        flight.take(piece)
