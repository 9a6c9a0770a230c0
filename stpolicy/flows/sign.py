"""sign: bytes -> re-dated list -> rules must pass -> gpg -> gpgv must agree -> the two files to write."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from stpolicy import openpgp, rules
from stpolicy.document.dump import dump
from stpolicy.document.list import LARGEST, Document, parse
from stpolicy.errors import Refused, StpolicyError
from stpolicy.flows.validate import File, judged
from stpolicy.flows.verify import Pins, check
from stpolicy.gpg.home import Home
from stpolicy.gpg.signers import Signer, choose, primaries
from stpolicy.model.dates import Instant, instant
from stpolicy.model.edit import bump, canonical_list
from stpolicy.model.finding import Candidate, Finding, Report, Suffixes
from stpolicy.model.policy import PolicyList
from stpolicy.model.signature import Doubt, Signatures

FRESH = timedelta(hours=1)
"""How old the dates of a list may be when it is signed."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How to sign: by whom (whole fingerprints of primary keys or sub-keys), and how to date."""

    signers: tuple[str, ...] = ()
    life: timedelta = timedelta(days=14)
    may_bump: bool = True
    fake_time: bool = False
    """Whether `now` is not the clock's, so that gpg must be told what time it is when it adds a signature."""
    largest: int = LARGEST


@dataclass(frozen=True, slots=True)
class Signed:
    """What is to be written; nothing, where the report has errors."""

    report: Report
    data: bytes = b""
    signature: bytes = b""
    signers: tuple[str, ...] = ()
    policies: PolicyList | None = None
    redated: bool = False


def sign(
    file: File, existing: File | None, home: Home, terms: Terms, *, now: datetime, suffixes: Suffixes
) -> Signed:
    """Dates, judges and signs a list in memory, and proves the signature with the public keys alone.

    `existing` is the signature that lies beside the list now. When it is newer than the list and is not
    one over it, somebody else has signed something newer, and the list must not be signed. A signature
    made here bears the very date of its list, so that an edit after it is told from somebody's newer list.
    """
    document = parse(file.data, file.name, largest=terms.largest)
    if document.policies is None or document.report.failed:
        return Signed(document.report)
    redated = _fresh(document.policies, now) is False
    dated = _dated(document, terms, now) if redated else document
    report = _judged(dated, now, suffixes)
    if report.failed:
        return Signed(report)
    _refuse_future(document.policies, file.name, now)
    overtaken, superseded = _look_at(existing, file, document.policies, home, now)
    if overtaken:
        return Signed(Report.of([overtaken]))
    signers = choose(home, terms.signers)
    written = document.policies.timestamp.instant
    younger = any(signer.key.created > written for signer in signers)
    if not redated and (superseded or (younger and terms.may_bump)):
        redated, dated = True, _dated(document, terms, now)
        report = _judged(dated, now, suffixes)
        if report.failed:
            return Signed(report)
    policies = _refuse_u_labels(dated)
    data = dated.source.text.encode("utf-8")
    at = policies.timestamp.instant if redated or not younger else _moment(terms, now)
    signature = _signed(data, home, signers, at, now)
    return Signed(report, data, signature, primaries(signers), policies, redated)


def add(
    file: File, existing: File | None, home: Home, terms: Terms, *, now: datetime, suffixes: Suffixes
) -> Signed:
    """Adds signatures to those that are there; neither the list nor its dates are touched."""
    if existing is None:
        raise Refused(f"{file.name} is not signed yet", "sign it without --add")
    document = parse(file.data, file.name, largest=terms.largest)
    report = _judged(document, now, suffixes)
    if report.failed or document.policies is None:
        return Signed(report)
    if document.policies.is_expired(now):
        raise Refused(f"{file.name} has run out", "sign it without --add, which dates it anew")
    before = _by_own_ring(existing, file, home, now)
    if not before.trusted:
        return Signed(Report.of([_objection(existing, before)]))
    signers = choose(home, terms.signers)
    repeated = sorted({s.signer for s in before.counted} & set(primaries(signers)))
    if repeated:
        raise Refused(f"{repeated[0]} has signed {file.name} already", "a signer counts once")
    signature = _signed(file.data, home, signers, _moment(terms, now), now)
    merged = _merged(existing.data, signature)
    if not _by_own_ring(File(existing.name, merged), file, home, now).trusted:
        raise StpolicyError(f"the signatures in {existing.name} do not verify together; nothing was written")
    return Signed(report, file.data, merged, primaries(signers), document.policies)


def _moment(terms: Terms, now: datetime) -> Instant | None:
    """What time gpg is to believe it is, if not its clock's."""
    return instant(now) if terms.fake_time else None


def _fresh(policies: PolicyList, now: datetime) -> bool:
    age = instant(now) - policies.timestamp.instant
    return age <= FRESH and not policies.is_expired(now)


def _refuse_future(policies: PolicyList, name: str, now: datetime) -> None:
    """A second ahead is what `bump` itself may have written; more than that is a wrong clock."""
    written, present = policies.timestamp.instant, instant(now)
    if written.seconds > present.seconds + 1:
        message = f"{name}: the timestamp {policies.timestamp} lies ahead of the clock ({present})"
        raise Refused(message, "check the clock")


def _dated(document: Document, terms: Terms, now: datetime) -> Document:
    """The list with new dates, in canonical form where it has one."""
    name, policies = document.source.name, document.policies
    assert policies is not None  # noqa: S101
    if not terms.may_bump:
        raise Refused(f"the dates of {name} are older than an hour, or signed already", "stpolicy bump")
    try:
        policies = bump(policies, now, terms.life)
    except ValueError as wrong:
        raise Refused(f"{name}: {wrong}", "check the clock") from wrong
    with suppress(ValueError):  # two entries for one domain: policies.duplicate says it, with its place
        policies = canonical_list(policies)
    return replace(parse(dump(policies), name, largest=terms.largest), doubtful_names=document.doubtful_names)


def _refuse_u_labels(document: Document) -> PolicyList:
    """The list, if it is in ASCII: a reader with other IDNA tables could not convert U-labels."""
    policies = document.policies
    assert policies is not None  # noqa: S101
    for name in (*(entry.name for entry in policies.entries), *policies.patterns):
        if not name.isascii():
            raise Refused(f"{document.source.name}: {name!r} is not in A-labels", "stpolicy fmt")
    return policies


def _judged(document: Document, now: datetime, suffixes: Suffixes) -> Report:
    if document.policies is None:
        return document.report
    return judged(document, rules.SIGN, Candidate(document.policies, now, suffixes))


def _look_at(
    existing: File | None, file: File, policies: PolicyList, home: Home, now: datetime
) -> tuple[Finding | None, bool]:
    """What forbids signing, and whether these dates have been signed over other bytes already."""
    if existing is None:
        return None, False
    try:
        made = [packet.made for packet in openpgp.signatures(existing.data) if packet.made]
    except openpgp.NotAsExpected:
        return None, False  # no signature that anybody could rely on
    written = policies.timestamp.instant
    if not made or max(made) < written:
        return None, False
    verdict = _by_own_ring(existing, file, home, now)
    if verdict.trusted:
        return None, False
    if max(made) > written:
        return _objection(existing, verdict, newer=max(made), than=written), False
    return None, True


def _by_own_ring(existing: File, file: File, home: Home, now: datetime) -> Signatures:
    """The verdict of the keys that the GnuPG home has: colleagues' keys must have been imported."""
    ring = home.public_keys([])
    known = openpgp.primary_fingerprints(ring)
    return check(file.data, existing.data, Pins(ring, known), now=now)


def _objection(
    existing: File, verdict: Signatures, *, newer: Instant | None = None, than: Instant | None = None
) -> Finding:
    doubt, why = verdict.doubts[0] if verdict.doubts else (Doubt.BAD, "there is no signature that counts")
    code = f"signature.{doubt}"
    severity = next(rule.severity for rule in rules.SIGNATURE if rule.code == code)
    message = f"the signature that is there does not verify: {why}"
    mend = "import the key of who signed, or fetch the list that was signed"
    if newer:
        message = f"{message}; it was made at {newer}, after the list's timestamp ({than})"
        mend = (
            "somebody may have signed something newer: fetch it; if you edited this list, stpolicy bump first"
        )
    return Finding(code, severity, message, None, existing.name, mend=mend)


def _signed(data: bytes, home: Home, signers: list[Signer], at: Instant | None, now: datetime) -> bytes:
    """One armour with a signature of each signer, proved with a ring of nothing but their public keys."""
    signature = _merged(*(home.sign(data, signer.local_user, at=at) for signer in signers))
    fingerprints = primaries(signers)
    ring = home.public_keys(list(fingerprints))
    proof = check(data, signature, Pins(ring, frozenset(fingerprints), len(fingerprints)), now=now)
    if not proof.trusted:
        why = "; ".join(message for _, message in proof.doubts)
        raise StpolicyError(f"gpg made a signature that does not verify: {why}", "nothing was written")
    return signature


def _merged(*armoured: bytes) -> bytes:
    """One armour with the signatures of all."""
    try:
        raw = b"".join(packet.raw for text in armoured for packet in openpgp.signatures(text))
    except openpgp.NotAsExpected as wrong:
        raise StpolicyError(f"gpg made something else than a signature: {wrong}") from wrong
    return openpgp.armoured(openpgp.SIGNATURE, raw)
