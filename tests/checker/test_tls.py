"""Handshakes in memory: what is negotiated, and what OpenSSL has against a chain."""

import ssl
from contextlib import suppress
from datetime import timedelta, timezone
from hashlib import sha256, sha512
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import SSL

from stpolicy.checker.certificates import Certificates
from stpolicy.checker.tls import Client, Failed
from stpolicy.errors import Misuse
from stpolicy.model.tls import Tls
from tests.checker.authority import DAY, HOST, Party, party
from tests.checker.peer import server
from tests.lists import NOW

EXPIRED, NOT_YET, SELF_SIGNED, ROOT_UNKNOWN, NO_ISSUER, UNVERIFIED, PURPOSE = 10, 9, 18, 19, 20, 21, 26
"""X509_V_ERR_* of OpenSSL."""


class Peer:
    """A server in memory, after its handshake with a client's `channel`."""

    def __init__(self, client: Client, context: ssl.SSLContext) -> None:
        self.into, self.out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.into, self.out, server_side=True)
        self.channel = client.session(HOST)
        received = b""
        while not self.channel.handshake(received):
            self.into.write(self.channel.outgoing())
            with suppress(ssl.SSLWantReadError):
                self.tls.do_handshake()
            received = self.out.read()


def shaken(client: Client, context: ssl.SSLContext) -> Tls:
    """The facts after a handshake."""
    return Peer(client, context).channel.facts()


def presented(client: Client, folder: Path, *chain: Party) -> tuple[Tls, set[tuple[int, int]]]:
    """The facts of a chain, its faults as number and depth."""
    found = shaken(client, server(folder, *chain))
    return found, {(fault.number, fault.depth) for fault in found.faults}


def test_the_names_of_versions(client: Client, good: Party, tmp_path: Path) -> None:
    V = ssl.TLSVersion  # noqa: N806
    for version, name in (
        (V.TLSv1, "TLSv1"),
        (V.TLSv1_1, "TLSv1.1"),
        (V.TLSv1_2, "TLSv1.2"),
        (V.TLSv1_3, "TLSv1.3"),
    ):
        found = shaken(client, server(tmp_path, good, lowest=version, highest=version))
        assert found.version == name
        assert found.faults == ()
        assert found.cipher


def test_rsa_with_tls_1_0(client: Client, root: Party, tmp_path: Path) -> None:
    own = party(HOST, root, names=[HOST], key=rsa.generate_private_key(65537, 1024))
    for ciphers in (
        "AES128-SHA:@SECLEVEL=0",
        "ECDHE-RSA-AES128-SHA:@SECLEVEL=0",
    ):
        version = ssl.TLSVersion.TLSv1
        found = shaken(client, server(tmp_path, own, lowest=version, highest=version, ciphers=ciphers))
        assert found.cipher == ciphers.split(":")[0]
        assert (found.chain[0].key, found.chain[0].bits, found.faults) == ("RSA", 1024, ())


def test_a_server_that_may_be_anonymous_shows_its_certificate(
    client: Client, good: Party, tmp_path: Path
) -> None:
    ciphers = "aNULL:ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0"
    context = server(tmp_path, good, highest=ssl.TLSVersion.TLSv1_2, ciphers=ciphers)
    assert shaken(client, context).chain


def test_the_host_name_is_asked_for(client: Client, good: Party, tmp_path: Path) -> None:
    asked: list[str | None] = []
    context = server(tmp_path, good)
    context.sni_callback = lambda _, name, __: asked.append(name)
    shaken(client, context)
    assert asked == [HOST]


def test_a_good_chain(client: Client, root: Party, tmp_path: Path) -> None:
    between = party("Between", root, ca=True)
    own = party(HOST, between, names=[HOST, "*.example.com"])
    found, faults = presented(client, tmp_path, own, between)
    assert faults == set()
    first, second = found.chain
    spki = own.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert (first.subject, first.issuer, first.common_name) == (f"CN={HOST}", "CN=Between", HOST)
    assert first.dns_names == (HOST, "*.example.com")
    assert (first.not_before, first.not_after) == (NOW - DAY, NOW + 90 * DAY)
    assert (first.key, first.bits, first.digest) == ("EC", 256, "sha256")
    assert (first.sha256, first.sha512) == (sha256(own.der()).hexdigest(), sha512(own.der()).hexdigest())
    assert (first.spki_sha256, first.spki_sha512) == (sha256(spki).hexdigest(), sha512(spki).hexdigest())
    assert second.subject == "CN=Between"


@pytest.mark.parametrize(
    ("begins", "ends", "number"),
    [(-9 * DAY, -DAY, EXPIRED), (DAY, 9 * DAY, NOT_YET)],
    ids=["expired", "not yet"],
)
def test_dates(
    begins: timedelta, ends: timedelta, number: int, client: Client, root: Party, tmp_path: Path
) -> None:
    own = party(HOST, root, names=[HOST], begins=begins, ends=ends)
    assert presented(client, tmp_path, own)[1] == {(number, 0)}


def test_dates_are_judged_at_the_time_of_the_run(
    root: Party, trusted: Path, good: Party, tmp_path: Path
) -> None:
    later = Client(trusted, NOW + 91 * DAY)
    assert presented(later, tmp_path, good)[1] == {(EXPIRED, 0), (EXPIRED, 1)}
    zone = timezone(timedelta(hours=14))
    elsewhere = Client(trusted, (NOW + 90 * DAY - timedelta(hours=1)).astimezone(zone))
    assert presented(elsewhere, tmp_path, good)[1] == set()


def test_self_signed(client: Client, tmp_path: Path) -> None:
    assert presented(client, tmp_path, party(HOST, names=[HOST]))[1] == {(SELF_SIGNED, 0)}


def test_an_authority_that_nobody_knows(client: Client, tmp_path: Path) -> None:
    private = party("Private Root", ca=True)
    own = party(HOST, private, names=[HOST])
    assert presented(client, tmp_path, own, private)[1] == {(ROOT_UNKNOWN, 1)}
    assert presented(client, tmp_path, own)[1] == {(NO_ISSUER, 0), (UNVERIFIED, 0)}


def test_a_missing_intermediate(client: Client, root: Party, tmp_path: Path) -> None:
    between = party("Between", root, ca=True)
    own = party(HOST, between, names=[HOST])
    found, faults = presented(client, tmp_path, own)
    assert faults == {(NO_ISSUER, 0), (UNVERIFIED, 0)}
    assert len(found.chain) == 1


@pytest.mark.parametrize("ends", [90 * DAY, -DAY], ids=["in force", "expired"])
def test_a_root_that_an_older_one_signed_too(
    ends: timedelta, client: Client, root: Party, tmp_path: Path
) -> None:
    old = party("Old Root", ca=True, begins=-9 * DAY)
    crossed = party("Test Root", old, ca=True, key=root.key, begins=-9 * DAY, ends=ends)
    between = party("Between", root, ca=True)
    own = party(HOST, between, names=[HOST])
    found, faults = presented(client, tmp_path, own, between, crossed)
    assert faults == set()
    assert len(found.chain) == 3


def test_of_two_intermediates_of_one_name_the_first_counts(
    client: Client, root: Party, tmp_path: Path
) -> None:
    """As `openssl verify` has it, and Postfix: no second path is tried."""
    key = ec.generate_private_key(ec.SECP256R1())
    ours, theirs = (party("Between", by, ca=True, key=key) for by in (root, party("Unknown", ca=True)))
    own = party(HOST, ours, names=[HOST])
    assert presented(client, tmp_path, own, ours, theirs)[1] == set()
    assert presented(client, tmp_path, own, theirs, ours)[1] == {(NO_ISSUER, 1)}


def test_several_faults_at_once(client: Client, tmp_path: Path) -> None:
    own = party(HOST, begins=-9 * DAY, ends=-DAY, usage=ExtendedKeyUsageOID.CLIENT_AUTH)
    assert presented(client, tmp_path, own)[1] == {(SELF_SIGNED, 0), (EXPIRED, 0), (PURPOSE, 0)}


def test_an_expired_intermediate(client: Client, root: Party, tmp_path: Path) -> None:
    between = party("Between", root, ca=True, begins=-9 * DAY, ends=-DAY)
    own = party(HOST, between, names=[HOST])
    assert presented(client, tmp_path, own, between)[1] == {(EXPIRED, 1)}


def test_the_wrong_purpose(client: Client, root: Party, tmp_path: Path) -> None:
    own = party(HOST, root, names=[HOST], usage=ExtendedKeyUsageOID.CLIENT_AUTH)
    found, faults = presented(client, tmp_path, own)
    assert faults == {(PURPOSE, 0)}
    assert found.faults[0].message == "invalid purpose"


def test_an_issuer_that_is_no_authority(client: Client, root: Party, tmp_path: Path) -> None:
    shop = party("shop.example.com", root, names=["shop.example.com"])
    own = party(HOST, shop, names=[HOST])
    assert (79, 1) in presented(client, tmp_path, own, shop)[1]


def test_a_chain_longer_than_postfix_follows(client: Client, root: Party, tmp_path: Path) -> None:
    chain = [root]
    for number in range(12):
        chain.append(party(f"Between {number}", chain[-1], ca=True))
    own = party(HOST, chain[-1], names=[HOST])
    assert 22 in {number for number, _ in presented(client, tmp_path, own, *reversed(chain[1:]))[1]}


def test_what_is_weak_is_a_fact(client: Client, root: Party, tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 1024)
    own = party(HOST, root, names=[HOST], key=key, sha1=True)
    found, faults = presented(client, tmp_path, own)
    assert (found.chain[0].key, found.chain[0].bits, found.chain[0].digest) == ("RSA", 1024, "sha1")
    assert faults == set()


def test_a_common_name_alone(client: Client, root: Party, tmp_path: Path) -> None:
    found, faults = presented(client, tmp_path, party(HOST, root))
    assert (found.chain[0].common_name, found.chain[0].dns_names, faults) == (HOST, (), set())


def test_no_name_at_all(client: Client, root: Party, tmp_path: Path) -> None:
    found, _ = presented(client, tmp_path, party(None, root))
    assert (found.chain[0].subject, found.chain[0].common_name, found.chain[0].dns_names) == ("", "", ())


def test_equal_certificates_are_one_object(client: Client, good: Party, tmp_path: Path) -> None:
    one, other = (shaken(client, server(tmp_path, good)) for _ in range(2))
    assert one.chain[0] is other.chain[0]


def test_memory_for_certificates_is_bounded(root: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stpolicy.checker.certificates._KEPT", 2)
    certificates = Certificates()
    seen = certificates.read(root.der())
    for number in range(5):
        certificates.read(party(f"{number}.example.com").der())
        assert certificates.read(root.der()) is seen
    assert len(certificates._known) == 2


def test_roots_of_mozilla_without_a_file(good: Party, tmp_path: Path) -> None:
    assert presented(Client(None, NOW), tmp_path, good)[1] == {(NO_ISSUER, 0), (UNVERIFIED, 0)}


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_a_file_without_roots(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "roots.pem"
    file.write_bytes(content)
    with pytest.raises(Misuse, match=r"roots\.pem"):
        Client(file, NOW)


def test_h17_a_second_handshake_is_refused(client: Client, good: Party, tmp_path: Path) -> None:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    context.use_certificate(good.certificate)
    assert isinstance(good.key, ec.EllipticCurvePrivateKey)
    context.use_privatekey(good.key)
    other = SSL.Connection(context, None)
    other.set_accept_state()
    channel = client.session(HOST)
    received = b""
    while not channel.handshake(received):
        other.bio_write(channel.outgoing())
        with suppress(SSL.WantReadError):
            other.do_handshake()
        received = other.bio_read(65536)
    other.renegotiate()  # sends HelloRequest (RFC 5246 section 7.4.1.1)
    other.do_handshake()
    assert channel.decrypt(other.bio_read(65536)) == b""
    other.bio_write(channel.outgoing())
    with pytest.raises(SSL.Error, match="no renegotiation"):
        other.recv(1)


def test_what_came_before_the_end_is_not_lost(client: Client, good: Party, tmp_path: Path) -> None:
    other = Peer(client, server(tmp_path, good))
    other.into.write(other.channel.outgoing())
    other.tls.do_handshake()
    other.tls.write(b"250 hello\r\n")
    with suppress(ssl.SSLWantReadError):
        other.tls.unwrap()
    assert other.channel.decrypt(other.out.read()) == b"250 hello\r\n"
    with pytest.raises(Failed):
        other.channel.decrypt(b"\x17\x03\x03\x00\x01\x00")
