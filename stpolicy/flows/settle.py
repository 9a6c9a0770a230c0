"""settle: what the mirrors have -> the pair that is installed, the mark, and the state that comes of it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stpolicy import store
from stpolicy.errors import StpolicyError
from stpolicy.fetch import LIST
from stpolicy.flows.installed import MARK, SIGNATURE, Installed
from stpolicy.flows.offers import Offer
from stpolicy.model.dates import instant
from stpolicy.model.finding import Finding, Report, Severity
from stpolicy.model.mark import Mark
from stpolicy.model.outcome import EXPIRED, Outcome, Reason
from stpolicy.model.state import Listed, State

if TYPE_CHECKING:
    from stpolicy.flows.render import Rendered
    from stpolicy.model.policy import PolicyList

CLIENT = "stpolicy"
"""How this client calls itself in the state that it leaves."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run came to. `refused` are the offers that were not taken, in the order of the mirrors."""

    state: State
    refused: tuple[Offer, ...] = ()
    warnings: tuple[str, ...] = ()
    there: Installed | None = None
    """The pair that is installed now."""
    fresh: "PolicyList | None" = None
    """Its list, when this run has installed it."""
    rendered: "Rendered | None" = None
    """The map, when this run has made it."""

    @property
    def report(self) -> Report:
        """What was refused, as findings: errors, unless another mirror had a good list.

        And that the installed list has run out, where that is what the run came to.
        """
        severity = Severity.ERROR if self.state.reason.exit_code == 1 else Severity.WARNING
        refused = [(offer.url, offer.decision.outcome) for offer in self.refused]
        found = [
            Finding(outcome.code, severity, outcome.message, file=url)
            for url, outcome in refused
            if outcome.reason.exit_code == 1
        ]
        if self.state.reason is Reason.EXPIRED and self.state.message not in (f.message for f in found):
            found.append(Finding(EXPIRED, Severity.ERROR, self.state.message))
        return Report.of(found)


def settle(
    folder: Path,
    offers: list[Offer],
    there: Installed | None,
    mark: Mark | None,
    before: State | None,
    now: datetime,
) -> Run:
    """Installs what is to be installed, and says what the whole run came to; `mark` is the one on disk."""
    best = min(offers, key=lambda offer: offer.rank)
    outcome, url = best.decision.outcome, best.url
    refused = tuple(offer for offer in offers if offer.reason.exit_code)
    try:
        if best.reason is Reason.INSTALLED:
            there = _install(folder, best)
        else:
            _keep_mark(folder, there, mark)
    except (OSError, StpolicyError) as wrong:
        if outcome.reason.exit_code != 1:  # a refusal says more
            outcome = Outcome(Reason.DISK, f"{folder}: {wrong}")
    listed = there.listed if there else None
    if outcome.reason is not Reason.INSTALLED:
        outcome = unless_expired(outcome, listed, now)
    fresh = best.decision.policies if outcome.reason is Reason.INSTALLED else None
    return Run(_state(outcome, url, listed, best, before, now), refused, (), there, fresh)


def _state(
    outcome: Outcome, url: str, listed: Listed | None, best: Offer, before: State | None, now: datetime
) -> State:
    good = outcome.reason.exit_code == 0
    return State(
        outcome.reason,
        outcome.message,
        instant(now),
        CLIENT,
        instant(now) if good else before.last_success if before else None,
        url if good else None,
        listed,
        _validators(listed, best, before),
        before.map if before else None,
    )


def _keep_mark(folder: Path, there: Installed | None, mark: Mark | None) -> None:
    """Writes a mark again that was lost or is behind the verified pair: it must outlive that."""
    if there and (mark is None or mark.height < there.mark.height):
        store.replace(folder / MARK, there.mark.text().encode("ascii"))


def unless_expired(outcome: Outcome, listed: Listed | None, now: datetime) -> Outcome:
    """That the installed list has run out outranks whatever kept us from looking for another."""
    if listed is None or not listed.is_expired(instant(now)) or outcome.reason.exit_code in (1, 2):
        return outcome
    more = f"; {outcome.message}" if outcome.message else ""
    return Outcome(Reason.EXPIRED, f"the installed list is not in force since {listed.expires}{more}")


def _install(folder: Path, offer: Offer) -> Installed:
    pair, mark, policies = offer.pair, offer.decision.mark, offer.decision.policies
    if pair is None or mark is None or policies is None:
        raise AssertionError
    label = str(mark.timestamp).replace("-", "").replace(":", "")
    files = {LIST: pair.data, SIGNATURE: pair.signature}
    version = store.install(folder, label, files, (MARK, mark.text().encode("ascii")))
    listed = Listed(mark.timestamp, policies.expires.instant, mark.sha256, version)
    return Installed(pair.data, pair.signature, listed, mark.signed)


def _validators(listed: Listed | None, best: Offer, before: State | None) -> dict[str, tuple[str, ...]]:
    """Those of the version that is installed now; the others would only bring it back whole."""
    kept = {
        url: texts
        for url, texts in (before.validators.items() if before else ())
        if listed and texts[0] == listed.version
    }
    if listed and best.pair and best.reason in (Reason.INSTALLED, Reason.UNCHANGED):
        first, second = best.pair.validators
        kept[best.url] = (listed.version, first.etag, first.modified, second.etag, second.modified)
    return kept
