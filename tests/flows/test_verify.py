"""A signed list as a mail server judges it."""

import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from stpolicy import openpgp
from stpolicy.errors import Misuse, Refused
from stpolicy.flows.believe import believe, pins
from stpolicy.flows.verify import Verdict, verify
from stpolicy.model.file import File
from tests import lists
from tests.pairs import LATER, dated
from tests.personas import LIST, SIGNED, People

SECOND = timedelta(seconds=1)


def _verify(
    people: People,
    data: bytes,
    *,
    now: datetime = lists.NOW,
    newer_than: bytes | None = None,
    largest: int = 99999,
) -> Verdict:
    """The verdict on a list that Alice has signed."""
    return verify(
        File("policy.json", data),
        File("policy.json.asc", people.alice.sign(data)),
        pins(people.ring, "ring", [people.alice.fingerprint], 1),
        now=now,
        newer_than=None if newer_than is None else File("old.json", newer_than),
        largest=largest,
    )


def _codes(verdict: Verdict) -> list[str]:
    return sorted({finding.code for finding in verdict.report.findings})


def test_a_good_list(people: People) -> None:
    verdict = _verify(people, LIST)
    assert verdict.good
    assert _codes(verdict) == []
    assert verdict.policies is not None
    assert verdict.policies.policy_for("example.com")


@pytest.mark.parametrize(
    ("signers", "threshold"),
    [
        ([], 1),
        (["ALICE", "0123ABCD"], 1),
        (["0123456789ABCDEF"], 1),
        (["alice@example.org"], 1),
        (["ALICE\n"], 1),
        (["ALICE"], 0),
        (["ALICE"], -1),
        (["ALICE"], 2),
        (["ALICE", "ALICE"], 2),
        (["ALICE", "alice"], 2),
        (["MALLORY"], 1),
        (["ALICE", "MALLORY"], 2),
        (["F" * 64], 1),
    ],
    ids=str,
)
def test_g12_pins_that_cannot_be_met(signers: list[str], threshold: int, people: People) -> None:
    names = {
        "ALICE": people.alice.fingerprint,
        "alice": people.alice.fingerprint.lower(),
        "ALICE\n": f"{people.alice.fingerprint}\n",
        "MALLORY": people.mallory.fingerprint,
    }
    with pytest.raises(Misuse):
        pins(people.ring, "ring.gpg", [names.get(signer, signer) for signer in signers], threshold)


def test_a_sub_key_is_no_signer(people: People) -> None:
    with pytest.raises(Misuse, match="0 of the pinned keys"):
        pins(people.ring, "ring.gpg", people.carol.subkeys(), 1)


RINGS: dict[str, Callable[[People], bytes]] = {
    "empty": lambda _: b"",
    "text": lambda _: b"hello",
    "cut off": lambda people: people.alice.public[:-20],
    "a keybox": lambda people: (people.alice.home.path / "pubring.kbx").read_bytes(),
    "of somebody else": lambda people: people.mallory.public,
    "a signature": lambda people: people.alice.sign(LIST),
    "a secret key": lambda people: people.alice.home.gpg("--export-secret-keys"),
}


@pytest.mark.parametrize("name", RINGS)
def test_g12_rings_without_the_pinned_key(name: str, people: People) -> None:
    with pytest.raises(Misuse, match=r"ring\.gpg"):
        pins(RINGS[name](people), "ring.gpg", [people.alice.fingerprint], 1)


def test_g12_an_armoured_ring(people: People) -> None:
    ring = openpgp.armoured(openpgp.PUBLIC_KEY, people.ring)
    who = pins(ring, "ring.asc", [people.alice.fingerprint, "F" * 64], 1)
    assert believe(LIST, people.alice.sign(LIST), who, now=lists.NOW).trusted


DATES = {
    "fresh": (dated(SIGNED), []),
    "runs out in a second": (dated(SIGNED, lists.NOW + SECOND), []),
    "t9 runs out now": (dated(SIGNED, lists.NOW), ["dates.expired"]),
    "t9 ran out": (dated(SIGNED, lists.NOW - SECOND), ["dates.expired"]),
    "a day ahead": (dated(lists.NOW + timedelta(days=1)), []),
    "t7 more than a day ahead": (dated(lists.NOW + timedelta(days=1) + SECOND), ["dates.future"]),
    "reversed": (dated(SIGNED, SIGNED - SECOND), ["dates.expired", "dates.reversed"]),
}


@pytest.mark.parametrize("name", DATES)
def test_dates(name: str, people: People) -> None:
    data, codes = DATES[name]
    verdict = _verify(people, data)
    assert _codes(verdict) == codes
    assert verdict.good is not bool(codes)


OLD = {
    "older": (dated(SIGNED - SECOND), []),
    "same bytes": (LIST, []),
    "t6 same date, other bytes": (LIST + b"\n", ["history.rolled_back"]),
    "t2 newer": (dated(SIGNED + SECOND), ["history.rolled_back"]),
    "t5 newer by a nanosecond": (
        lists.data(timestamp="2026-11-01T11:30:00.000000001Z"),
        ["history.rolled_back"],
    ),
    "older, as an hour elsewhere": (lists.data(timestamp="2026-11-01T13:29:59+02:00"), []),
}


@pytest.mark.parametrize("name", OLD)
def test_rollback(name: str, people: People) -> None:
    old, codes = OLD[name]
    verdict = _verify(people, LIST, newer_than=old)
    assert _codes(verdict) == codes
    assert verdict.good is not bool(codes)


def test_an_old_list_that_is_none(people: People) -> None:
    with pytest.raises(Refused, match=r"old\.json"):
        _verify(people, LIST, newer_than=b"{}")


ONE = lists.ONE_HOST
CONTENTS = {
    "t19 a note by the same person": (b"The list moves to another key.\n", ["document.syntax"]),
    "t19 other JSON": (b'{"hello": 1}', ["document.missing_field", "document.unknown_field"]),
    "t19 another version": (lists.data(version="9.9"), ["document.version"]),
    "empty": (b"", ["document.syntax"]),
    "not UTF-8": (b"\xff\xfe", ["document.encoding"]),
    "an unknown field": (lists.data(pinsets={}), ["document.unknown_field"]),
    "two entries for a domain": (
        lists.data({"example.com": ONE, "EXAMPLE.com": ONE}),
        ["policies.duplicate"],
    ),
    "an alias that is not there": (
        lists.data({"example.com": {"policy-alias": "x"}}),
        ["policies.alias.unknown"],
    ),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_t19_what_is_well_signed_and_no_list(name: str, people: People) -> None:
    data, codes = CONTENTS[name]
    verdict = _verify(people, data)
    assert verdict.signatures.trusted
    assert not verdict.good
    assert set(codes) <= set(_codes(verdict))


def test_nothing_in_an_unverified_list_is_believed(people: People) -> None:
    who = pins(people.ring, "ring", [people.alice.fingerprint], 1)
    for data in (b"\xff", b"{}", dated(SIGNED, SIGNED), LIST[:-1]):
        verdict = verify(File("l", data), File("l.asc", people.alice.sign(LIST)), who, now=lists.NOW)
        assert _codes(verdict) == ["signature.bad"]
        assert verdict.policies is None


def test_t14_a_list_that_is_too_large(people: People) -> None:
    assert _codes(_verify(people, LIST, largest=len(LIST) - 1)) == ["document.too_large"]
    assert _verify(people, LIST, largest=len(LIST)).good


@pytest.mark.parametrize("name", ["co.uk", "github.io", "xn--bcher-kva.de", "xn--", "EXAMPLE.com."])
def test_clients_ask_nothing_that_depends_on_tables(name: str, people: People) -> None:
    """A client with newer tables must not refuse what its signer could sign."""
    entry = {name: {"mode": "enforce", "mxs": [".co.uk", "mx.xn--pple-43d.com"]}}
    assert _verify(people, lists.data(entry)).good


@pytest.mark.parametrize("name", ["bücher.de", "раураl.com", "a\u0378b.de", "☃.com"])
def test_clients_refuse_u_labels_whether_their_tables_know_them_or_not(name: str, people: People) -> None:
    entry = {"mode": "enforce", "mxs": ["mx.example.com"]}
    for policies in ({name: entry}, {"example.com": {"mode": "enforce", "mxs": [f"mx.{name}"]}}):
        verdict = _verify(people, lists.data(policies))
        assert not verdict.good
        assert set(_codes(verdict)) == {"document.shape"}


CORPUS = os.environ.get("STPOLICY_CORPUS")
FINGERPRINT = "B693F33372E965D76D55368616EEA65D03326C9D"


@pytest.mark.parametrize("form", ["trusted.asc", "trusted.gpg"])
def test_real_signatures(form: str) -> None:
    if not CORPUS:
        pytest.skip("STPOLICY_CORPUS names no folder of real lists")
    folder = Path(CORPUS) / "eff"
    expected = json.loads((folder / "expected.json").read_bytes())
    who = pins((folder / form).read_bytes(), form, [FINGERPRINT], 1)
    verdicts = {
        name: believe(
            (folder / name / "policy.json").read_bytes(),
            (folder / name / "policy.json.asc").read_bytes(),
            who,
            now=LATER,
        )
        for name in expected
    }
    assert {name: "good" if verdict.trusted else "bad" for name, verdict in verdicts.items()} == {
        name: release["signature"] for name, release in expected.items()
    }
    assert {doubt for verdict in verdicts.values() for doubt, _ in verdict.doubts} == {"bad"}
