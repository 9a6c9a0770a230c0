"""decide: what is installed. Bytes, signatures, mark and clock in; a decision out."""

from datetime import datetime, timedelta

import pytest

from stpolicy.document.list import parse
from stpolicy.flows.decide import decide, distrusted
from stpolicy.model.dates import Instant, instant
from stpolicy.model.mark import Mark, bounded_now
from stpolicy.model.outcome import Reason
from stpolicy.model.signature import Doubt, Signature, Signatures
from tests import lists
from tests.pairs import dated
from tests.personas import LIST, SIGNED

BY_ALICE = Signatures((Signature("A" * 40, instant(SIGNED)),))
NONE = "0" * 64


def _reason(data: bytes = LIST, mark: Mark | None = None, now: datetime = lists.NOW) -> Reason:
    return decide(parse(data, "list"), data, BY_ALICE, mark, now=now).outcome.reason


def _mark(timestamp: timedelta = timedelta(), signed: timedelta = timedelta(), sha256: str = NONE) -> Mark:
    return Mark(instant(SIGNED + timestamp), instant(SIGNED + signed), sha256)


SECOND = timedelta(seconds=1)
OWN = decide(parse(LIST, "list"), LIST, BY_ALICE, None, now=lists.NOW).mark


@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        (None, Reason.INSTALLED),
        (_mark(-SECOND), Reason.INSTALLED),
        (_mark(-SECOND, SECOND), Reason.ROLLED_BACK),
        (_mark(SECOND), Reason.ROLLED_BACK),
        (_mark(), Reason.EQUIVOCATION),
        (OWN, Reason.INSTALLED),
    ],
)
def test_against_the_mark(mark: Mark | None, reason: Reason) -> None:
    assert _reason(mark=mark) is reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.INVALID),
        (dated(SIGNED, SIGNED), Reason.INVALID),
        (dated(SIGNED, policies={"a.com": {"policy-alias": "nowhere"}}), Reason.INVALID),
        (dated(SIGNED, policies={"b\u00fccher.de": lists.ONE_HOST}), Reason.INVALID),
        (dated(lists.NOW + timedelta(hours=25)), Reason.FUTURE),
        (dated(SIGNED - timedelta(days=9), lists.NOW), Reason.EXPIRED),
        (b" " * 100, Reason.INVALID),
    ],
)
def test_lists_that_are_not_taken(data: bytes, reason: Reason) -> None:
    assert _reason(data) is reason


def test_a_list_that_is_too_large() -> None:
    decision = decide(parse(LIST, "list", largest=9), LIST, BY_ALICE, None, now=lists.NOW)
    assert decision.outcome.reason is Reason.TOO_LARGE


def test_an_older_list_that_has_also_run_out_is_older() -> None:
    assert _reason(dated(SIGNED - timedelta(days=30)), _mark()) is Reason.ROLLED_BACK


@pytest.mark.parametrize("doubt", Doubt)
def test_every_doubt_has_a_reason(doubt: Doubt) -> None:
    outcome = distrusted(Signatures((), ((doubt, "because"), (Doubt.BAD, "more"))))
    assert (outcome.message, outcome.reason.exit_code) == ("because", 3 if doubt is Doubt.CLOCK else 1)


def test_r7_a_clock_that_was_turned_back() -> None:
    mark = _mark()
    day = timedelta(hours=24)
    assert bounded_now(SIGNED - day, mark) == SIGNED - day
    assert bounded_now(SIGNED - day - SECOND, mark) == SIGNED
    assert bounded_now(SIGNED - day - SECOND, None) == SIGNED - day - SECOND


@pytest.mark.parametrize(
    "text",
    [
        "",
        "timestamp 1\nsigned 2\n",
        f"timestamp 1\nsigned 2\nsha256 {NONE}",
        f"timestamp 1.\nsigned 2\nsha256 {NONE}\n",
        f"timestamp 1.50\nsigned 2\nsha256 {NONE}\n",
        f"timestamp -1\nsigned 2\nsha256 {NONE}\n",
        f"timestamp 99999999999999\nsigned 2\nsha256 {NONE}\n",
        f"timestamp 1\nsigned 2\nsha256 {NONE.replace('0', 'A')}\n",
        f"timestamp \u0661\nsigned 2\nsha256 {NONE}\n",
        f"timestamp 1\nsigned 2\nsha256 {NONE}\nmore 1\n",
    ],
)
def test_t24_what_is_no_mark(text: str) -> None:
    assert Mark.read(text) is None


def test_a_mark_is_read_as_it_is_written() -> None:
    for mark in (_mark(), Mark(Instant(1, "000000001"), Instant(2), "ab" * 32)):
        assert Mark.read(mark.text()) == mark
