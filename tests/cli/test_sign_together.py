"""The command `sign` with several signers: at once with --key, one after the other with --add."""

from datetime import timedelta
from pathlib import Path

import pytest

from stpolicy import openpgp
from tests import lists, packets
from tests.cli.test_sign import ASC, POLICY, by, made, refused, written
from tests.pairs import believing, believing_in, codes, dated, place, sign, snapshot
from tests.personas import LIST, LOOPBACK, SIGNED, Home, People, Person, stamp
from tests.program import NOW, Program


def _verified(program: Program, people: People, *signers: Person, threshold: int = 1) -> int:
    who = believing(people, *signers)
    return program(
        "verify", *who, "--threshold", str(threshold), "--now", stamp(lists.NOW + timedelta(hours=1))
    ).code


@pytest.fixture
def together(home: Home, people: People) -> Home:
    """A home with the secret keys of Alice, Bob and Carol."""
    for person in (people.alice, people.bob, people.carol):
        home.gpg(*LOOPBACK, "--import", data=person.home.gpg("--export-secret-keys", person.fingerprint))
    return home


def _keys(*fingerprints: str) -> list[str]:
    return [option for fpr in fingerprints for option in ("--key", fpr)]


def test_co_signers(together: Home, room: Path, people: People, program: Program) -> None:
    """One armour with a signature of each; each counts, and neither is needed by who pins the other."""
    POLICY.write_bytes(LIST)
    names = _keys(people.alice.fingerprint, people.carol.fingerprint)
    assert program("sign", "--homedir", together.path, "--now", NOW, *names).code == 0
    assert len(made()) == 2
    assert _verified(program, people, people.alice, people.carol, threshold=2) == 0
    assert _verified(program, people, people.alice) == 1, "G15: an unknown signer is refused"


@pytest.mark.parametrize("twice", ["same", "lower case", "spaces", "sub-key", "two sub-keys"])
def test_t21_one_signer_counts_once(
    twice: str, together: Home, room: Path, people: People, program: Program
) -> None:
    POLICY.write_bytes(LIST)
    alice, carol = people.alice.fingerprint, people.carol.fingerprint
    keys = {
        "same": [alice, alice],
        "lower case": [alice, alice.lower()],
        "spaces": [alice, f"0x{alice[:20]} {alice[20:]}"],
        "sub-key": [carol, people.carol.subkeys()[0]],
        "two sub-keys": people.carol.subkeys(),
    }
    assert program("sign", "--homedir", together.path, "--now", NOW, *_keys(*keys[twice])).code == 0
    assert len(made()) == 1


def test_g17_the_second_signer_fails(together: Home, room: Path, people: People, program: Program) -> None:
    """The first signature has been made already; nothing of it is seen."""
    place(room, people.alice)
    locked = together.make("Locked", passphrase="secret")
    names = _keys(people.alice.fingerprint, locked.fingerprint)
    refused(program, 3, "--homedir", str(together.path), "--now", NOW, *names)
    names = _keys(people.alice.fingerprint, people.erin.fingerprint)
    refused(program, 3, "--homedir", str(together.path), "--now", NOW, *names)


def test_a_colleague_adds_a_signature(room: Path, people: People, program: Program) -> None:
    place(room, people.alice)
    assert _verified(program, people, people.alice, people.bob, threshold=2) == 1
    ran = program("sign", "--add", *by(people.bob))
    assert ran.code == 0
    assert people.bob.fingerprint in ran.err
    assert POLICY.read_bytes() == LIST
    assert len(made()) == 2
    assert _verified(program, people, people.alice, people.bob, threshold=2) == 0
    assert _verified(program, people, people.alice, people.bob) == 0
    refused(program, 1, "--add", *by(people.bob))


def test_adding_by_the_signer_who_is_there(room: Path, people: People, program: Program) -> None:
    place(room, people.alice)
    refused(program, 1, "--add", *by(people.alice))


def test_adding_to_a_signature_of_somebody_unknown(room: Path, people: People, program: Program) -> None:
    place(room, people.mallory)
    ran = refused(program, 1, "--add", *by(people.bob))
    assert codes(ran.out) == ["signature.unknown_signer"]
    assert "import" in ran.out


def test_adding_to_nothing(room: Path, people: People, program: Program) -> None:
    POLICY.write_bytes(LIST)
    refused(program, 1, "--add", *by(people.bob))


@pytest.mark.parametrize(
    ("lying_there", "found"),
    [
        (b"", "signature.malformed"),
        (b"garbage", "signature.malformed"),
        (openpgp.armoured(openpgp.SIGNATURE, packets.packet(packets.MARKER, b"PGP")), "signature.extra_data"),
    ],
)
def test_adding_to_garbage(
    lying_there: bytes, found: str, room: Path, people: People, program: Program
) -> None:
    POLICY.write_bytes(LIST)
    ASC.write_bytes(lying_there)
    assert codes(refused(program, 1, "--add", *by(people.bob)).out) == [found]


def test_adding_after_an_edit(room: Path, people: People, program: Program) -> None:
    place(room, people.alice)
    POLICY.write_bytes(LIST.replace(b"mx.example.com", b"mx.example.org"))
    assert codes(refused(program, 1, "--add", *by(people.bob)).out) == ["signature.bad"]


def test_adding_never_dates_anew(room: Path, people: People, program: Program) -> None:
    old = SIGNED - timedelta(days=3)
    place(room, people.alice, data=dated(old), at=old)
    assert program("sign", "--add", *by(people.bob)).code == 0
    assert POLICY.read_bytes() == dated(old)
    assert _verified(program, people, people.alice, people.bob, threshold=2) == 0


def test_adding_to_what_has_run_out(room: Path, people: People, program: Program) -> None:
    old = SIGNED - timedelta(days=30)
    place(room, people.alice, data=dated(old), at=old)
    refused(program, 1, "--add", *by(people.bob))


def test_adding_to_what_must_not_be_signed(room: Path, people: People, program: Program) -> None:
    place(room, people.alice, data=dated(SIGNED, policies={"localhost": lists.ONE_HOST}))
    assert codes(refused(program, 1, "--add", *by(people.bob)).out) == ["policies.name.malformed"]


def test_adding_when_one_that_is_there_is_by_an_expired_key(
    room: Path, people: People, home: Home, program: Program
) -> None:
    """A colleague's key has run out meanwhile: the pair would be refused by everybody."""
    at = SIGNED.replace(year=2024, month=3)
    place(room, people.erin, at=at)
    bob = home.make("Bobby")
    home.learn(people.erin)
    assert codes(refused(program, 1, "--add", *by(bob)).out) == ["signature.bad_key"]


def test_signing_without_add_replaces_what_is_there(room: Path, people: People, program: Program) -> None:
    sign(place(room, people.alice), people.alice, people.bob)
    assert program("sign", *by(people.bob)).code == 0
    assert len(made()) == 1


@pytest.fixture
def alice(home: Home, room: Path, people: People) -> Person:
    """She signed, then Bob added his signature; she never imported his key."""
    person = home.make("Alice")
    sign(place(room, person), person, people.bob)
    return person


def test_a_signature_by_an_unknown_key_does_not_go_without_a_word(
    alice: Person, people: People, program: Program
) -> None:
    ran = program("sign", *by(alice))
    assert ran.code == 0
    assert f"a signature by {people.bob.fingerprint} is no longer there" in ran.err
    assert len(made()) == 1
    assert written().timestamp.written == NOW, "dated anew, as for colleagues whose keys are known"
    assert program("verify", *believing_in(alice), "--now", NOW).code == 0
    assert people.bob.fingerprint not in program("sign", *by(alice)).err


def test_a_signature_by_an_unknown_key_stays_when_the_list_may_not_be_dated(
    alice: Person, people: People, program: Program
) -> None:
    assert people.bob.fingerprint in refused(program, 1, *by(alice, "--no-bump")).err


def test_a_list_that_was_edited_has_lost_its_signatures_anyhow(
    alice: Person, people: People, program: Program
) -> None:
    POLICY.write_bytes(LIST.replace(b"mx.example.com", b"mx.example.org"))
    ran = program("sign", *by(alice))
    assert ran.code == 0
    assert people.bob.fingerprint not in ran.err


def test_only_a_signature_by_an_unknown_key_is_there(
    home: Home, room: Path, people: People, program: Program
) -> None:
    """By a sub-key, which is what the signature names."""
    place(room, people.carol)
    dave = home.make("David")
    ran = program("sign", *by(dave))
    assert ran.code == 0
    assert any(subkey in ran.err for subkey in people.carol.subkeys())
    assert written().timestamp.written == NOW


def test_a_colleague_whose_key_has_expired_since(
    room: Path, people: People, home: Home, program: Program
) -> None:
    alice = home.make("Alice")
    home.learn(people.erin)
    at = SIGNED.replace(year=2024, month=3)
    sign(place(room, alice, data=dated(at), at=at), alice, people.erin, at=at)
    ran = program("sign", "--homedir", home.path, "--now", stamp(at + timedelta(minutes=5)))
    assert ran.code == 0
    assert people.erin.fingerprint in ran.err


def test_an_old_signature_by_an_unknown_key_is_of_another_release(
    room: Path, people: People, program: Program
) -> None:
    place(room, people.alice, people.mallory, at=SIGNED - timedelta(days=7))
    assert people.mallory.fingerprint not in program("sign", *by(people.alice)).err


def test_output_elsewhere(room: Path, people: People, program: Program) -> None:
    POLICY.write_bytes(LIST)
    Path("out").mkdir()
    assert program("sign", *by(people.alice, "--output", "out/sig.asc")).code == 0
    assert not ASC.exists()
    who = [*believing(people, people.alice), "--now", NOW]
    assert program("verify", *who, "--signature", "out/sig.asc").code == 0
    before = snapshot(room)
    assert program("sign", "--add", *by(people.alice, "--output", "out/sig.asc")).code == 1
    assert snapshot(room) == before
