"""Rules about a list and the one before it."""

from collections.abc import Iterator

from stpolicy.model.change import Change, Kind, field_changes, retargeted
from stpolicy.model.finding import Candidate, Place, Problem, Severity
from stpolicy.rules._register import rule

MANY_REMOVED = 5
MANY_REMOVED_SHARE = 0.02
MANY_STRENGTHENED = 10


def _of(candidate: Candidate, kind: Kind) -> Iterator[tuple[Change, Place]]:
    """The changes of one kind and where their entries stand in the new list."""
    for change in candidate.changes:
        if change.kind is kind:
            yield change, candidate.place_of(change.domain)


@rule("history.rolled_back", Severity.ERROR)
def rolled_back(candidate: Candidate) -> Iterator[Problem]:
    """A list is older than the one before it, or has the same timestamp with other content.

    Servers refuse it: an old list that is really signed is what an attacker replays, and two lists of
    one date cannot both be the list. Who uses the list keeps the newer one. Who keeps the list fetches
    the newer one and merges; a working copy that is the newer one in truth gets its date by `stpolicy bump`.
    """
    if candidate.previous is None:
        return
    mend = "keep the newer one, and fetch it" if candidate.issued else "stpolicy bump"
    old, new = candidate.previous.timestamp, candidate.list.timestamp
    if new.instant < old.instant:
        message = f"timestamp {new} is older than that of the previous list, {old}"
        yield Problem(message, ("timestamp",), mend=mend)
    elif candidate.issued and new.instant == old.instant and not candidate.same_bytes:
        message = f"timestamp {new} is that of the previous list, but the content is another"
        yield Problem(message, ("timestamp",), mend=mend)


@rule("history.domain.removed", Severity.WARNING)
def removed_domain(candidate: Candidate) -> Iterator[Problem]:
    """A domain is no longer listed.

    Its mail goes back to opportunistic TLS. Only its holder should be able to ask for that.
    """
    for change, place in _of(candidate, Kind.REMOVED):
        yield Problem(f"{change.domain} is no longer listed", place, change.domain)


@rule("history.domain.mass_removed", Severity.WARNING)
def mass_removed(candidate: Candidate) -> Iterator[Problem]:
    """More than 5 domains and more than 2 % of the list were removed at once.

    That is more than any release of a real list did; a damaged file or a wrong branch looks like this.
    A second person should look.
    """
    if candidate.previous is None:
        return
    count = sum(change.kind is Kind.REMOVED for change in candidate.changes)
    if count > max(MANY_REMOVED, MANY_REMOVED_SHARE * len(candidate.previous.by_domain)):
        message = f"{count} of {len(candidate.previous.by_domain)} domains were removed at once"
        yield Problem(message, ("policies",))


@rule("history.mode.weakened", Severity.WARNING)
def weakened(candidate: Candidate) -> Iterator[Problem]:
    """A domain went from enforce to testing.

    From then on its mail is delivered over any session, whoever holds the other end. Ask its holder.
    """
    for change, place in _of(candidate, Kind.WEAKENED):
        yield Problem(f"{change.domain} went from enforce to testing", place, change.domain)


@rule("history.mode.strengthened", Severity.NOTE)
def strengthened(candidate: Candidate) -> Iterator[Problem]:
    """A domain went from testing to enforce.

    From then on mail for it waits when a session does not meet the policy. See that it was tested.
    """
    for change, place in _of(candidate, Kind.STRENGTHENED):
        yield Problem(f"{change.domain} went from testing to enforce", place, change.domain)


@rule("history.mode.mass_strengthened", Severity.WARNING)
def mass_strengthened(candidate: Candidate) -> Iterator[Problem]:
    """More than 10 domains went from testing to enforce at once.

    A mistake here stops the mail for all of them. Take fewer at a time.
    """
    count = sum(change.kind is Kind.STRENGTHENED for change in candidate.changes)
    if count > MANY_STRENGTHENED:
        yield Problem(f"{count} domains went from testing to enforce at once", ("policies",))


@rule("history.pattern.widened", Severity.WARNING)
def widened(candidate: Candidate) -> Iterator[Problem]:
    """A domain accepts hosts that it did not accept before.

    A new suffix is a warning, since it stands for hosts that nobody has named; new exact hosts are a
    note. Look at the domain's MX records.
    """
    for change, place in _of(candidate, Kind.WIDENED):
        has_suffix = any(pattern.startswith(".") for pattern in change.patterns)
        yield Problem(
            f"{change.domain} now also accepts {', '.join(change.patterns)}",
            place,
            change.domain,
            severity=None if has_suffix else Severity.NOTE,
        )


@rule("history.pattern.narrowed", Severity.NOTE)
def narrowed(candidate: Candidate) -> Iterator[Problem]:
    """A domain no longer accepts hosts that it accepted before.

    If one of them still receives its mail, that mail waits. Look at the domain's MX records.
    """
    for change, place in _of(candidate, Kind.NARROWED):
        message = f"{change.domain} no longer accepts {', '.join(change.patterns)}"
        yield Problem(message, place, change.domain)


@rule("history.pattern.replaced", Severity.WARNING)
def replaced(candidate: Candidate) -> Iterator[Problem]:
    """A domain has no pattern in common with those it had before.

    That is a move to another provider, or somebody taking its mail. Look at the domain's MX records
    from more than one network.
    """
    for change, place in _of(candidate, Kind.REPLACED):
        before = ", ".join(change.before.mxs) if change.before else ""
        after = ", ".join(change.after.mxs) if change.after else ""
        yield Problem(f"{change.domain} moved from {before} to {after}", place, change.domain)


@rule("history.alias.retargeted", Severity.WARNING)
def retargeted_alias(candidate: Candidate) -> Iterator[Problem]:
    """An alias promises something else than before.

    One edit changes every domain that points at it.
    """
    if candidate.previous is None:
        return
    for ordinal, name in retargeted(candidate.previous, candidate.list):
        message = f"the alias {name!r} has another policy than before"
        yield Problem(message, ("policy-aliases", ordinal), name)


@rule("history.dates_edited", Severity.NOTE)
def dates_edited(candidate: Candidate) -> Iterator[Problem]:
    """The dates or the author differ from those of the previous list.

    Who proposes an entry has no reason to touch them: `stpolicy sign` dates a list.
    """
    if candidate.previous is None:
        return
    older = candidate.list.timestamp.instant < candidate.previous.timestamp.instant
    for change in field_changes(candidate.previous, candidate.list):
        if change.field not in ("timestamp", "expires", "author"):
            continue  # what aliases promise is judged by the domains that use them
        if change.field == "timestamp" and older:
            continue  # history.rolled_back says it
        message = f"{change.field} was {change.before!r} and is {change.after!r}"
        yield Problem(message, (change.field,))
