"""verify: signature -> trust -> document -> rules(INSTALL) -> report. In this order: nothing in an
unverified list is believed, not even its dates."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from stpolicy import openpgp, rules, trust
from stpolicy.document.list import LARGEST, Document, parse
from stpolicy.errors import Misuse
from stpolicy.flows.validate import File, earlier, judged
from stpolicy.gpg.verify import answer
from stpolicy.model.finding import Candidate, Finding, Report, Severity
from stpolicy.model.policy import PolicyList
from stpolicy.model.signature import Signatures
from stpolicy.suffixes import PublicSuffixes


@dataclass(frozen=True, slots=True)
class Pins:
    """Who may sign: a binary key ring, the fingerprints of the primary keys that count, and how many must."""

    ring: bytes
    signers: frozenset[str]
    threshold: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying came to. `policies` is None when the signature or the bytes are not to be believed."""

    report: Report
    signatures: Signatures
    policies: PolicyList | None

    @property
    def good(self) -> bool:
        """Whether the pair may be used."""
        return self.signatures.trusted and self.policies is not None and not self.report.failed


def pins(ring: bytes, ring_name: str, signers: Collection[str], threshold: int) -> Pins:
    """The pins, if they can be met at all; Misuse says why not."""
    if not signers:
        raise Misuse("no signer is pinned", "name the fingerprint of the list's key with --signer")
    try:
        binary = openpgp.key_ring(ring)
        pinned = frozenset(trust.fingerprint(signer) for signer in signers)
        held = openpgp.primary_fingerprints(binary) & pinned
    except openpgp.NotAsExpected as wrong:
        raise Misuse(f"{ring_name}: {wrong}", "stpolicy keys export writes one") from wrong
    except ValueError as wrong:
        raise Misuse(str(wrong), "short key ids can be forged; use the whole fingerprint") from wrong
    if not 1 <= threshold <= len(pinned):
        raise Misuse(f"a threshold of {threshold} cannot be met by {len(pinned)} pinned signers")
    if len(held) < threshold:
        raise Misuse(
            f"{ring_name} holds {len(held)} of the pinned keys; {threshold} are needed",
            "get the key ring and the fingerprints from the maintainer of the list",
        )
    return Pins(binary, pinned, threshold)


def check(data: bytes, signature: bytes, who: Pins, *, now: datetime) -> Signatures:
    """Whether the signature file holds what it should, and what gpgv says of it.

    gpgv gets the packets that were looked at and not the armour, which it could read in another way.
    """
    try:
        found = openpgp.signatures(signature)
    except openpgp.NotAsExpected as wrong:
        return Signatures((), ((wrong.doubt, str(wrong)),))
    said = answer(data, b"".join(packet.raw for packet in found), who.ring)
    return trust.judge(said, signers=who.signers, threshold=who.threshold, now=now)


def verify(
    file: File,
    signature: File,
    who: Pins,
    *,
    now: datetime,
    newer_than: File | None = None,
    largest: int = LARGEST,
) -> Verdict:
    """Judges a signed list as a mail server does."""
    signatures = check(file.data, signature.data, who, now=now)
    if not signatures.trusted:
        return Verdict(_unbelieved(signature.name, signatures), signatures, None)
    document = parse(file.data, file.name, largest=largest)
    if document.policies is None:
        return Verdict(document.report, signatures, None)
    if foreign := document.policies.not_ascii:
        return Verdict(document.report + _not_ascii(document, foreign), signatures, None)
    candidate = Candidate(
        document.policies,
        now,
        PublicSuffixes(),
        earlier(newer_than, largest=largest) if newer_than else None,
        same_bytes=newer_than is not None and newer_than.data == file.data,
        issued=True,
    )
    return Verdict(judged(document, rules.INSTALL, candidate), signatures, document.policies)


def _not_ascii(document: Document, names: Iterable[str]) -> Report:
    """What no client reads: whether it could be converted would depend on the tables of a library."""
    file = document.source.name
    messages = [(name, f"the name {name!r} is not in A-labels") for name in names]
    return Report.of(Finding("document.shape", Severity.ERROR, said, name, file) for name, said in messages)


def _unbelieved(name: str, signatures: Signatures) -> Report:
    problems = rules.judge(rules.SIGNATURE, signatures)
    return Report.of(Finding(code, severity, said.message, None, name) for code, severity, said in problems)
