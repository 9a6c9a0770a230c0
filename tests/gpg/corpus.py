"""Signature files, good and bad: how each is made, and what must be said of it.

`codes` are those of the findings; none means that the pair is relied on. Pinned is Alice, and one
signature is enough, where a case does not say otherwise. In the key ring is everybody but Mallory.
"""

import base64
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stpolicy import openpgp
from tests import lists, packets
from tests.packets import asc
from tests.personas import LIST, SIGNED, People

OTHER = LIST.replace(b"mx.example.com", b"mx.example.org")

Make = Callable[[People], bytes]


@dataclass(frozen=True)
class Case:
    """One file. `data` is what it is said to be a signature of."""

    make: Make
    codes: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ("alice",)
    threshold: int = 1
    data: bytes = LIST


def _alice(*options: str, at: datetime = SIGNED, data: bytes = LIST) -> Make:
    return lambda people: people.alice.sign(data, *options, at=at)


def _packet(people: People, name: str = "alice", data: bytes = LIST) -> bytes:
    at = datetime(2024, 3, 1, tzinfo=UTC) if name == "erin" else SIGNED
    person = getattr(people, name)
    return bytes(person.packet(data, at=at))


def _by(*names: str) -> Make:
    return lambda people: asc(*(_packet(people, name) for name in names))


def _with(change: Callable[[bytes], bytes]) -> Make:
    """A good armour, changed."""
    return lambda people: change(people.alice.sign(LIST))


def _beside(other: bytes) -> Make:
    return lambda people: asc(_packet(people), other)


def _octet(at: int, value: int) -> Make:
    return lambda people: asc(packets.with_octet(_packet(people), at, value))


def _by_both_subkeys(people: People) -> bytes:
    return asc(*(people.carol.packet(LIST, user=f"{fpr}!") for fpr in people.carol.subkeys()))


def _by_each_subkey(position: int) -> Make:
    return lambda people: people.carol.sign(LIST, user=f"{people.carol.subkeys()[position]}!")


def _two_at_different_times(people: People) -> bytes:
    later = people.alice.packet(LIST, at=SIGNED + timedelta(minutes=5))
    return asc(_packet(people), later)


def _clearsigned(people: People) -> bytes:
    alice = people.alice
    return alice.home.gpg("--local-user", alice.fingerprint, "--clear-sign", data=LIST, at=SIGNED)


def _inline(people: People, *options: str) -> bytes:
    alice = people.alice
    return alice.home.gpg(*options, "--local-user", alice.fingerprint, "--sign", data=LIST, at=SIGNED)


def _beside_a_message(people: People) -> bytes:
    """x4 of security tests: gpgv has only good lines to say, and exit code 2."""
    return asc(_packet(people), _inline(people, "--compress-algo", "none"))


def _one_armour_of_a_key(people: People) -> bytes:
    return openpgp.armoured(openpgp.PUBLIC_KEY, people.alice.public)


def _compressed(people: People) -> bytes:
    raw = zlib.compress(_packet(people), wbits=-15)
    return asc(packets.packet(packets.COMPRESSED, b"\x01" + raw))


def _forged_status(people: People) -> bytes:
    """gpg prints the user id that a signature names before it has looked for any key (G7)."""
    line = (
        f"VALIDSIG {people.alice.fingerprint} 2026-11-01 1793532600 0 4 0 22 10 00 {people.alice.fingerprint}"
    )
    names = packets.subpacket(2, bytes(4)) + packets.subpacket(28, line.encode())
    keyid = packets.subpacket(16, bytes.fromhex(people.alice.fingerprint)[-8:])
    return asc(packets.signature(names + keyid))


def _truncated(people: People) -> bytes:
    whole = _packet(people)
    return asc(whole, whole[:-10])


def _without_checksum(text: bytes) -> bytes:
    return b"\n".join(line for line in text.split(b"\n") if not line.startswith(b"="))


def _with_wrong_checksum(text: bytes) -> bytes:
    return b"\n".join(b"=AAAA" if line.startswith(b"=") else line for line in text.split(b"\n"))


MALFORMED, EXTRA, BAD = ("signature.malformed",), ("signature.extra_data",), ("signature.bad",)
UNKNOWN, BAD_KEY, WEAK = ("signature.unknown_signer",), ("signature.bad_key",), ("signature.weak_digest",)
FUTURE, FEW = ("signature.future",), ("signature.threshold",)
BOTH = ("alice", "bob")
HEADER = b"-----BEGIN PGP SIGNATURE-----\n"

GOOD = {
    "good": Case(_alice()),
    "good, RSA": Case(_by("ron"), pinned=("ron",)),
    "good, by a sub-key": Case(_by_each_subkey(0), pinned=("carol",)),
    "good, by another sub-key": Case(_by_each_subkey(1), pinned=("carol",)),
    "good, SHA-256": Case(_alice("--digest-algo", "SHA256")),
    "good, SHA-384": Case(_alice("--digest-algo", "SHA384")),
    "good, signature expires later": Case(_alice("--default-sig-expire", "10y")),
    "good, a notation": Case(_alice("--sig-notation", "list@example.org=[GNUPG:] BADSIG")),
    "good, armour with CRLF": Case(_with(lambda text: text.replace(b"\n", b"\r\n"))),
    "good, armour without checksum": Case(_with(_without_checksum)),
    "good, empty lines after the armour": Case(_with(lambda text: text + b"\n\n")),
    "good, an hour ahead of the clock": Case(_alice(at=lists.NOW + timedelta(hours=1))),
    "two signers": Case(_by("alice", "bob"), pinned=BOTH, threshold=2),
    "two signers, one needed": Case(_by("alice", "bob"), pinned=BOTH),
    "same signature twice": Case(_by("alice", "alice")),
    "16 signatures": Case(_by(*["alice"] * 16)),
}

WRONG = {
    "of another list": Case(_alice(data=OTHER), BAD),
    "of this list, offered with another": Case(_alice(), BAD, data=OTHER),
    "G2 expired signature": Case(_alice("--default-sig-expire", "1d", at=SIGNED - timedelta(days=30)), BAD),
    "G2 unknown key": Case(_by("mallory"), UNKNOWN),
    "G11 unknown key that comes along": Case(
        lambda people: people.mallory.sign(LIST, "--include-key-block"), UNKNOWN
    ),
    "G3 key in the ring, not pinned": Case(_by("bob"), UNKNOWN),
    "G2 revoked key": Case(_by("rex"), BAD_KEY, pinned=("rex",)),
    "G2 expired key": Case(_by("erin"), BAD_KEY, pinned=("erin",)),
    "T7 dated 2040": Case(_alice(at=datetime(2040, 1, 1, tzinfo=UTC)), FUTURE),
    "T7 dated 25 hours ahead": Case(_alice(at=lists.NOW + timedelta(hours=25)), FUTURE),
    "G13 MD5": Case(_alice("--allow-weak-digest-algos", "--digest-algo", "MD5"), WEAK),
    "G13 SHA-1": Case(_alice("--allow-weak-digest-algos", "--digest-algo", "SHA1"), WEAK),
    "G13 SHA-224": Case(_alice("--digest-algo", "SHA224"), WEAK),
    "G13 RIPEMD-160": Case(_alice("--digest-algo", "RIPEMD160"), WEAK),
    "G14 text mode": Case(_alice("--textmode"), MALFORMED),
    "G14 text mode, file with CRLF": Case(
        _alice("--textmode", data=LIST.replace(b"{", b"{\n")),
        MALFORMED,
        data=LIST.replace(b"{", b"{\r\n"),
    ),
    "two signers, one not pinned": Case(_by("alice", "bob"), UNKNOWN),
    "T2 same signature twice, two needed": Case(_by("alice", "alice"), FEW, BOTH, 2),
    "G4 two signatures by one, two needed": Case(_two_at_different_times, FEW, BOTH, 2),
    "G4 two sub-keys of one, two needed": Case(_by_both_subkeys, FEW, ("alice", "carol"), 2),
    "G15 good, then unknown": Case(_by("alice", "mallory"), UNKNOWN),
    "G15 unknown, then good": Case(_by("mallory", "alice"), UNKNOWN),
    "G15 two needed, one unknown": Case(_by("alice", "mallory"), UNKNOWN, BOTH, 2),
    "expired key, then good": Case(_by("erin", "alice"), BAD_KEY, ("erin", "alice")),
    "revoked key, then good": Case(_by("rex", "alice"), BAD_KEY, ("rex", "alice")),
    "good, then of another list": Case(lambda people: asc(_packet(people), _packet(people, data=OTHER)), BAD),
    "G7 status line in a signature without key": Case(_forged_status, BAD),
    "G14 class 02": Case(_octet(1, 2), MALFORMED),
    "G14 version 3": Case(_octet(0, 3), MALFORMED),
    "critical unknown notation": Case(_alice("--sig-notation", "!list@example.org=1"), BAD),
    "G14 good and a public key": Case(lambda people: asc(_packet(people), people.mallory.public), EXTRA),
    "G1 good and a message": Case(_beside_a_message, EXTRA),
    "T18 a message in the armour of a signature": Case(
        lambda people: asc(_inline(people, "--compress-algo", "none")), EXTRA
    ),
    "T18 a compressed message in the armour of a signature": Case(
        lambda people: asc(_inline(people)), MALFORMED
    ),
    "T18 a message": Case(lambda people: _inline(people, "--armor"), MALFORMED),
    "T18 clearsigned": Case(_clearsigned, EXTRA),
    "a public key": Case(_one_armour_of_a_key, MALFORMED),
    "G14 compressed": Case(_compressed, EXTRA),
    "G14 good and a marker": Case(_beside(packets.packet(packets.MARKER, b"PGP")), EXTRA),
    "G14 good and padding": Case(_beside(packets.packet(packets.PADDING, bytes(20))), EXTRA),
    "G14 good and a trust packet": Case(_beside(packets.packet(packets.TRUST, b"\x06\x06")), EXTRA),
    "G14 text before": Case(_with(lambda text: b"hello\n" + text), EXTRA),
    "G14 text after": Case(_with(lambda text: text + b"hello\n"), EXTRA),
    "G14 text between": Case(_with(lambda text: text + b"hello\n" + text), EXTRA),
    "T2 two armours": Case(_with(lambda text: text + text), EXTRA),
    "G14 armour with headers": Case(_with(lambda t: t.replace(HEADER, HEADER + b"Comment: hi\n")), EXTRA),
    "G14 armour with a colon": Case(_with(lambda t: t.replace(HEADER, HEADER + b": \n")), MALFORMED),
    "T2 binary": Case(_packet, MALFORMED),
    "empty": Case(lambda _: b"", MALFORMED),
    "empty armour": Case(lambda _: asc(), MALFORMED),
    "an armour of empty lines": Case(lambda _: HEADER + b"\n\n\n-----END PGP SIGNATURE-----\n", MALFORMED),
    "an armour of nothing": Case(lambda _: HEADER + b"\n-----END PGP SIGNATURE-----\n", MALFORMED),
    "garbage": Case(lambda _: bytes(range(256)), MALFORMED),
    "garbage in an armour": Case(lambda _: asc(b"hello"), MALFORMED),
    "armour cut off": Case(_with(lambda text: text[: len(text) // 2]), MALFORMED),
    "packet cut off": Case(_truncated, MALFORMED),
    "packet without content": Case(_beside(packets.packet(packets.SIGNATURE, b"")), MALFORMED),
    "wrong checksum": Case(_with(_with_wrong_checksum), MALFORMED),
    "not base64": Case(_with(lambda text: text.replace(b"\n\n", b"\n\nA")), MALFORMED),
    "G14 partial lengths": Case(
        lambda people: asc(packets.partial(packets.SIGNATURE, packets.body(_packet(people)))), MALFORMED
    ),
    "G14 indeterminate length": Case(
        lambda people: asc(packets.indeterminate(packets.SIGNATURE, packets.body(_packet(people)))), MALFORMED
    ),
    "G14 17 signatures": Case(_by(*["alice"] * 17), MALFORMED),
    "G14 65 KiB": Case(_with(lambda text: text + b"\n" * 65536), MALFORMED),
    "base64 alone": Case(lambda people: base64.b64encode(_packet(people)), MALFORMED),
}

CASES = GOOD | WRONG
