"""The command `sign`: what is dated, judged and signed, and what is refused with nothing changed."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from stpolicy import openpgp
from stpolicy.document.list import load
from stpolicy.model.dates import instant
from stpolicy.model.policy import PolicyList
from tests import lists, packets
from tests.pairs import LATER, believing, codes, dated, place, sign, snapshot, trusts
from tests.personas import LIST, SIGNED, Home, People, Person, stamp
from tests.program import NOW, Program, Ran

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
POLICY, ASC = Path("policy.json"), Path("policy.json.asc")


def by(person: Person, *options: str | Path) -> list[str]:
    return ["--homedir", str(person.home.path), *map(str, options), "--now", NOW]


def refused(program: Program, code: int, *arguments: str) -> Ran:
    """Runs `sign`, which must end with this code and change nothing (G17)."""
    before = snapshot(Path())
    ran = program("sign", *arguments)
    assert (ran.code, snapshot(Path())) == (code, before)
    return ran


def written() -> PolicyList:
    return load(POLICY.read_bytes(), "policy.json")


def made() -> list[openpgp.SignaturePacket]:
    return openpgp.signatures(ASC.read_bytes())


def test_a_fresh_list_keeps_its_bytes(room: Path, people: People, program: Program) -> None:
    POLICY.write_bytes(LIST)
    ran = program("sign", *by(people.alice))
    assert (ran.code, ran.out) == (0, "")
    assert people.alice.fingerprint in ran.err
    assert POLICY.read_bytes() == LIST
    assert trusts(room, people.alice)
    assert not trusts(room, people.bob)
    (signature,) = made()
    assert signature.made == instant(SIGNED)
    assert packets.body(signature.raw)[1] == 0, "class 00"
    assert packets.body(signature.raw)[3] == 10, "SHA-512"
    assert ASC.stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in room.iterdir()) == ["policy.json", "policy.json.asc"]


@pytest.mark.parametrize(
    ("age", "redated"),
    [(timedelta(), False), (HOUR, False), (HOUR + SECOND, True), (13 * DAY, True), (700 * DAY, True)],
    ids=str,
)
def test_dates_older_than_an_hour_are_written_anew(
    age: timedelta, redated: bool, room: Path, people: People, program: Program
) -> None:
    before = dated(lists.NOW - age)
    POLICY.write_bytes(before)
    assert program("validate", "--now", NOW).code == 0
    assert program("sign", *by(people.alice)).code == 0
    assert (POLICY.read_bytes() != before) is redated
    if redated:
        assert written().timestamp.written == NOW
        assert written().expires.written == stamp(lists.NOW + 14 * DAY)
    assert program("verify", *believing(people, people.alice), "--now", stamp(lists.NOW + HOUR)).code == 0


def test_days(room: Path, people: People, program: Program) -> None:
    POLICY.write_bytes(dated(lists.NOW - DAY))
    assert program("sign", *by(people.alice, "--days", "30")).code == 0
    assert written().expires.written == stamp(lists.NOW + 30 * DAY)


def _lives(days: int) -> bool:
    return written().expires.instant - written().timestamp.instant == days * DAY


@pytest.mark.parametrize("source", ["flag", "environment", "beside", "config"])
def test_another_life_dates_a_fresh_list_anew(
    source: str, room: Path, people: People, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for seven days gets seven, whenever the list was dated."""
    POLICY.write_bytes(dated(SIGNED))
    given: list[str | Path] = []
    if source == "flag":
        given = ["--days", "7"]
    elif source == "environment":
        monkeypatch.setenv("STPOLICY_SIGN_DAYS", "7")
    elif source == "beside":
        Path("stpolicy.toml").write_text("days = 7\n")
    else:
        Path("c.toml").write_text("[sign]\ndays = 7\n")
        given = ["--config", "c.toml"]
    assert program("sign", *by(people.alice, *given)).code == 0
    assert _lives(7)
    assert written().timestamp.written == NOW
    before = POLICY.read_bytes()
    assert program("sign", *by(people.alice, *given)).code == 0
    assert POLICY.read_bytes() == before, "it has that life now"
    assert trusts(room, people.alice)


def test_nobody_asked_for_another_life(room: Path, people: People, program: Program) -> None:
    POLICY.write_bytes(dated(SIGNED, SIGNED + 9 * DAY))
    before = POLICY.read_bytes()
    assert program("sign", *by(people.alice)).code == 0
    assert program("sign", *by(people.alice, "--days", "9")).code == 0
    assert POLICY.read_bytes() == before
    assert program("sign", *by(people.alice, "--days", "14")).code == 0
    assert _lives(14)


def test_a_life_that_was_too_long_is_mended_by_asking_for_another(
    room: Path, people: People, program: Program
) -> None:
    POLICY.write_bytes(dated(SIGNED, SIGNED + 60 * DAY))
    assert codes(refused(program, 1, *by(people.alice)).out) == ["dates.lifetime.too_long"]
    assert program("sign", *by(people.alice, "--days", "14")).code == 0
    assert _lives(14)


@pytest.mark.parametrize("other", ["--no-bump", "--add"])
def test_days_and_what_never_dates(
    other: str, home: Home, room: Path, people: People, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typed together they contradict each other. What is set for every day does not."""
    alice = home.make("Alice")
    home.learn(people.bob)
    place(room, people.bob)
    if other == "--no-bump":
        ASC.unlink()
    ran = refused(program, 2, *by(alice, "--days", "7", other))
    assert other in ran.err
    monkeypatch.setenv("STPOLICY_SIGN_DAYS", "7")
    assert program("sign", *by(alice, other)).code == 0
    assert POLICY.read_bytes() == LIST


def test_a_life_that_is_too_long_is_refused(room: Path, people: People, program: Program) -> None:
    POLICY.write_bytes(dated(lists.NOW - DAY))
    ran = refused(program, 1, *by(people.alice, "--days", "32"))
    assert codes(ran.out) == ["dates.lifetime.too_long"]


@pytest.mark.parametrize("age", [HOUR + SECOND, 20 * DAY], ids=str)
def test_no_bump(age: timedelta, room: Path, people: People, program: Program) -> None:
    place(room, people.alice, data=dated(lists.NOW - age), at=lists.NOW - age)
    refused(program, 1, *by(people.alice, "--no-bump"))
    POLICY.write_bytes(LIST)
    assert program("sign", *by(people.alice, "--no-bump")).code == 0


@pytest.mark.parametrize(
    ("ahead", "found"), [(2 * SECOND, []), (DAY, []), (DAY + SECOND, ["dates.future"])], ids=str
)
def test_t7_a_timestamp_ahead_of_the_clock(
    ahead: timedelta, found: list[str], room: Path, people: People, program: Program
) -> None:
    POLICY.write_bytes(dated(lists.NOW + ahead))
    ran = refused(program, 1, *by(people.alice))
    assert codes(ran.out) == found


ONE = lists.ONE_HOST
WRONG = {
    "document.syntax": b"{",
    "document.unknown_field": lists.data(pinsets={}),
    "document.duplicate_key": LIST.replace(b'"policies"', b'"policies": {}, "policies"'),
    "policies.duplicate": dated(SIGNED, policies={"example.com": ONE, "EXAMPLE.com": ONE}),
    "policies.alias.unknown": dated(SIGNED, policies={"example.com": {"policy-alias": "x"}}),
    "policies.name.malformed": dated(SIGNED, policies={"localhost": ONE}),
    "mxs.pattern.malformed": dated(SIGNED, policies={"example.com": {"mode": "enforce", "mxs": ["*.x.org"]}}),
    "mxs.pattern.public_suffix": dated(
        SIGNED, policies={"example.com": {"mode": "enforce", "mxs": [".co.uk"]}}
    ),
    "dates.reversed": dated(SIGNED, SIGNED + 15 * SECOND).replace(b"11:30:00Z", b"11:30:30Z", 1),
    "dates.lifetime.too_long": dated(SIGNED, SIGNED + 32 * DAY),
}


@pytest.mark.parametrize("code", WRONG)
def test_what_validate_calls_an_error_is_not_signed(
    code: str, room: Path, people: People, program: Program
) -> None:
    place(room, people.alice, data=WRONG[code], at=SIGNED - DAY)
    if code == "dates.reversed":
        now = stamp(SIGNED + 10 * SECOND)
        ran = refused(program, 1, "--homedir", str(people.alice.home.path), "--now", now)
    else:
        ran = refused(program, 1, *by(people.alice))
    assert code in codes(ran.out)


def test_stale_and_wrong_is_not_signed(room: Path, people: People, program: Program) -> None:
    POLICY.write_bytes(dated(SIGNED - 90 * DAY, policies={"a.com": ONE, "A.com": ONE}))
    assert codes(refused(program, 1, *by(people.alice)).out) == ["policies.duplicate"]


def test_warnings_do_not_keep_a_list_from_being_signed(room: Path, people: People, program: Program) -> None:
    POLICY.write_bytes(dated(SIGNED, SIGNED + 2 * DAY, policies={"EXAMPLE.com": ONE}))
    assert program("sign", *by(people.alice)).code == 0


def test_u_labels(room: Path, people: People, program: Program) -> None:
    """A fresh list with them is refused; a stale one is dated anew, and canonical on the way."""
    POLICY.write_bytes(dated(SIGNED, policies={"bücher.de": ONE}))
    assert "fmt" in refused(program, 1, *by(people.alice)).err
    POLICY.write_bytes(dated(SIGNED, policies={"example.com": {"mode": "testing", "mxs": ["mx.bücher.de"]}}))
    assert "fmt" in refused(program, 1, *by(people.alice)).err
    POLICY.write_bytes(dated(SIGNED - DAY, policies={"bücher.de": ONE}))
    assert program("sign", *by(people.alice)).code == 0
    assert list(json.loads(POLICY.read_bytes())["policies"]) == ["xn--bcher-kva.de"]


def test_now_makes_it_reproducible(room: Path, people: People, program: Program) -> None:
    POLICY.write_bytes(dated(SIGNED - DAY))
    assert program("sign", *by(people.alice)).code == 0
    first = POLICY.read_bytes(), ASC.read_bytes()
    POLICY.write_bytes(dated(SIGNED - DAY))
    ASC.unlink()
    assert program("sign", *by(people.alice)).code == 0
    assert (POLICY.read_bytes(), ASC.read_bytes()) == first


def test_the_clock(room: Path, people: People, program: Program) -> None:
    """Without --now, as people type it."""
    POLICY.write_bytes(dated(datetime.fromisoformat("2024-06-01T00:00:00Z")))
    assert program("sign", "--homedir", people.alice.home.path).code == 0
    assert program("verify", *believing(people, people.alice)).code == 0
    assert made()[0].made == written().timestamp.instant


def test_an_edit_right_after_signing(room: Path, people: People, program: Program) -> None:
    POLICY.write_bytes(dated(SIGNED - DAY))
    assert program("sign", *by(people.alice)).code == 0
    before = written().timestamp.instant
    assert program("add", "example.org", "--mx", "mx.example.org").code == 0
    assert program("verify", *believing(people, people.alice), "--now", NOW).code == 1
    assert refused(program, 1, *by(people.alice, "--no-bump")).err
    assert program("sign", *by(people.alice)).code == 0
    assert written().timestamp.instant == before + SECOND
    assert program("verify", *believing(people, people.alice), "--now", NOW).code == 0


def test_somebody_else_has_signed_something_newer(room: Path, people: People, program: Program) -> None:
    place(room, people.alice, data=dated(LATER), at=LATER)
    POLICY.write_bytes(LIST)
    ran = refused(program, 1, *by(people.alice))
    assert codes(ran.out) == ["signature.bad"]
    place(room, people.mallory, at=LATER)
    assert codes(refused(program, 1, *by(people.alice)).out) == ["signature.unknown_signer"]


def test_r1_a_crash_between_the_two_files(room: Path, people: People, program: Program) -> None:
    """The list of tomorrow with the signature of today: nobody believes it, and `sign` mends it."""
    place(room, people.alice, data=dated(SIGNED - DAY), at=SIGNED - DAY)
    POLICY.write_bytes(LIST)
    assert program("verify", *believing(people, people.alice), "--now", NOW).code == 1
    assert program("sign", *by(people.alice)).code == 0
    assert program("verify", *believing(people, people.alice), "--now", NOW).code == 0


@pytest.mark.parametrize("lying_there", [b"", b"garbage", openpgp.armoured("MESSAGE", b"\x01")])
def test_what_is_no_signature_is_replaced(
    lying_there: bytes, room: Path, people: People, program: Program
) -> None:
    POLICY.write_bytes(LIST)
    ASC.write_bytes(lying_there)
    assert program("sign", *by(people.alice)).code == 0
    assert trusts(room, people.alice)


def test_signing_again_is_harmless(room: Path, people: People, program: Program) -> None:
    sign(place(room, people.alice), people.alice)
    before = ASC.read_bytes()
    assert program("sign", *by(people.alice)).code == 0
    assert (POLICY.read_bytes(), ASC.read_bytes()) == (LIST, before)


def test_what_it_came_to_for_machines(room: Path, people: People, program: Program) -> None:
    POLICY.write_bytes(LIST)
    good = json.loads(program("sign", *by(people.alice), "--format", "json").out)
    assert (good["signed"], good["signers"], good["redated"]) == (True, [people.alice.fingerprint], False)
    POLICY.write_bytes(WRONG["mxs.pattern.public_suffix"])
    bad = json.loads(program("sign", *by(people.alice), "--format", "json").out)
    assert (bad["signed"], [finding["code"] for finding in bad["findings"]]) == (
        False,
        ["mxs.pattern.public_suffix"],
    )
