"""Status lines that differ from good ones in a single word."""

import pytest

from stpolicy import trust
from stpolicy.model.dates import instant
from stpolicy.model.signature import Answer, Doubt
from tests.lists import NOW

ALICE, BOB = "A" * 40, "B" * 40
MADE = instant(NOW).seconds - 60
GOOD = "GOODSIG AAAAAAAAAAAAAAAA Alice"


def _valid(
    signer: str = ALICE, made: int | str = MADE, expires: int | str = 0, digest: str = "10", kind: str = "00"
) -> str:
    return f"VALIDSIG {signer} 2026-11-01 {made} {expires} 4 0 22 {digest} {kind} {signer}"


def _status(*lines: str, prefix: str = "[GNUPG:] ") -> str:
    return "".join(f"{prefix}{line}\n" for line in ("NEWSIG", *lines))


def _doubts(status: str, threshold: int = 1, signers: tuple[str, ...] = (ALICE, BOB)) -> set[Doubt]:
    found = trust.judge(Answer(0, status), signers=signers, threshold=threshold, now=NOW)
    assert found.trusted is not bool(found.doubts)
    return {doubt for doubt, _ in found.doubts}


def test_good() -> None:
    assert _doubts(_status(GOOD, _valid())) == set()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (_valid(kind="01"), Doubt.MALFORMED),
        (_valid(kind="0"), Doubt.MALFORMED),
        (_valid(digest="2"), Doubt.WEAK_DIGEST),
        (_valid(digest="11"), Doubt.WEAK_DIGEST),
        (_valid(expires=MADE), Doubt.BAD),
        (_valid(expires=instant(NOW).seconds), Doubt.BAD),
        (_valid(expires="00"), Doubt.BAD),
        (_valid(expires="-"), Doubt.MALFORMED),
        (_valid(made="1e9"), Doubt.MALFORMED),
        (_valid(made=MADE + 86400 + 61), Doubt.FUTURE),
        (_valid(signer="C" * 40), Doubt.UNKNOWN_SIGNER),
        (_valid(signer="A" * 39), Doubt.MALFORMED),
        (_valid().lower().replace("validsig", "VALIDSIG"), Doubt.MALFORMED),
        (_valid().rpartition(" ")[0], Doubt.MALFORMED),
        (f"{_valid()}\n[GNUPG:] {_valid()}", Doubt.MALFORMED),
        ("NOTATION_NAME x", Doubt.MALFORMED),
        ("FAILURE gpgv 1", Doubt.BAD),
        ("TRUST_FULLY 0 pgp", Doubt.MALFORMED),
    ],
    ids=str,
)
def test_valid_line(changed: str, expected: Doubt) -> None:
    assert _doubts(_status(GOOD, changed)) == {expected}


@pytest.mark.parametrize("expires", [0, instant(NOW).seconds + 1], ids=["never", "in a second"])
def test_signature_that_has_not_expired(expires: int) -> None:
    assert _doubts(_status(GOOD, _valid(expires=expires))) == set()


@pytest.mark.parametrize("made", [MADE, instant(NOW).seconds + 86400], ids=["before", "tolerance"])
def test_signature_of_the_right_time(made: int) -> None:
    assert _doubts(_status(GOOD, _valid(made=made))) == set()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ERRSIG KEY 22 10 00 1 9 -", Doubt.UNKNOWN_SIGNER),
        ("ERRSIG KEY 22 10 00 1 9", Doubt.UNKNOWN_SIGNER),
        ("ERRSIG KEY 22 10 00 1 91 -", Doubt.BAD),
        ("ERRSIG KEY 22 10 00 1 4 -", Doubt.BAD),
        ("ERRSIG KEY 22 10 00 1 6 -", Doubt.CLOCK),
        ("ERRSIG KEY 22 10 00 1 65 -", Doubt.BAD),
        ("ERRSIG KEY 1 2 00 1 5 -", Doubt.WEAK_DIGEST),
        ("ERRSIG KEY 2 10 00 1 5 -", Doubt.BAD),
        ("ERRSIG KEY 22 2 00 1 9 -", Doubt.UNKNOWN_SIGNER),
        ("ERRSIG KEY 22 10 00 9", Doubt.BAD),
        ("ERRSIG KEY", Doubt.BAD),
        ("ERRSIG", Doubt.BAD),
        ("BADSIG KEY Alice", Doubt.BAD),
        ("EXPSIG KEY Alice", Doubt.BAD),
        ("EXPKEYSIG KEY Alice", Doubt.BAD_KEY),
        ("REVKEYSIG KEY Alice", Doubt.BAD_KEY),
        ("NO_PUBKEY KEY", Doubt.UNKNOWN_SIGNER),
        ("NODATA 4", Doubt.MALFORMED),
        ("UNEXPECTED 0", Doubt.EXTRA_DATA),
    ],
)
def test_objections_beside_good_lines(line: str, expected: Doubt) -> None:
    assert _doubts(_status(GOOD, _valid(), line)) == {expected}
    assert _doubts(_status(line)) == {expected}


def test_errsig_names_the_key() -> None:
    found = trust.judge(
        Answer(2, _status("ERRSIG THEKEY 22 10 00 1 9 -")), signers=[ALICE], threshold=1, now=NOW
    )
    assert "THEKEY" in found.doubts[0][1]


@pytest.mark.parametrize("prefix", ["", "A ", "gpgv: ", "~ ", " [GNUPG:] ", "[GNUPG:]", "[GNUPG:]\t"])
def test_lines_that_only_look_like_status(prefix: str) -> None:
    assert _doubts(_status(GOOD, _valid(), prefix=prefix)) == {Doubt.THRESHOLD}
    beside = _status(GOOD, _valid()) + f"{prefix}NEWSIG\n{prefix}BADSIG KEY Alice\n"
    assert _doubts(beside) == set()


def test_a_bare_prefix_is_nothing() -> None:
    assert _doubts("[GNUPG:]\n" + _status(GOOD, _valid()) + "[GNUPG:]") == set()


@pytest.mark.parametrize("others", [("GOODSIG B Bob",), ("VALIDSIG",), (_valid(),), ()], ids=str)
def test_one_good_and_one_valid_line_a_signature(others: tuple[str, ...]) -> None:
    lines = (GOOD, *others) if others != (_valid(),) else others
    assert _doubts(_status(*lines)) == {Doubt.MALFORMED}


@pytest.mark.parametrize(("threshold", "expected"), [(0, set()), (1, set()), (2, {Doubt.THRESHOLD})])
def test_threshold(threshold: int, expected: set[Doubt]) -> None:
    assert _doubts(_status(GOOD, _valid()), threshold) == expected


def test_nothing_meets_no_threshold() -> None:
    assert _doubts("", 0) == {Doubt.THRESHOLD}


def test_the_newest_of_one_signer_counts() -> None:
    status = (
        _status(GOOD, _valid(made=MADE - 9)) + _status(GOOD, _valid()) + _status(GOOD, _valid(made=MADE - 5))
    )
    found = trust.judge(Answer(0, status), signers=[ALICE], threshold=1, now=NOW)
    assert [(signature.signer, signature.made.seconds) for signature in found.counted] == [(ALICE, MADE)]


def test_exit_code_alone_is_a_doubt() -> None:
    found = trust.judge(Answer(2, _status(GOOD, _valid())), signers=[ALICE], threshold=1, now=NOW)
    assert [doubt for doubt, _ in found.doubts] == [Doubt.EXTRA_DATA]
