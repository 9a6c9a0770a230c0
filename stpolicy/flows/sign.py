"""sign: bytes -> re-dated list -> rules must pass -> gpg -> gpgv must agree -> the two files to write."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from stpolicy import openpgp, rules
from stpolicy.document.dump import dump
from stpolicy.document.list import LARGEST, Document, parse
from stpolicy.errors import Refused, StpolicyError
from stpolicy.flows.believe import Pins, believe
from stpolicy.flows.existing import look, objection, own_pins
from stpolicy.flows.validate import judged
from stpolicy.gpg.home import Home
from stpolicy.gpg.signers import Signer, choose, primaries
from stpolicy.model.dates import Instant, instant
from stpolicy.model.edit import bump, canonical_list
from stpolicy.model.file import File
from stpolicy.model.finding import Candidate, Report, Rule, Suffixes
from stpolicy.model.policy import PolicyList

FRESH = timedelta(hours=1)
"""How old the dates of a list may be when it is signed."""

LIFE = timedelta(days=14)
"""How long a list that is dated anew lives, unless something else is asked for."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How to sign: by whom (whole fingerprints of primary keys or sub-keys), and how to date."""

    signers: tuple[str, ...] = ()
    life: timedelta | None = None
    """How long the list is to live, if that was asked for."""
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
    dropped: frozenset[str] = frozenset()
    """Colleagues whose signatures over the same list, with its old dates, are no longer there."""
    strangers: frozenset[str] = frozenset()
    """Keys whose signatures are no longer there and could not be checked: this home has not got them."""


def sign(
    file: File, existing: File | None, home: Home, terms: Terms, *, now: datetime, suffixes: Suffixes
) -> Signed:
    """Dates, judges and signs a list in memory, and proves the signature with the public keys alone.

    `existing` is the signature that lies beside the list now. When it is newer than the list and is not
    one over it, somebody else has signed something newer, and the list must not be signed. A signature
    made here bears the very date of its list, so that an edit after it is told from somebody's newer list.
    """
    document = parse(file.data, file.name, largest=terms.largest)
    if document.policies is None:
        return Signed(document.report)
    fresh = _fresh(document.policies, now) and not _other_life(document.policies, terms)
    # Dates that will be written anew are not held against the list, unless they keep that from being done.
    asked = rules.SIGN if fresh else (rules.dates.future, *rules.CONTENT)
    report = _judged(document, asked, now, suffixes)
    if report.failed:
        return Signed(report)
    _refuse_future(document.policies, file.name, now)
    there = look(existing, file, document.policies, home, now)
    if there.overtaken:
        return Signed(Report.of([there.overtaken]))
    signers = choose(home, terms.signers)
    younger = _is_younger(signers, document.policies)
    own = {name for signer in signers for name in (signer.key.fingerprint, *signer.key.subkeys)}
    dropped, strangers = there.signers - own, there.strangers - own
    redate = there.superseded or not fresh
    if (lost := sorted(dropped | strangers)) and not redate and not terms.may_bump:
        raise Refused(f"{file.name} is signed by {', '.join(lost)} too", "sign it with --add")
    redate = redate or (terms.may_bump and (younger or bool(lost)))
    dated = _dated(document, terms, now) if redate else document
    if redate:
        report = _with_new_dates(report, _judged(dated, rules.DATES, now, suffixes))
    if report.failed or dated.policies is None:
        return Signed(report)
    if names := dated.policies.not_ascii:  # a reader with other IDNA tables could not convert them
        raise Refused(f"{file.name}: {names[0]!r} is not in A-labels", f"stpolicy fmt {file.name}")
    data = dated.source.text.encode("utf-8")
    at = dated.policies.timestamp.instant if redate or not younger else _moment(terms, now)
    signature = _signed(data, home, signers, at, now)
    return Signed(report, data, signature, primaries(signers), dated.policies, redate, dropped, strangers)


def add(
    file: File, existing: File | None, home: Home, terms: Terms, *, now: datetime, suffixes: Suffixes
) -> Signed:
    """Adds signatures to those that are there; neither the list nor its dates are touched."""
    if existing is None:
        raise Refused(f"{file.name} is not signed yet", "sign it without --add")
    document = parse(file.data, file.name, largest=terms.largest)
    report = _judged(document, rules.SIGN, now, suffixes)
    if report.failed or document.policies is None:
        return Signed(report)
    if document.policies.is_expired(now):
        raise Refused(f"{file.name} has run out", "sign it without --add, which dates it anew")
    known = own_pins(home)
    before = believe(file.data, existing.data, known, now=now)
    if not before.trusted:
        return Signed(Report.of([objection(existing, before)]))
    signers = choose(home, terms.signers)
    repeated = sorted({s.signer for s in before.counted} & set(primaries(signers)))
    if repeated:
        raise Refused(f"{repeated[0]} has signed {file.name} already", "a signer counts once")
    younger = _is_younger(signers, document.policies)
    at = _moment(terms, now) if younger else document.policies.timestamp.instant
    signature = _signed(file.data, home, signers, at, now)
    merged = _merged(existing.data, signature)
    if not believe(file.data, merged, known, now=now).trusted:
        raise StpolicyError(f"the signatures in {existing.name} do not verify together; nothing was written")
    return Signed(report, file.data, merged, primaries(signers), document.policies)


def _moment(terms: Terms, now: datetime) -> Instant | None:
    """What time gpg is to believe it is, if not its clock's."""
    return instant(now) if terms.fake_time else None


def _fresh(policies: PolicyList, now: datetime) -> bool:
    age = instant(now) - policies.timestamp.instant
    return age <= FRESH and not policies.is_expired(now)


def _other_life(policies: PolicyList, terms: Terms) -> bool:
    """Whether another life was asked for than the list has, and may be given to it."""
    if terms.life is None or not terms.may_bump:
        return False
    return policies.expires.instant - policies.timestamp.instant != terms.life


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
        policies = bump(policies, now, terms.life or LIFE)
    except ValueError as wrong:
        raise Refused(f"{name}: {wrong}", "check the clock") from wrong
    with suppress(ValueError):  # two entries for one domain: policies.duplicate says it, with its place
        policies = canonical_list(policies)
    return parse(dump(policies), name, largest=terms.largest)


def _judged(
    document: Document, asked: Iterable[Rule[Candidate]], now: datetime, suffixes: Suffixes
) -> Report:
    if document.policies is None:
        return document.report
    return judged(document, asked, Candidate(document.policies, now, suffixes))


def _with_new_dates(report: Report, dates: Report) -> Report:
    """The report with findings about the new dates, which have no line in the file yet, for the old ones."""
    kept = [finding for finding in report.findings if not finding.code.startswith("dates.")]
    return Report.of([*kept, *(replace(finding, line=None, column=None) for finding in dates.findings)])


def _is_younger(signers: list[Signer], policies: PolicyList) -> bool:
    """Whether a key was made after the list was dated, so that it cannot have signed on that date."""
    return any(signer.key.created > policies.timestamp.instant for signer in signers)


def _signed(data: bytes, home: Home, signers: list[Signer], at: Instant | None, now: datetime) -> bytes:
    """One armour with a signature of each signer, proved with a ring of nothing but their public keys."""
    signature = _merged(*(home.sign(data, signer.local_user, at=at) for signer in signers))
    fingerprints = primaries(signers)
    ring = home.public_keys(list(fingerprints))
    proof = believe(data, signature, Pins(ring, frozenset(fingerprints), len(fingerprints)), now=now)
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
