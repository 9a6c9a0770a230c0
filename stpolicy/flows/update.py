"""update: fetch.pair -> gpgv -> trust -> document -> decide -> store.install -> the map.

Mirrors are asked in order until one has a pair that is good. Whatever any of them does, the pair that
is installed stays until a better one lies on the disk and one link is switched to it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stpolicy import store
from stpolicy.document import state as state_file
from stpolicy.errors import Misuse, StpolicyError
from stpolicy.fetch import Source
from stpolicy.flows.believe import Pins
from stpolicy.flows.installed import STATE, Installed, highest, installed, read_mark, read_state
from stpolicy.flows.offers import ask
from stpolicy.flows.settle import CLIENT, Run, settle, unless_expired
from stpolicy.model.dates import Instant, instant
from stpolicy.model.mark import bounded_now
from stpolicy.model.outcome import Outcome, Reason
from stpolicy.model.state import MapState, State

if TYPE_CHECKING:
    from stpolicy.flows.activate import Activated
    from stpolicy.model.policy import PolicyList


@dataclass(frozen=True, slots=True)
class Follower:
    """Who is followed, and where what they publish is kept."""

    sources: tuple[Source, ...]
    who: Pins
    folder: Path
    largest: int


Follow = Callable[[Installed | None, "PolicyList | None", MapState | None, datetime], "Activated"]
"""Makes the mail server's map follow: (the installed pair, its list if it is known, the map so far, now)."""


def update(follower: Follower, follow: Follow | None = None, *, now: datetime, reset: bool = False) -> Run:
    """One run; `reset` forgets the mark, for who knows that it is wrong."""
    folder = follower.folder
    try:
        store.make_folder(folder)
        with store.locked(folder):
            return _kept(folder, partial(_run, follower, follow, now=now, reset=reset), follow, now)
    except OSError as wrong:  # nobody else is kept out, so nothing may be written there, not even the state
        return _blind(
            Outcome(Reason.DISK, f"{folder} cannot be used: {wrong}"), follow, now, read_state(folder)
        )


def misused(folder: Path, message: str, follow: Follow | None, *, now: datetime) -> Run:
    """A run with wrong settings: asks nobody, believes no pair; a list that has run out leaves the map.

    Word of it is left for `status`, where there is a folder. Busy when another run is at work.
    """
    blind = partial(_blind, Outcome(Reason.CONFIGURATION, message), follow, now)
    try:
        with store.locked(folder):
            return _kept(folder, blind, follow, now)
    except OSError:
        return blind(read_state(folder))


def _kept(folder: Path, work: Callable[[State | None], Run], follow: Follow | None, now: datetime) -> Run:
    """The run of who has the folder to itself, and word of it; `work` is told what the last run left."""
    before = read_state(folder)
    try:
        run = work(before)
    except StpolicyError as wrong:
        run = _blind(Outcome(Reason.INTERNAL, wrong.message), follow, now, before)
    except OSError as wrong:
        run = _blind(Outcome(Reason.DISK, str(wrong)), follow, now, before)
    try:
        store.replace(folder / STATE, state_file.dump(run.state))
    except (OSError, StpolicyError) as wrong:
        if run.state.reason.exit_code == 0:
            message = f"{folder / STATE} cannot be written: {wrong}"
            run = replace(run, state=replace(run.state, reason=Reason.DISK, message=message))
    return run


def _run(
    follower: Follower, follow: Follow | None, before: State | None, *, now: datetime, reset: bool
) -> Run:
    """Asks the mirrors, installs what is to be installed, and lets the map follow."""
    folder = follower.folder
    mark = None if reset else read_mark(folder)
    moment = bounded_now(now, mark)
    there = installed(folder, follower.who, now=moment, largest=follower.largest, mark=mark)
    high = None if reset else highest(mark, there.mark if there else None)
    moment = bounded_now(now, high)
    # A pair behind the mark is in force until it runs out, but whoever offers it offers nothing good.
    newest = None if there and there.behind else there
    offers = ask(follower.sources, follower.who, newest, high, before, now=moment)
    run = settle(folder, offers, there, mark, before, moment)
    if follow:
        run = _followed(run, follow, before.map if before else None, moment)
    warnings = [] if moment == now else ["the clock is more than a day behind the newest list: check it"]
    warnings += ["the mark of the newest list was forgotten, as asked"] if reset else []
    return replace(run, warnings=(*run.warnings, *warnings))


def _failed(outcome: Outcome, before: State | None, now: datetime) -> Run:
    """A run that could not look at all; what was known stays."""
    known = before or State(outcome.reason, "", instant(now), CLIENT)
    outcome = unless_expired(outcome, known.listed, now)
    return Run(replace(known, reason=outcome.reason, message=outcome.message, at=instant(now)))


def _blind(outcome: Outcome, follow: Follow | None, now: datetime, before: State | None) -> Run:
    """A run that cannot tell whether any pair is good; its map is one without a pair."""
    run = _failed(outcome, before, now)
    return _followed(run, follow, before.map if before else None, now) if follow else run


def _followed(run: Run, follow: Follow, before: MapState | None, now: datetime) -> Run:
    """The run with the map that came of it."""
    try:
        made = follow(run.there, run.fresh, before, now)
    except (StpolicyError, OSError) as wrong:
        return _with_fault(run, wrong)
    run = replace(run, state=replace(run.state, map=made.state), rendered=made.rendered)
    if made.left_out:
        run = _without_rows(run, made.left_out)
    return _with_fault(run, made.fault) if made.fault else run


def _without_rows(run: Run, since: Instant) -> Run:
    """The run, which has taken the rows of a list out of the map.

    Without a pair that is what counts, over whatever kept us from looking for another list.
    """
    message = f"the list in the map is not in force since {since}: its rows are left out"
    if run.there or run.state.reason.exit_code in (1, 2):
        return replace(run, warnings=(*run.warnings, message))
    more = f"; {run.state.message}" if run.state.message else ""
    return replace(run, state=replace(run.state, reason=Reason.EXPIRED, message=f"{message}{more}"))


def _with_fault(run: Run, wrong: StpolicyError | OSError) -> Run:
    """The run, of which a fault of the map was the end."""
    match wrong:
        case Misuse():
            reason = Reason.CONFIGURATION
        case StpolicyError():
            reason = Reason.INTERNAL
        case _:
            reason = Reason.DISK
    said = wrong.message if isinstance(wrong, StpolicyError) else str(wrong)
    message = f"Postfix does not follow the list: {said}"
    if run.state.is_alarming:  # what was wrong before says more
        return replace(run, warnings=(*run.warnings, message))
    return replace(run, state=replace(run.state, reason=reason, message=message))
