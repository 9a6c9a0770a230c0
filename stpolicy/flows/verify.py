"""verify: signature -> trust -> document -> rules(INSTALL) -> report. In this order: nothing in an
unverified list is believed, not even its dates."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from stpolicy import rules
from stpolicy.document.list import LARGEST, Document, parse
from stpolicy.flows.believe import Pins, believe
from stpolicy.flows.validate import earlier, judged
from stpolicy.model.file import File
from stpolicy.model.finding import Candidate, Finding, Report, Severity
from stpolicy.model.policy import PolicyList
from stpolicy.model.signature import Signatures
from stpolicy.suffixes import PublicSuffixes


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
    signatures = believe(file.data, signature.data, who, now=now)
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
    return Report.of(Finding.of(judged, name) for judged in problems)
