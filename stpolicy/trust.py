"""Whether signatures are relied on: gpgv's status lines, its exit code and the pins decide. Pure.

The rules, which gpgv alone does not keep:
1. Exit code 0 AND the right lines. Revoked and expired keys give 0; a message beside a signature
   gives perfect lines.
2. Each signature gives exactly one GOODSIG and one VALIDSIG, and none of the lines that object.
3. VALIDSIG must name a pinned primary key, a binary document (class 00), SHA-256 or longer, and a time
   that is not ahead of the clock.
4. Signers are counted by primary key: sub-keys and repeated signatures add nothing.
"""

import re
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from stpolicy.model.dates import Instant, instant
from stpolicy.model.signature import NOT_OVER, Answer, Doubt, Signature, Signatures

TOLERANCE = timedelta(hours=24)
_STRONG = frozenset({"8", "9", "10"})
"""SHA-256, SHA-384, SHA-512 (RFC 9580 section 9.5)."""

_FINGERPRINT = re.compile(r"[0-9A-F]{40}|[0-9A-F]{64}")
_OBJECTIONS = {
    "BADSIG": (Doubt.BAD, NOT_OVER),
    "EXPSIG": (Doubt.BAD, "the signature itself has expired"),
    "EXPKEYSIG": (Doubt.BAD_KEY, "the key has expired"),
    "REVKEYSIG": (Doubt.BAD_KEY, "the key is revoked"),
    "KEYREVOKED": (Doubt.BAD_KEY, "the key is revoked"),
    "NO_PUBKEY": (Doubt.UNKNOWN_SIGNER, "the key is not in the key ring"),
    "NODATA": (Doubt.MALFORMED, "there is no signature"),
    "UNEXPECTED": (Doubt.EXTRA_DATA, "there is something beside signatures"),
    "FAILURE": (Doubt.BAD, "gpgv failed"),
    "ERROR": (Doubt.BAD, "gpgv failed"),
}


def fingerprint(text: str) -> str:
    """A pinned fingerprint in canonical form; ValueError for anything that is not a whole one."""
    folded = text.replace(" ", "").removeprefix("0x").upper()
    if not _FINGERPRINT.fullmatch(folded):
        raise ValueError(f"{text!r} is not a whole fingerprint of 40 or 64 hexadecimal digits")
    return folded


def judge(answer: Answer, *, signers: Collection[str], threshold: int, now: datetime) -> Signatures:
    """The signatures that count, and every doubt. `signers` are fingerprints of primary keys."""
    counted: dict[str, Signature] = {}
    doubts: list[tuple[Doubt, str]] = []
    for block in _blocks(answer.status):
        result = _judge_one(block, signers, instant(now))
        if isinstance(result, Signature):
            known = counted.get(result.signer)
            counted[result.signer] = max(known, result, key=lambda s: s.made) if known else result
        else:
            doubts += result
    if answer.exit_code and not doubts:
        doubts.append((Doubt.EXTRA_DATA, f"gpgv refuses the file (exit code {answer.exit_code})"))
    if not doubts and len(counted) < max(threshold, 1):
        message = f"{len(counted)} of the pinned signers have signed; {max(threshold, 1)} are needed"
        doubts.append((Doubt.THRESHOLD, message))
    return Signatures(tuple(counted.values()), tuple(dict.fromkeys(doubts)))


def _blocks(status: str) -> Iterator[list[list[str]]]:
    """The status lines of each signature; what comes before the first NEWSIG is a block of its own."""
    block: list[list[str]] = []
    for line in status.split("\n"):
        words = line.split(" ")
        if words[0] != "[GNUPG:]" or len(words) < 2:
            continue
        if words[1] == "NEWSIG":
            if block:
                yield block
            block = []
        block.append(words[1:])
    if block:
        yield block


def _judge_one(
    block: list[list[str]], signers: Collection[str], now: Instant
) -> Signature | list[tuple[Doubt, str]]:
    doubts: dict[Doubt, str] = {}
    for doubt, message in (objection for words in block for objection in _objections(words)):
        doubts.setdefault(doubt, message)  # ERRSIG and NO_PUBKEY say one thing twice
    good = [words for words in block if words[0] == "GOODSIG"]
    valid = [words for words in block if words[0] == "VALIDSIG"]
    if doubts:
        return list(doubts.items())
    if len(good) != 1 or len(valid) != 1 or len(valid[0]) < 11:
        return [(Doubt.MALFORMED, "gpgv does not vouch for a signature")]
    _, _, _, made, expires, _, _, _, digest, kind, primary = valid[0][:11]
    if not (made.isdecimal() and expires.isdecimal() and _FINGERPRINT.fullmatch(primary)):
        return [(Doubt.MALFORMED, "gpgv describes a signature in an unknown way")]
    signature = Signature(primary, Instant(int(made)))
    if primary not in signers:
        return [(Doubt.UNKNOWN_SIGNER, f"the signer {primary} is not pinned")]
    if kind != "00":
        return [(Doubt.MALFORMED, "it is not a signature over a binary file")]
    if digest not in _STRONG:
        return [(Doubt.WEAK_DIGEST, f"the digest of the signature by {primary} is weaker than SHA-256")]
    if signature.made > now + TOLERANCE:
        return [(Doubt.FUTURE, f"the signature by {primary} is dated {signature.made}, ahead of the clock")]
    if expires != "0" and Instant(int(expires)) <= now:
        return [(Doubt.BAD, "the signature itself has expired")]
    return signature


def _objections(words: list[str]) -> Iterator[tuple[Doubt, str]]:
    name = words[0]
    if name == "ERRSIG":
        yield _error(words)
    elif name in _OBJECTIONS:
        doubt, message = _OBJECTIONS[name]
        yield doubt, message


def _error(words: list[str]) -> tuple[Doubt, str]:
    """ERRSIG <keyid> <pkalgo> <hashalgo> <class> <time> <rc> (GnuPG's doc/DETAILS)."""
    digest, reason = (words[3], words[6]) if len(words) > 6 else ("", "")
    key = words[1] if len(words) > 1 else "?"
    if reason == "9":
        return Doubt.UNKNOWN_SIGNER, f"the key {key} is not in the key ring"
    if digest in ("1", "2", "3"):
        return Doubt.WEAK_DIGEST, f"the digest of the signature by {key} is weaker than SHA-256"
    if reason == "6":
        return Doubt.CLOCK, f"the clock of this machine is before the day on which the key {key} was made"
    return Doubt.BAD, f"gpgv cannot check the signature by {key} (reason {reason})"
