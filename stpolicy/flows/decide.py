"""Whether an offered pair is installed. Pure: bytes, signatures, mark and clock in; a decision out.

1. Nothing in the list is believed before its signatures are.
2. The list must be one, and one that can be used.
3. Neither its timestamp nor its newest signature may lie ahead of the clock or behind the mark; a
   second list with the timestamp of the first is somebody's trick.
4. It must be in force.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from stpolicy import rules
from stpolicy.document.list import Document, parse
from stpolicy.errors import StpolicyError
from stpolicy.flows.validate import judged
from stpolicy.model.dates import Instant
from stpolicy.model.finding import Candidate, Finding, Severity
from stpolicy.model.mark import Mark
from stpolicy.model.outcome import EXPIRED, Decision, Outcome, Reason
from stpolicy.model.policy import PolicyList
from stpolicy.model.signature import Doubt, Signatures
from stpolicy.suffixes import PublicSuffixes

_DOUBTS = {
    Doubt.MALFORMED: Reason.MALFORMED_SIGNATURE,
    Doubt.EXTRA_DATA: Reason.MALFORMED_SIGNATURE,
    Doubt.BAD: Reason.BAD_SIGNATURE,
    Doubt.WEAK_DIGEST: Reason.BAD_SIGNATURE,
    Doubt.UNKNOWN_SIGNER: Reason.UNKNOWN_SIGNER,
    Doubt.BAD_KEY: Reason.BAD_KEY,
    Doubt.THRESHOLD: Reason.THRESHOLD,
    Doubt.FUTURE: Reason.FUTURE,
    Doubt.CLOCK: Reason.CLOCK,
}
_REASONS = {"document.too_large": Reason.TOO_LARGE, "dates.future": Reason.FUTURE}
"""Of the findings; every other error makes a list `invalid`."""


def mark_of(data: bytes, timestamp: Instant, signatures: Signatures) -> Mark:
    """The mark of a trusted pair."""
    return Mark(timestamp, signatures.newest, hashlib.sha256(data).hexdigest())


def distrusted(signatures: Signatures) -> Outcome:
    """Why signatures are not believed; the first doubt counts."""
    doubt, message = signatures.doubts[0]
    return Outcome(_DOUBTS[doubt], message, f"signature.{doubt}")


def usable(data: bytes, name: str, *, now: datetime) -> PolicyList:
    """The installed list, if this client could have installed it; StpolicyError when it could not.

    The client in shell sees less of a list, and what is to be refused may be known only since then.
    """
    policies, outcome = _readable(parse(data, name, largest=len(data)), now)
    if policies is None:
        raise StpolicyError(f"the installed list may not be used: {outcome.message}")
    return policies


def _readable(document: Document, now: datetime) -> tuple[PolicyList | None, Outcome]:
    """The list of a document that clients may use but for its age, or why there is none."""
    if document.policies is None:
        return None, _first(document.report.findings)
    policies = document.policies
    if foreign := policies.not_ascii:
        message = f"the name {foreign[0]!r} is not in A-labels"
        return None, Outcome(Reason.INVALID, message, "policies.name.malformed")
    report = judged(document, _RULES, Candidate(policies, now, PublicSuffixes(), issued=True))
    errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
    return (None, _first(errors)) if errors else (policies, Outcome(Reason.INSTALLED))


def decide(
    document: Document, data: bytes, signatures: Signatures, mark: Mark | None, *, now: datetime
) -> Decision:
    """Judges a list that its signatures are trusted for; `mark` is of the newest pair there ever was.

    INSTALLED stands for "install it", also for what the mark knows already: whoever holds the same
    pair, whole and verified, need not ask.
    """
    policies, fault = _readable(document, now)
    if policies is None:
        return Decision(fault)
    offered = mark_of(data, policies.timestamp.instant, signatures)
    if outcome := _behind(offered, mark):
        return Decision(outcome, offered, policies)
    if policies.is_expired(now):
        said = f"the list is not in force since {policies.expires}"
        return Decision(Outcome(Reason.EXPIRED, said, EXPIRED), offered, policies)
    return Decision(Outcome(Reason.INSTALLED), offered, policies)


_BEHIND = "history.rolled_back"
_RULES = tuple(rule for rule in rules.INSTALL if rule.code not in (EXPIRED, _BEHIND))
"""The two others are asked here, of the mark and not of a list."""


def _first(findings: Sequence[Finding]) -> Outcome:
    # A date ahead of the clock says less than bytes that are no list.
    worst = min(findings, key=lambda finding: finding.code == "dates.future")
    place = f"{worst.line}:{worst.column}: " if worst.line else ""
    reason = _REASONS.get(worst.code, Reason.INVALID)
    return Outcome(reason, f"{place}{worst.message} [{worst.code}]", worst.code)


def _behind(offered: Mark, mark: Mark | None) -> Outcome | None:
    """Whether an offer is older than the mark, or another list of the same moment."""
    if mark is None:
        return None
    if offered.timestamp < mark.timestamp:
        said = f"the list of {offered.timestamp} is older than the one of {mark.timestamp}"
        return Outcome(Reason.ROLLED_BACK, said, _BEHIND)
    if offered.signed < mark.signed:
        said = f"the signature of {offered.signed} is older than the one of {mark.signed}"
        return Outcome(Reason.ROLLED_BACK, said, _BEHIND)
    if offered.timestamp == mark.timestamp and offered.sha256 != mark.sha256:
        said = f"two lists bear the timestamp {mark.timestamp}: {mark.sha256} and {offered.sha256}"
        return Outcome(Reason.EQUIVOCATION, said, _BEHIND)
    return None
