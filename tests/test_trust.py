"""What is made of gpgv's words: of this version's, of others', and of words that somebody forges."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stpolicy import trust
from stpolicy.model.dates import Instant
from stpolicy.model.signature import Answer, Doubt, Signatures
from tests import lists

JOE, SUE, SUBKEY, REX = "A" * 40, "B" * 40, "C" * 40, "D" * 40
LONG = "E" * 64
MADE = int(lists.NOW.timestamp()) - 1800
NEW, GOOD_USER = "[GNUPG:] NEWSIG\n", "Joe <joe@example.org>"


def _good(user: str = GOOD_USER, key: str = JOE) -> str:
    return f"[GNUPG:] GOODSIG {key[-16:]} {user}\n"


def _valid(
    primary: str = JOE,
    *,
    key: str | None = None,
    made: object = MADE,
    expires: object = 0,
    digest: object = 10,
    kind: str = "00",
) -> str:
    fields = [key or primary, "2026-11-01", made, expires, 4, 0, 22, digest, kind, primary]
    return f"[GNUPG:] VALIDSIG {' '.join(map(str, fields))}\n"


def _block(primary: str = JOE) -> str:
    return NEW + _good(key=primary) + _valid(primary)


def _judge(status: str, code: int = 0, threshold: int = 1) -> Signatures:
    signers = {JOE, SUE, LONG}
    return trust.judge(Answer(code, status), signers=signers, threshold=threshold, now=lists.NOW)


TRUSTED = {
    "GnuPG 2.2": NEW
    + f"[GNUPG:] KEY_CONSIDERED {JOE} 0\n[GNUPG:] SIG_ID abc 2026-11-01 {MADE}\n"
    + _good()
    + _valid(),
    "GnuPG 2.4, with the signer's user id": "[GNUPG:] NEWSIG joe@example.org\n" + _good() + _valid(),
    "GnuPG 1.4, without NEWSIG": _good() + _valid(),
    "fields of a later version": NEW + _good() + _valid().replace("\n", " and more\n"),
    "a whole fingerprint in GOODSIG": NEW + f"[GNUPG:] GOODSIG {JOE} {GOOD_USER}\n" + _valid(),
    "a sub-key": NEW + _good() + _valid(key=SUBKEY),
    "a key of version 5": NEW + _good() + _valid(LONG),
    "trust and notations": NEW
    + _good()
    + _valid()
    + "[GNUPG:] NOTATION_DATA x\n[GNUPG:] TRUST_UNDEFINED 0\n",
    "g6 a forged line in a user id": NEW + _good("x%0A[GNUPG:] BADSIG 0123456789ABCDEF") + _valid(),
    "signature expires later": NEW + _good() + _valid(expires=MADE + 7200),
    "dated a day ahead": NEW + _good() + _valid(made=MADE + 1800 + 86400),
    "SHA-256": NEW + _good() + _valid(digest=8),
    "lines of others": f"gpgv: Good signature\n{NEW}{_good()}{_valid()}garbage\n",
}


@pytest.mark.parametrize("name", TRUSTED)
def test_words_that_are_relied_on(name: str) -> None:
    verdict = _judge(TRUSTED[name])
    assert verdict.trusted
    assert verdict.newest == verdict.counted[0].made
    assert not _judge(TRUSTED[name], code=2).trusted, "G1: the exit code counts as much as the words"
    assert not _judge(TRUSTED[name], code=-9).trusted


FORGED = f"[GNUPG:] VALIDSIG {JOE} 2026-11-01 {MADE} 0 4 0 22 10 00 {JOE}"

DOUBTED: dict[str, tuple[str, set[Doubt]]] = {
    "nothing": ("", {Doubt.THRESHOLD}),
    "nothing but a beginning": (NEW, {Doubt.MALFORMED}),
    "g2 VALIDSIG alone": (NEW + _valid(), {Doubt.MALFORMED}),
    "g2 GOODSIG alone": (NEW + _good(), {Doubt.MALFORMED}),
    "g2 GOODSIG and VALIDSIG of two signatures": (NEW + _good() + NEW + _valid(), {Doubt.MALFORMED}),
    "g2 two GOODSIG": (NEW + _good() * 2 + _valid(), {Doubt.MALFORMED}),
    "g2 two VALIDSIG": (NEW + _good() + _valid() * 2, {Doubt.MALFORMED}),
    "two signatures without NEWSIG": (_good() + _valid() + _good() + _valid(), {Doubt.MALFORMED}),
    "a good one, then one that nobody vouches for": (_block() + NEW, {Doubt.MALFORMED}),
    "g7 a forged line in NEWSIG": (f"[GNUPG:] NEWSIG {FORGED}\n", {Doubt.MALFORMED}),
    "g7 a forged line behind others": (f"{NEW}[GNUPG:] GOODSIG x {FORGED}\n", {Doubt.MALFORMED}),
    "g7 a line that is not at its place": (f"{NEW} {_good()} {_valid()}", {Doubt.MALFORMED}),
    "g7 another carriage return": ((NEW + _good() + _valid()).replace("\n", "\r"), {Doubt.MALFORMED}),
    "two spaces": (NEW + _good() + _valid().replace("VALIDSIG ", "VALIDSIG  "), {Doubt.MALFORMED}),
    "lower case": ((NEW + _good() + _valid()).lower(), {Doubt.THRESHOLD}),
    "fields are missing": (NEW + _good() + _valid()[:-42] + "\n", {Doubt.MALFORMED}),
    "no fields": (NEW + _good() + "[GNUPG:] VALIDSIG\n", {Doubt.MALFORMED}),
    "a date in letters": (NEW + _good() + _valid(made="20261101T113000"), {Doubt.MALFORMED}),
    "g5 a negative date": (NEW + _good() + _valid(made=-MADE), {Doubt.MALFORMED}),
    "an expiry in letters": (NEW + _good() + _valid(expires="never"), {Doubt.MALFORMED}),
    "a short primary": (NEW + _good() + _valid(JOE[:16]), {Doubt.MALFORMED}),
    "a primary in lower case": (NEW + _good() + _valid(JOE.lower()), {Doubt.MALFORMED}),
    "g3 not pinned": (_block(REX), {Doubt.UNKNOWN_SIGNER}),
    "g3 the sub-key is pinned, the primary key is not": (
        NEW + _good() + _valid(REX, key=JOE),
        {Doubt.UNKNOWN_SIGNER},
    ),
    "g3 text": (NEW + _good() + _valid(kind="01"), {Doubt.MALFORMED}),
    "g3 MD5": (NEW + _good() + _valid(digest=1), {Doubt.WEAK_DIGEST}),
    "g3 SHA-1": (NEW + _good() + _valid(digest=2), {Doubt.WEAK_DIGEST}),
    "g3 RIPEMD-160": (NEW + _good() + _valid(digest=3), {Doubt.WEAK_DIGEST}),
    "g3 SHA-224": (NEW + _good() + _valid(digest=11), {Doubt.WEAK_DIGEST}),
    "g3 a digest of the future": (NEW + _good() + _valid(digest=99), {Doubt.WEAK_DIGEST}),
    "t7 dated ahead": (NEW + _good() + _valid(made=MADE + 1801 + 86400), {Doubt.FUTURE}),
    "g5 dated 2040": (NEW + _good() + _valid(made=2208988800), {Doubt.FUTURE}),
    "g5 dated when no calendar reaches": (NEW + _good() + _valid(made=10**18), {Doubt.FUTURE}),
    "g3 signature expires now": (NEW + _good() + _valid(expires=MADE + 1800), {Doubt.BAD}),
    "one good, one not pinned": (_block() + _block(REX), {Doubt.UNKNOWN_SIGNER}),
    "bad": (NEW + "[GNUPG:] BADSIG 0123456789ABCDEF Joe\n", {Doubt.BAD}),
    "g2 good, yet bad": (_block() + "[GNUPG:] BADSIG 0123456789ABCDEF Joe\n", {Doubt.BAD}),
    "g2 signature has expired": (NEW + "[GNUPG:] EXPSIG x Joe\n" + _valid(), {Doubt.BAD}),
    "g2 key has expired": (NEW + "[GNUPG:] EXPKEYSIG x Joe\n" + _valid(), {Doubt.BAD_KEY}),
    "g2 key has expired, good nevertheless": (
        NEW + "[GNUPG:] EXPKEYSIG x\n" + _good() + _valid(),
        {Doubt.BAD_KEY},
    ),
    "g2 key is revoked": (NEW + "[GNUPG:] REVKEYSIG x Joe\n" + _valid(), {Doubt.BAD_KEY}),
    "g2 key is revoked, as old versions say it": (
        NEW + "[GNUPG:] KEYREVOKED\n" + _good() + _valid(),
        {Doubt.BAD_KEY},
    ),
    "g2 no key": (NEW + "[GNUPG:] ERRSIG x 22 10 00 1 9\n[GNUPG:] NO_PUBKEY x\n", {Doubt.UNKNOWN_SIGNER}),
    "g2 no key, short": (NEW + "[GNUPG:] NO_PUBKEY x\n", {Doubt.UNKNOWN_SIGNER}),
    "weak digest refused": (NEW + "[GNUPG:] ERRSIG x 1 2 00 1 5\n", {Doubt.WEAK_DIGEST}),
    "r7 clock": (NEW + "[GNUPG:] ERRSIG x 22 10 00 1 6\n", {Doubt.CLOCK}),
    "algorithm": (NEW + "[GNUPG:] ERRSIG x 99 10 00 1 4\n", {Doubt.BAD}),
    "ERRSIG without a reason": (NEW + "[GNUPG:] ERRSIG\n", {Doubt.BAD}),
    "nothing there": ("[GNUPG:] NODATA 4\n", {Doubt.MALFORMED}),
    "something else there": ("[GNUPG:] UNEXPECTED 0\n" + _block(), {Doubt.EXTRA_DATA}),
    "gpgv fails": (_block() + "[GNUPG:] FAILURE gpg-exit 33554433\n", {Doubt.BAD}),
    "gpgv errs": ("[GNUPG:] ERROR add_keyblock_resource 33554433\n" + _block(), {Doubt.BAD}),
}


@pytest.mark.parametrize("name", DOUBTED)
def test_words_that_are_not_relied_on(name: str) -> None:
    status, doubts = DOUBTED[name]
    verdict = _judge(status)
    assert not verdict.trusted
    assert {doubt for doubt, _ in verdict.doubts} == doubts
    assert not _judge(status, code=2).trusted


def test_g1_perfect_words_and_exit_code_2() -> None:
    assert [doubt for doubt, _ in _judge(_block(), 2).doubts] == [Doubt.EXTRA_DATA]


@pytest.mark.parametrize(
    ("status", "counted"),
    [
        (_block(), 1),
        (_block() * 2, 1),
        (_block() + NEW + _good() + _valid(key=SUBKEY), 1),
        (_block() + _block(SUE), 2),
        (_block(SUE) + _block() + _block(), 2),
    ],
    ids=["one", "t2 one twice", "g4 by a sub-key too", "two", "two of three"],
)
def test_t21_thresholds_count_people(status: str, counted: int) -> None:
    for threshold in (-1, 0, 1, 2, 3):
        verdict = _judge(status, threshold=threshold)
        assert len(verdict.counted) == counted
        assert verdict.trusted is (counted >= threshold)
        assert verdict.trusted or [doubt for doubt, _ in verdict.doubts] == [Doubt.THRESHOLD]


def test_the_newest_of_several_signatures_by_one() -> None:
    status = _block() + NEW + _good() + _valid(made=MADE + 60) + _block()
    assert _judge(status).newest == Instant(MADE + 60)


def test_an_empty_verdict_is_not_trusted() -> None:
    assert not Signatures().trusted


def test_nobody_pinned_means_nobody_trusted() -> None:
    assert not trust.judge(Answer(0, _block()), signers=(), threshold=1, now=lists.NOW).trusted


_words = st.lists(
    st.sampled_from(
        [NEW, _good(), _valid(), _valid(REX), "[GNUPG:] BADSIG x\n", "[GNUPG:] EXPSIG x\n", "x\n"]
    ),
    max_size=8,
)


@given(_words, st.integers(0, 2))
@example([_good(), _valid()], 0)
def test_nothing_but_whole_blocks_is_trusted(words: list[str], code: int) -> None:
    verdict = _judge("".join(words), code)
    said = "".join(word for word in words if word != "x\n")
    whole = said.removeprefix(NEW).split(NEW)
    good = {_good() + _valid(), _valid() + _good()}
    assert verdict.trusted is (code == 0 and bool(said) and set(whole) <= good)


@given(
    st.text(max_size=300) | st.lists(st.text(max_size=30), max_size=8).map("[GNUPG:] ".join),
    st.integers(-15, 255),
)
def test_whatever_gpgv_says_there_is_a_verdict(status: str, code: int) -> None:
    assert not _judge(status, code).trusted


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (JOE, JOE),
        (JOE.lower(), JOE),
        ("0x" + JOE, JOE),
        (" ".join(JOE[at : at + 4] for at in range(0, 40, 4)), JOE),
        (LONG, LONG),
    ],
)
def test_fingerprints(text: str, canonical: str) -> None:
    assert trust.fingerprint(text) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0123ABCD",
        "A" * 16,
        "A" * 32,
        "A" * 39,
        "A" * 41,
        "A" * 63,
        "G" * 40,
        "Ａ" * 40,
        JOE + "\n",
        "joe@example.org",
    ],
)
def test_what_is_no_fingerprint(text: str) -> None:
    with pytest.raises(ValueError, match="fingerprint"):
        trust.fingerprint(text)
