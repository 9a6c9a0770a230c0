"""Armour and packets, taken apart before gpgv sees them."""

import base64
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stpolicy import openpgp
from stpolicy.model.dates import Instant
from stpolicy.model.signature import Doubt
from stpolicy.openpgp import NotAsExpected
from tests import packets
from tests.personas import SIGNED, People

BEGIN = b"-----BEGIN PGP SIGNATURE-----\n"

V6_KEY = base64.b64decode("xioGY4d/4xsAAAAg+U2nu0jWCmHlZ3BqZYfQMxmZu52JGggkLq2EVD34laM=")
V6_FINGERPRINT = "CB186C4F0609A697E4D52DFA6C722B0C1F1E27C18A56708F6525EC27BAD9ACC9"
"""RFC 9580 appendix A.3."""


def _old(tag: int, length: bytes, body: bytes) -> bytes:
    return bytes([0x80 | tag << 2 | {1: 0, 2: 1, 4: 2}[len(length)]]) + length + body


@pytest.mark.parametrize("size", [0, 1, 191, 192, 8383, 8384, 70000])
def test_lengths_in_every_form(size: int) -> None:
    body = bytes(size)
    forms = [packets.packet(2, body)]
    if size < 192:
        forms += [bytes([0xC2, size]) + body, _old(2, bytes([size]), body)]
    elif size < 8384:
        forms.append(bytes([0xC2, ((size - 192) >> 8) + 192, (size - 192) & 0xFF]) + body)
    if size < 65536:
        forms.append(_old(2, size.to_bytes(2, "big"), body))
    forms.append(_old(2, size.to_bytes(4, "big"), body))
    for form in forms:
        assert [(p.tag, p.body, p.raw) for p in openpgp.packets(form * 2)] == [(2, body, form)] * 2


@pytest.mark.parametrize(
    "data",
    [
        b"\x00",
        b"\x7f\x01",
        b"\xc2",
        b"\xc2\xc0",
        b"\xc2\xff\0\0\0",
        b"\xc2\x05abcd",
        b"\xc2\xe1ab",
        b"\xc2\xfe" + bytes(500),
        b"\x8b" + bytes(500),
        b"\x88",
        b"\x89\x01",
        b"\x8a\x00\x00\x00",
        b"\x88\x03ab",
    ],
    ids=bytes.hex,
)
def test_lengths_that_are_missing_partial_or_too_large(data: bytes) -> None:
    with pytest.raises(NotAsExpected) as caught:
        list(openpgp.packets(data[:20]))
    assert caught.value.doubt is Doubt.MALFORMED


def test_when_a_signature_was_made(people: People) -> None:
    (found,) = openpgp.signatures(people.alice.sign(b"x"))
    assert found.made == Instant(int(SIGNED.timestamp()))


@pytest.mark.parametrize(
    ("hashed", "made"),
    [
        (packets.subpacket(2, b"\0\0\0\x05"), Instant(5)),
        (packets.subpacket(0x82, b"\0\0\0\x05"), Instant(5)),
        (packets.subpacket(16, bytes(8)) + packets.subpacket(2, b"\0\0\0\x05"), Instant(5)),
        (packets.subpacket(2, b"\0\0\0\0\x05"), None),
        (b"\0\0" + packets.subpacket(2, b"\0\0\0\x05"), Instant(5)),
        (packets.subpacket(2, b"\0\0\0\x05")[:-2], None),
        (b"", None),
    ],
    ids=["plain", "critical", "second", "too long", "after empty ones", "cut off", "none"],
)
@pytest.mark.parametrize("version", [4, 5])
def test_the_date_in_sub_packets(hashed: bytes, made: Instant | None, version: int) -> None:
    (found,) = openpgp.signatures(packets.asc(packets.signature(hashed, version=version)))
    assert found.made == made


@pytest.mark.parametrize(
    ("hashed", "unhashed", "issuer"),
    [
        ("", "", ""),
        ("fingerprint", "", "AB" * 20),
        ("fingerprint", "key id", "AB" * 20),
        ("key id fingerprint", "", "AB" * 20),
        ("", "key id", "CD" * 8),
        ("key id", "", "CD" * 8),
        ("", "fingerprint", "AB" * 20),
        ("", "key id torn", "CD" * 8),
        ("", "torn", ""),
    ],
)
def test_who_a_signature_says_made_it(hashed: str, unhashed: str, issuer: str) -> None:
    """It is only said: what is torn there keeps no signature from being looked at."""
    parts = {
        "fingerprint": packets.subpacket(33, b"\x04" + b"\xab" * 20),
        "key id": packets.subpacket(16, b"\xcd" * 8),
        "torn": b"\xff\0",
    }
    areas = [b"".join(part for name, part in parts.items() if name in area) for area in (hashed, unhashed)]
    (found,) = openpgp.signatures(packets.asc(packets.signature(areas[0], unhashed=areas[1])))
    assert found.issuer == issuer


def test_armour_is_as_gpg_writes_it(people: People) -> None:
    made = people.alice.sign(b"x")
    assert openpgp.armoured(openpgp.SIGNATURE, b"".join(packets.dearmoured(made))) == made
    key = people.ron.home.gpg("--armor", "--export", people.ron.fingerprint)
    assert openpgp.armoured(openpgp.PUBLIC_KEY, people.ron.public) == key


def test_fingerprints_are_those_that_gpg_lists(people: People) -> None:
    everybody = (people.alice, people.bob, people.carol, people.ron, people.erin, people.rex)
    assert openpgp.primary_fingerprints(people.ring) == {person.fingerprint for person in everybody}


def test_fingerprint_of_version_6() -> None:
    assert openpgp.primary_fingerprints(V6_KEY) == {V6_FINGERPRINT}


def test_fingerprint_of_version_5_has_64_digits() -> None:
    (only,) = openpgp.primary_fingerprints(packets.packet(packets.PUBLIC_KEY, b"\x05" + bytes(40)))
    assert len(only) == 64


@pytest.mark.parametrize("version", [b"\x03", b"\x07", b""])
def test_keys_of_unknown_versions(version: bytes) -> None:
    with pytest.raises(NotAsExpected):
        openpgp.primary_fingerprints(packets.packet(packets.PUBLIC_KEY, version + bytes(len(version) * 40)))


RINGS: dict[str, Callable[[bytes], bytes]] = {
    "binary": lambda ring: ring,
    "armoured": lambda ring: openpgp.armoured(openpgp.PUBLIC_KEY, ring),
    "armoured, with a comment": lambda ring: openpgp.armoured(openpgp.PUBLIC_KEY, ring).replace(
        b"-----\n\n", b"-----\nComment: of the list\nVersion: GnuPG v1\n\n", 1
    ),
    "armoured, with CRLF": lambda ring: openpgp.armoured(openpgp.PUBLIC_KEY, ring).replace(b"\n", b"\r\n"),
    "two armours": lambda ring: openpgp.armoured(openpgp.PUBLIC_KEY, ring) * 2,
}


@pytest.mark.parametrize("form", RINGS)
def test_g12_key_rings_in_every_form(form: str) -> None:
    ring = openpgp.key_ring(RINGS[form](V6_KEY))
    assert openpgp.primary_fingerprints(ring) == {V6_FINGERPRINT}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"KBXf" + bytes(30),
        openpgp.armoured(openpgp.PUBLIC_KEY, b""),
        openpgp.armoured(openpgp.PUBLIC_KEY, b"hello"),
        openpgp.armoured(openpgp.SIGNATURE, V6_KEY),
        openpgp.armoured(openpgp.PUBLIC_KEY, V6_KEY)[:-30],
        b"hello\n" + openpgp.armoured(openpgp.PUBLIC_KEY, V6_KEY),
        openpgp.armoured(openpgp.PUBLIC_KEY, V6_KEY) + b"hello\n",
    ],
    ids=["empty", "text", "keybox", "no key", "no packet", "signature", "cut off", "before", "after"],
)
def test_g12_what_is_no_key_ring(data: bytes) -> None:
    with pytest.raises(NotAsExpected):
        openpgp.key_ring(data)


@pytest.mark.parametrize(
    "data",
    [
        BEGIN + b"A: \n" * 16000,
        BEGIN + b"\n" + b"=\n" * 32000,
        BEGIN + b"\n" + b"=AAAA\n" * 10000 + b"-----END PGP SIGNATURE----",
        BEGIN * 2000,
        (BEGIN + b"\n") * 2000,
        BEGIN + b"\n" * 65000,
        BEGIN + b"\r" * 65000,
        b"-----BEGIN PGP " + b"A " * 32000,
    ],
    ids=range(8),
)
def test_armours_that_are_slow_to_read_for_a_careless_expression(data: bytes) -> None:
    with pytest.raises(NotAsExpected):
        openpgp.signatures(data)


_mutated = st.builds(
    lambda data, at, octet: data[:at] + bytes([octet]) + data[at + 1 :],
    st.just(packets.asc(packets.signature(packets.subpacket(2, b"\0\0\0\x05")))),
    st.integers(0, 300),
    st.integers(0, 255),
)
_inside = st.builds(packets.asc, st.binary(max_size=60))
_in_packet = st.builds(lambda body: packets.asc(packets.packet(2, body)), st.binary(max_size=60))


@given(st.one_of(st.binary(max_size=200), _mutated, _inside, _in_packet))
@example(b"-----BEGIN PGP SIGNATURE-----")
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    with suppress(NotAsExpected):
        assert openpgp.signatures(data)


@given(st.binary(max_size=200))
def test_any_key_ring_is_read_or_refused(data: bytes) -> None:
    for form in (data, b"\xc6" + data, openpgp.armoured(openpgp.PUBLIC_KEY, data)):
        with suppress(NotAsExpected):
            openpgp.primary_fingerprints(openpgp.key_ring(form))


@given(st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=4))
def test_armour_gives_back_what_was_put_in(bodies: list[bytes]) -> None:
    ring = b"".join(packets.packet(packets.TRUST, body) for body in bodies)
    assert openpgp.key_ring(openpgp.armoured(openpgp.PUBLIC_KEY, ring)) == ring
