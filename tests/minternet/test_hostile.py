"""Mail servers that misbehave, or speak what few still do, byte for byte."""

import socket
import ssl
import time

import pytest
from cryptography import x509

from tests.minternet.clients import Client
from tests.minternet.old_tls import HandshakeSettings, TLSConnection
from tests.minternet.row import ZONE
from tests.minternet.world import World


def at(name: str) -> str:
    return f"mx.{name}.{ZONE}"


def test_a_greeting_comes_late_and_not_for_who_talks_too_early(internet: World) -> None:
    for name, delay in (("greets-after-6", 0.12), ("greets-after-15", 0.3), ("greets-after-30", 0.6)):
        begin = time.monotonic()
        with Client(internet, at(name)) as client:
            assert client.reply().endswith("220 " + at(name) + " ESMTP\r\n")
        assert time.monotonic() - begin >= delay
    with Client(internet, at("greets-after-30")) as client:
        assert client.say("EHLO early.example.net").splitlines()[-1].startswith("521")


def test_one_at_a_time(internet: World) -> None:
    internet.connections(reset=True)
    with Client(internet, at("one-at-a-time")) as first, Client(internet, at("one-at-a-time")) as second:
        assert first.reply().startswith("220")
        assert second.reply().startswith("421")
    (address,) = internet.addresses(at("one-at-a-time"))
    count = internet.connections()[address, 25]
    assert (count["connections"], count["most"]) == (2, 2)


def test_a_picky_server_wants_a_name(internet: World) -> None:
    for name, code in {
        "localhost": "550",
        "[192.0.2.1]": "550",
        "me": "550",
        "mx.example.net": "250",
    }.items():
        with Client(internet, at("picky")) as client:
            client.reply()
            assert client.say(f"EHLO {name}").startswith(code)


def test_plain_text_is_injected_in_the_same_segment(internet: World) -> None:
    with Client(internet, at("injected")) as client:
        client.reply()
        client.say("EHLO mx.example.net")
        client.socket.sendall(b"STARTTLS\r\n")
        assert client.socket.recv(4096) == b"220 go on\r\n250 evil\r\n"


@pytest.mark.parametrize("name", ["endless-banner", "endless-line", "endless-ehlo"])
def test_it_never_ends(internet: World, name: str) -> None:
    with Client(internet, at(name)) as client:
        if name == "endless-ehlo":
            client.reply()
            client.socket.sendall(b"EHLO mx.example.net\r\n")
        assert sum(len(client.socket.recv(65536)) for _ in range(300)) > 100_000


def test_it_never_ends_within_tls(internet: World) -> None:
    with Client(internet, at("endless-within-tls")) as client, client.secured(None) as secured:
        secured.sendall(b"EHLO mx.example.net\r\n")
        assert sum(len(secured.recv(65536)) for _ in range(50)) > 100_000


@pytest.mark.parametrize("name", ["drip", "drip-ehlo", "tls-drip"])
def test_it_drips(internet: World, name: str) -> None:
    with Client(internet, at(name)) as client:
        if name == "tls-drip":
            client.to_tls().sendall(b"a ClientHello")
        elif name == "drip-ehlo":
            client.reply()
            client.socket.sendall(b"EHLO mx.example.net\r\n")
        assert [len(client.socket.recv(4096)) for _ in range(3)] == [1, 1, 1]


@pytest.mark.parametrize("name", ["silent", "tls-silent", "black-hole"])
def test_it_is_silent(internet: World, name: str) -> None:
    if name == "black-hole":
        (address,) = internet.addresses(at(name))
        with pytest.raises(TimeoutError):
            internet.space.within(lambda: socket.create_connection((address, 25), 0.5))
        return
    with Client(internet, at(name)) as client:
        if name == "tls-silent":
            client.to_tls().sendall(b"a ClientHello")
        client.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.socket.recv(1)


def test_who_sends_no_name_sees_another_certificate(internet: World) -> None:
    for name, seen in ((at("needs-sni"), at("needs-sni")), (None, f"www.needs-sni.{ZONE}")):
        with Client(internet, at("needs-sni")) as client, client.secured(name) as secured:
            shown = secured.getpeercert(binary_form=True)
            assert shown
            names = x509.load_der_x509_certificate(shown).extensions.get_extension_for_class(
                x509.SubjectAlternativeName
            )
            assert names.value.get_values_for_type(x509.DNSName) == [seen]


@pytest.mark.parametrize(
    ("name", "settings"),
    {
        "sslv3-too": {"minVersion": (3, 0), "maxVersion": (3, 0)},
        "rc4-too": {"maxVersion": (3, 3), "cipherNames": ["rc4"]},
        "3des-too": {"maxVersion": (3, 3), "cipherNames": ["3des"]},
    }.items(),
)
def test_what_openssl_no_longer_speaks(internet: World, name: str, settings: dict[str, object]) -> None:
    def shake_hands(host: str) -> str:
        with Client(internet, at(host)) as client:
            wanted = HandshakeSettings()
            for key, value in settings.items():
                setattr(wanted, key, value)
            secured = TLSConnection(client.to_tls())
            secured.handshakeClientCert(settings=wanted)
            return f"{secured.getVersionName()} {secured.getCipherName()}"

    expected = {"sslv3-too": "SSL 3.0 aes128", "rc4-too": "TLS 1.2 rc4", "3des-too": "TLS 1.2 3des"}
    assert shake_hands(name) == expected[name]
    with pytest.raises(Exception, match=r"handshake_failure|protocol_version|closed"):
        shake_hands("only-tls12")


@pytest.mark.parametrize(("name", "kind"), {"null-too": "eNULL", "anonymous-too": "aNULL"}.items())
def test_ciphers_that_protect_nothing(internet: World, name: str, kind: str) -> None:
    with Client(internet, at(name)) as client, client.secured(None, f"{kind}:@SECLEVEL=0") as secured:
        assert secured.cipher()
    with Client(internet, at("plain")) as client, pytest.raises(ssl.SSLError):
        client.secured(None, f"{kind}:@SECLEVEL=0")


def test_ssl_2(internet: World) -> None:
    """A CLIENT-HELLO with one cipher and a challenge is answered by a SERVER-HELLO with that cipher."""
    hello = b"\1\0\2\0\3\0\0\0\x10" + b"\1\0\x80" + b"c" * 16
    with Client(internet, at("sslv2-too")) as client:
        client.to_tls().sendall((0x8000 | len(hello)).to_bytes(2) + hello)
        said = client.socket.recv(4096)
    assert said[0] & 0x80
    assert (said[2], said[5:7]) == (4, b"\0\2")


def test_chains_are_as_long_as_their_rows_say(internet: World) -> None:
    """In the file of each address: key, leaf and what is sent along."""
    lengths = {"plain": 2, "no-intermediate": 1, "cross-signed": 4, "unknown-root": 2, "self-signed": 1}
    for name, length in lengths.items():
        (address,) = internet.addresses(at(name))
        pem = (internet.folder / "certificates" / f"{address}.pem").read_bytes()
        assert pem.count(b"BEGIN CERTIFICATE") == length
