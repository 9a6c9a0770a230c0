"""offers: what each mirror has -> gpgv -> trust -> document -> decide. Nothing is written here."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic

from stpolicy import fetch
from stpolicy.fetch import LIST, Pair, Source, Validators
from stpolicy.flows.believe import Pins, believe
from stpolicy.flows.installed import Installed
from stpolicy.model.dates import instant
from stpolicy.model.mark import Mark
from stpolicy.model.outcome import Decision, Outcome, Reason
from stpolicy.model.signature import NOT_OVER, Doubt, Signatures
from stpolicy.model.state import State

TRIES = 3
"""How often a pair is fetched whose halves do not fit: it may have been switched in between (T16)."""

_TORN = frozenset({Doubt.MALFORMED, Doubt.EXTRA_DATA})


@dataclass(frozen=True, slots=True)
class Offer:
    """What one mirror came to; `pair` is what it sent, None where it said that nothing had changed."""

    url: str
    decision: Decision
    pair: Pair | None = None

    @property
    def reason(self) -> Reason:
        """Why it is taken or not."""
        return self.decision.outcome.reason

    @property
    def rank(self) -> int:
        """The lowest is the best: what is good, what was refused, what could not be looked at."""
        match self.reason:
            case Reason.INSTALLED:
                return 0
            case Reason.UNCHANGED:
                return 1
        return 2 if self.reason.exit_code == 1 else 3


def ask(
    sources: Iterable[Source],
    who: Pins,
    there: Installed | None,
    high: Mark | None,
    before: State | None,
    *,
    now: datetime,
) -> list[Offer]:
    """Asks one mirror after the other, until one has a pair to install, or has the one that is there.

    A mirror that has had nothing new for half of a list's life may be frozen: then the others are
    asked too.
    """
    offers: list[Offer] = []
    for source in sources:
        offer = _offer(source, who, there, high, before, now)
        offers.append(offer)
        if offer.reason is Reason.INSTALLED:
            break
        is_young = there is not None and there.listed.left(instant(now)) > there.listed.life / 2
        if offer.reason is Reason.UNCHANGED and is_young:
            break
    return offers


def _offer(
    source: Source, who: Pins, there: Installed | None, high: Mark | None, before: State | None, now: datetime
) -> Offer:
    same, end = Decision(Outcome(Reason.UNCHANGED)), monotonic() + source.deadline
    known = _known(source.url, there, before)
    try:
        found = fetch.changed(source, known) if known else fetch.pair(source)
    except fetch.TooLarge as wrong:
        return Offer(source.url, Decision(Outcome(Reason.TOO_LARGE, wrong.message, "document.too_large")))
    except fetch.Unreachable as wrong:
        return Offer(source.url, Decision(Outcome(Reason.NETWORK, wrong.message)))
    if found is None:
        return Offer(source.url, same)
    for left in range(TRIES - 1, -1, -1):
        if there and (found.data, found.signature) == (there.data, there.signature):
            return Offer(source.url, same, found)
        signatures = believe(found.data, found.signature, who, now=now)
        if not left or not _may_be_torn(signatures):
            break
        try:
            found = fetch.pair(replace(source, deadline=end - monotonic()))
        except fetch.Unreachable:  # what was seen counts for more than what was not
            break
    # Judging takes rules and words that a run which finds nothing new does not need.
    from stpolicy.document.list import parse
    from stpolicy.flows.decide import decide, distrusted

    if not signatures.trusted:
        return Offer(source.url, Decision(distrusted(signatures)))
    document = parse(found.data, LIST, largest=source.largest)
    decision = decide(document, found.data, signatures, high, now=now)
    if there and decision.outcome.reason is Reason.INSTALLED and decision.mark == there.mark:
        return Offer(source.url, same, found)
    return Offer(source.url, decision, found)


def _may_be_torn(signatures: Signatures) -> bool:
    """Whether the two files may be of different releases, or one of them cut off."""
    if signatures.trusted:
        return False
    doubt, message = signatures.doubts[0]
    return doubt in _TORN or message == NOT_OVER


def _known(url: str, there: Installed | None, before: State | None) -> tuple[Validators, Validators] | None:
    """The validators of the installed pair, which has been verified in this run (R16)."""
    texts = before.validators.get(url) if there and before else None
    if not texts or not there or texts[0] != there.listed.version:
        return None
    known = Validators(*texts[1:3]), Validators(*texts[3:5])
    return known if all(condition.headers() for condition in known) else None
