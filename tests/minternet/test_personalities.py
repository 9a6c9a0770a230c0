"""Each server of the table does what its row says, to clients that know nothing of ours."""

import socket
import ssl
import time
from pathlib import Path

import pytest
from cryptography import x509

from tests.minternet.behaviour import Fate, Smtp, full
from tests.minternet.clients import Client, ask, finger
from tests.minternet.old_tls import HandshakeSettings, TLSConnection
from tests.minternet.personalities import ROWS
from tests.minternet.row import ZONE, Row
from tests.minternet.world import World
from tests.needs import needs

# What posttls-finger says where that is not `Verified`; None where it would wait.
_BAD = {
    "one-address-of-two": None, "ipv6-broken": None, "one-bad-certificate": None, "private": None,
    "private-ipv6": None, "private-too": None,
    "bad.good-and-bad": "", "clear": "", "stripped": "",
    "dummy.dummy-first": "Connection refused", "refused": "Connection refused",
    "no-route": "No route to host",
    "backup.dead-backup": None, "black-hole": None,
    "trap.trap-421": "421 4.3.0", "trap.trap-554": "554 5.7.1", "only-trap-421": "421 4.3.0",
    "only-trap-554": "554 5.7.1",
    "bogus": "try again", "silent-dns": None, "lame": "try again",
    "grey-at-banner": "451 4.7.1", "grey-at-ehlo": "450 4.7.1", "helo-only": "502 5.5.1",
    "starttls-454": "454 4.7.0", "starttls-502": "502 5.5.1", "starttls-554": "554 5.7.0",
    "endless-banner": None, "endless-ehlo": None, "endless-line": None, "drip": None, "drip-ehlo": None,
    "silent": None, "tls-silent": None, "tls-drip": None, "endless-within-tls": None,
    "ssh": "0 SSH-2.0", "closes": "lost connection", "closes-at-ehlo": "lost connection",
    "tls-garbage": "SSL_connect error", "tls-closes": "SSL_connect error", "164-kb": "SSL_connect error",
    "expired": "has expired", "not-yet": "not yet valid", "self-signed": "self-signed certificate",
    "unknown-root": "Nobody's Root", "no-intermediate": "untrusted issuer /CN=Minternet CA",
    "wrong-purpose": "not designated for use as a server", "sha1": "digest algorithm too weak",
    "wrong-name": "hostname mismatch", "wrong-wildcard": "hostname mismatch",
    "only-tls10": ": TLSv1 with", "only-tls11": ": TLSv1.1 with", "only-tls12": ": TLSv1.2 with",
}  # fmt: skip

_CASES = [
    pytest.param(row, label, said, id=key)
    for row in ROWS
    for label in row.servers
    for key in (row.name if label in {"mx", "@"} else f"{label}.{row.name}",)
    for said in (_BAD.get(key, "Verified TLS connection"),)
    if said is not None
]


def at(name: str) -> str:
    return f"mx.{name}.{ZONE}"


@pytest.mark.parametrize(("row", "label", "said"), _CASES)
def test_postfix_says_so(internet: World, row: Row, label: str, said: str) -> None:
    needs("posttls-finger", "postfix")
    found = finger(internet, full(label, row.domain).replace("*", "m1"), *row.mxs)
    assert said in found
    assert found or not said


@pytest.mark.parametrize(
    ("question", "answer"),
    {
        "plain MX": [1, True, f"10 mx.plain.{ZONE}."],
        "insecure MX": [1, False, f"10 mx.insecure.{ZONE}."],
        "bogus MX": "NoNameservers",
        "lame MX": "NoNameservers",
        "silent-dns MX": "LifetimeTimeout",
        "nxdomain MX": "NXDOMAIN",
        "no-data MX": "NoAnswer",
        "no-data A": "NoAnswer",
        "null-mx MX": [1, True, "0 ."],
        "null-mx-and-more MX": [2, True, "0 ."],
        "implicit MX": "NoAnswer",
        "loop MX": "NoNameservers",
        "domain-alias MX": [1, True, f"10 mx.plain.{ZONE}."],
        "mx.mx-loop A": "NoNameservers",
        "mx.mx-gone A": "NXDOMAIN",
        "mx-address MX": [1, True, "10 45.9.16.1."],
        "mx-localhost MX": [1, True, "10 localhost."],
        "mx-shell MX": [2, True, None],
        "mx.private A": [4, True, None],
        "mx.private-ipv6 AAAA": [4, True, None],
        "many-mx MX": [1400, False, None],
        "_25._tcp.mx.dane TLSA": [1, True, None],
        "_25._tcp.mx.dane-rollover TLSA": [2, True, None],
        "_25._tcp.mx.dane-insecure TLSA": [1, False, None],
        "_25._tcp.mx.plain TLSA": "NXDOMAIN",
        "_mta-sts.sts-two-records TXT": [2, True, None],
        "_smtp._tls.tlsrpt-twice TXT": [2, True, None],
    }.items(),
)
def test_dns_says_so(internet: World, question: str, answer: str | list[object]) -> None:
    name, kind = question.split()
    asked = f"{name}.{ZONE} {kind}"
    said = ask(internet, asked)[asked]
    if (isinstance(answer, list) and answer[2] is None) or name == "null-mx-and-more":
        assert said[:2] == answer[:2]
    else:
        assert said == answer


@pytest.mark.parametrize(
    ("name", "said"),
    {
        "sts": "0 200 text/plain",
        "sts-charset": "0 200 text/plain; charset=utf-16",
        "sts-html": "0 200 text/html",
        "sts-redirect": "0 301 ",
        "sts-404": "0 404 text/plain",
        "sts-500": "0 500 text/plain",
        "sts-gzip": "0 200 text/plain",
        "sts-slow": "28 200 text/plain",
        "sts-huge": "63 200 text/plain",
        "sts-wrong-name": "60 000 ",
        "sts-expired": "60 000 ",
        "sts-refused": "7 000 ",
        "sts-black-hole": "28 000 ",
        "sts-private": "7 000 ",
    }.items(),
)
def test_curl_says_so(internet: World, name: str, said: str) -> None:
    url = f"https://mta-sts.{name}.{ZONE}/.well-known/mta-sts.txt"
    asking: list[str | Path] = [
        needs("curl", "curl"),
        "-q",
        "-s",
        "-m",
        "2",
        "--cacert",
        internet.ca_file,
        "-o",
        "/dev/null",
    ]
    bounded = ["--max-filesize", "100000", "-w", "%{http_code} %{content_type}"]
    done = internet.run([*asking, *bounded, url])
    assert f"{done.returncode} {done.stdout}" in {said, said.replace("63 ", "28 ")}


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


def test_every_address_of_the_table_is_looked_at_here() -> None:
    """Postfix is asked about all of them but those that take time, or that have two addresses."""
    waiting = {key for key, said in _BAD.items() if said is None}
    assert waiting <= {row.name for row in ROWS} | {"backup.dead-backup"}
    assert {Fate.REFUSED, Fate.BLACK_HOLE, Fate.NO_ROUTE} <= {
        server
        for row in ROWS
        for servers in row.servers.values()
        for server in servers
        if isinstance(server, Fate)
    }
    assert any(
        isinstance(server, Smtp) for row in ROWS for servers in row.servers.values() for server in servers
    )
