"""Signing in memory: what is to be written, and that nothing is when something is wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from stpolicy import openpgp
from stpolicy.errors import Refused, StpolicyError
from stpolicy.flows.sign import Signed, Terms, add, sign
from stpolicy.gpg.home import Home, SecretKey
from stpolicy.model.dates import Instant, instant
from stpolicy.model.file import File
from stpolicy.model.finding import Suffixes
from tests import lists, packets, personas
from tests.pairs import dated
from tests.personas import LIST, SIGNED, People

SECOND = timedelta(seconds=1)


def _sign(
    home: Home,
    suffixes: Suffixes,
    data: bytes = LIST,
    existing: bytes | None = None,
    *,
    now: datetime = lists.NOW,
    **terms: bool,
) -> Signed:
    there = None if existing is None else File("policy.json.asc", existing)
    return sign(File("policy.json", data), there, home, Terms(**terms), now=now, suffixes=suffixes)  # type: ignore[arg-type]


def _home(person: personas.Person) -> Home:
    return Home(person.home.path)


def test_what_is_to_be_written(people: People, suffixes: Suffixes) -> None:
    signed = _sign(_home(people.alice), suffixes)
    assert (signed.data, signed.redated) == (LIST, False)
    assert signed.signers == (people.alice.fingerprint,)
    assert signed.signature == people.alice.sign(LIST), "a signature by gpg, of the list's own date"


def test_nothing_is_to_be_written_when_something_is_wrong(people: People, suffixes: Suffixes) -> None:
    signed = _sign(_home(people.alice), suffixes, lists.data(pinsets={}))
    assert signed.report.failed
    assert (signed.data, signed.signature, signed.signers) == (b"", b"", ())


@dataclass(frozen=True, slots=True)
class Forger(Home):
    """A home whose gpg makes what it should not."""

    made: bytes = b""

    def sign(self, data: bytes, signer: str, *, at: Instant | None = None) -> bytes:
        return self.made


FORGED = [
    b"",
    b"garbage",
    packets.asc(packets.packet(packets.MARKER, b"PGP")),
    openpgp.armoured("MESSAGE", b"\x01"),
    packets.asc(packets.signature(b"")),
]


@pytest.mark.parametrize("made", FORGED, ids=range(len(FORGED)))
def test_g17_what_gpg_makes_is_looked_at(made: bytes, people: People, suffixes: Suffixes) -> None:
    with pytest.raises(StpolicyError):
        _sign(Forger(people.alice.home.path, made=made), suffixes)


@pytest.mark.parametrize("at", ["two days ahead", "of other bytes", "by somebody else", "SHA-224", "text"])
def test_g17_what_gpg_makes_is_verified_as_a_client_does(at: str, people: People, suffixes: Suffixes) -> None:
    made = {
        "two days ahead": lambda: people.alice.sign(LIST, at=lists.NOW + timedelta(days=2)),
        "of other bytes": lambda: people.alice.sign(LIST + b"\n"),
        "by somebody else": lambda: people.bob.sign(LIST),
        "SHA-224": lambda: people.alice.sign(LIST, "--digest-algo", "SHA224"),
        "text": lambda: people.alice.sign(LIST, "--textmode"),
    }[at]()
    with pytest.raises(StpolicyError) as caught:
        _sign(Forger(people.alice.home.path, made=made), suffixes)
    assert not isinstance(caught.value, Refused)


@dataclass(frozen=True, slots=True)
class Young(Home):
    """A home whose key was made just now."""

    def secret_keys(self) -> list[SecretKey]:
        (key,) = Home(self.folder).secret_keys()
        return [SecretKey(key.fingerprint, key.name, key.subkeys, instant(lists.NOW), key.fault)]


def test_a_key_that_is_younger_than_the_list(people: People, suffixes: Suffixes) -> None:
    """A signature of the list's date would be older than its key, and refused by everybody."""
    home = Young(people.alice.home.path)
    signed = _sign(home, suffixes)
    assert signed.redated
    assert signed.policies is not None
    assert signed.policies.timestamp.instant == instant(lists.NOW)
    now = datetime.fromisoformat("2024-03-01T00:00:00Z")
    data = dated(now)
    kept = _sign(home, suffixes, data, now=now + SECOND, may_bump=False, fake_time=True)
    assert kept.data == data


def test_dates_that_others_have_signed_are_not_used_again(people: People, suffixes: Suffixes) -> None:
    edited = LIST.replace(b"mx.example.com", b"mx.example.org")
    before = people.alice.sign(LIST)
    signed = _sign(_home(people.alice), suffixes, edited, before)
    assert signed.redated
    with pytest.raises(Refused):
        _sign(_home(people.alice), suffixes, edited, before, may_bump=False)


def test_new_dates_are_judged_too(people: People, suffixes: Suffixes) -> None:
    """A life of 40 days is as wrong after an edit as after a week."""
    before = people.alice.sign(LIST)
    terms = Terms(life=timedelta(days=40))
    asc = File("policy.json.asc", before)
    for data, there in ((LIST + b"\n", asc), (dated(SIGNED - timedelta(days=2)), None)):
        file = File("policy.json", data)
        signed = sign(file, there, _home(people.alice), terms, now=lists.NOW, suffixes=suffixes)
        assert [finding.code for finding in signed.report.findings] == ["dates.lifetime.too_long"]
        assert signed.signature == b""


def test_a_date_that_cannot_be_made_newer(people: People, suffixes: Suffixes) -> None:
    """A second ahead already, signed and edited within the same second."""
    data = dated(lists.NOW + SECOND)
    before = people.alice.sign(data, at=lists.NOW + SECOND)
    with pytest.raises(Refused, match="ahead of the clock"):
        _sign(_home(people.alice), suffixes, data + b"\n", before)


def test_adding_what_does_not_verify_together(people: People, suffixes: Suffixes) -> None:
    file, asc = File("policy.json", LIST), File("policy.json.asc", people.alice.sign(LIST))
    home = Forger(people.bob.home.path, made=people.bob.sign(LIST, at=SIGNED))
    done = add(file, asc, home, Terms(), now=lists.NOW, suffixes=suffixes)
    assert len(openpgp.signatures(done.signature)) == 2
    full = File("policy.json.asc", packets.asc(*[people.alice_packet] * openpgp.MOST_SIGNATURES))
    with pytest.raises(StpolicyError):
        add(file, full, home, Terms(), now=lists.NOW, suffixes=suffixes)
