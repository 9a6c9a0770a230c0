"""activate: the installed pair -> render -> a new map, when anything that goes into it has changed."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stpolicy import store
from stpolicy.document.codes import LARGEST
from stpolicy.document.table import map_digest, map_expiry
from stpolicy.errors import StpolicyError
from stpolicy.fetch import LIST
from stpolicy.flows.installed import Installed
from stpolicy.flows.options import Options
from stpolicy.flows.switch import switch
from stpolicy.model.dates import Instant, instant
from stpolicy.model.overlay import Overlay, in_force
from stpolicy.model.state import MapState
from stpolicy.mta import maps
from stpolicy.mta.maps import MapFile
from stpolicy.mta.postfix import Postfix

if TYPE_CHECKING:
    from stpolicy.flows.render import Rendered
    from stpolicy.model.finding import Suffixes
    from stpolicy.model.policy import PolicyList


@dataclass(frozen=True, slots=True)
class Target:
    """The map to keep, the Postfix that uses it, whether that is told of every change, the list's folder."""

    map: MapFile
    postfix: Postfix
    reload: bool
    folder: Path


@dataclass(frozen=True, slots=True)
class Activated:
    """The map as it is now; `rendered` is there when this run has made it whole."""

    state: MapState | None
    rendered: "Rendered | None" = None
    left_out: Instant | None = None
    """When the list ran out whose rows were taken out of the map for want of anything newer to put there."""
    fault: StpolicyError | OSError | None = None
    """What went wrong all the same."""


@dataclass(frozen=True, slots=True)
class _Run:
    """The map to keep, what the last run knew of it, and what this one goes by."""

    target: Target
    before: MapState | None
    now: datetime
    suffixes: Callable[[], "Suffixes"]


def activate(
    there: Installed | None,
    fresh: "PolicyList | None",
    options: Callable[[], Options],
    target: Target,
    before: MapState | None,
    *,
    now: datetime,
    suffixes: Callable[[], "Suffixes"],
) -> Activated:
    """Makes the map follow the installed pair; `fresh` is its list, where that has been read already.

    Without a pair that verifies it stays as it is, but for the rows of a list that has run out and for what
    is decided here; when it cannot be made, but for those rows. A pair behind the mark takes no map from a
    newer list: it keeps its own, or makes one where there is none.
    """
    run = _Run(target, before, now, suffixes)
    if there and there.behind and not _is_free_for(there, target.map):
        there = None
    try:
        made = _made(there, fresh, options(), run)
    except (StpolicyError, OSError) as wrong:
        since = _run_out(there, run)
        if since is None:
            raise
        made = Activated(_without_the_list(since, run), None, since, wrong)
    return _told(made, target)


def _is_free_for(there: Installed, map_: MapFile) -> bool:
    """Whether there is no map, or by its own comments it was made of this pair."""
    text = store.read_if_there(map_.path, LARGEST) if map_.seal() else None
    return not map_.seal() or (text is not None and map_digest(text) == there.listed.sha256)


def _made(there: Installed | None, fresh: "PolicyList | None", options: Options, run: _Run) -> Activated:
    """The map, made anew when anything in it has changed."""
    target, before = run.target, run.before
    since = None if there else _run_out(there, run)
    if there is None and target.map.seal() and since is None:
        return _own_changed(options, run)
    models = options.overlay_models()
    stamp = _stamp(there, options, models, run)
    if (
        before
        and (before.stamp, before.name) == (stamp, str(target.map))
        and before.seal == target.map.seal()
    ):
        return Activated(before)
    # A map that stays as it is needs nothing of this.
    from stpolicy.flows.decide import usable
    from stpolicy.flows.render import render

    policies = fresh or (usable(there.data, LIST, now=run.now) if there else None)
    rendered = render(
        policies, there.data if there else b"", options.wanted(models), now=run.now, suffixes=run.suffixes()
    )
    expires = there.listed.expires if there and not rendered.expired else None
    return Activated(_switched(rendered, stamp, expires, run), rendered, since)


def _own_changed(options: Options, run: _Run) -> Activated:
    """The map of a list that nobody can verify now, with what is decided here: mail may have to go out.

    Only in a map that is as the last run left it: what somebody wrote into its text must not become a row.
    """
    before, map_ = run.before, run.target.map
    models = options.overlay_models()
    stamp = f"own {_stamp(None, options, models, run)}"  # not that of a map without a list
    is_ours = before and (before.name, before.seal) == (str(map_), map_.seal())
    if not models or (before and is_ours and before.stamp == stamp):
        return Activated(before)
    from stpolicy.flows.render import with_own

    text = store.read_if_there(map_.path, LARGEST) or b""
    rendered = with_own(text, options.wanted(models), now=run.now, suffixes=run.suffixes())
    if rendered is None:
        return Activated(before)
    if before is None or not is_ours:
        fault = StpolicyError("what is decided here counts from the next list on: the map was changed since")
        return Activated(before, fault=fault)
    return Activated(_switched(rendered, stamp, before.expires, run), rendered)


def _without_the_list(since: Instant, run: _Run) -> MapState:
    """The map with nothing in it but what was decided here, as the text of the one before has it.

    Needs no settings: one of them may be what is wrong. Whatever it is, it must not keep a list in force that
    has run out. Without a stamp, so that the map is made anew as soon as it can be.
    """
    from stpolicy.flows.render import without_list

    text = store.read_if_there(run.target.map.path, LARGEST) or b""
    return _switched(without_list(text, since), "", None, run)


def _told(made: Activated, target: Target) -> Activated:
    """What became of telling Postfix, where that is to be done; the next run tries again what fails."""
    if not (target.reload and made.state and made.state.reload_pending):
        return made
    try:
        maps.reload(target.postfix)
    except StpolicyError as wrong:
        return replace(made, fault=made.fault or wrong)
    return replace(made, state=replace(made.state, reload_pending=False))


def _run_out(there: Installed | None, run: _Run) -> Instant | None:
    """When the list ran out whose rows are still in the map; None when there are none, as far as is known.

    The state knows, unless it is lost or the map is not what it was; then the map's own header may say so.
    """
    map_, before = run.target.map, run.before
    if not map_.seal():
        return None
    known = before if before and before.name == str(map_) else None
    if known and map_.has_file_of(known.seal):
        ends = known.expires
    else:
        last = known.expires if known else there.listed.expires if there else None
        ends = map_expiry(store.read_if_there(map_.path, LARGEST) or b"") or last
    return ends if ends and ends <= instant(run.now) else None


def _switched(rendered: "Rendered", stamp: str, expires: Instant | None, run: _Run) -> MapState:
    """Puts a new map in its place."""
    target = run.target
    switch(target.map, target.postfix, rendered, run.before, target.folder)
    counts = rendered.table.counts()
    return MapState(str(target.map), stamp, target.map.seal(), expires, counts, target.reload)


def _stamp(there: Installed | None, options: Options, models: Sequence[Overlay], run: _Run) -> str:
    """A digest of all that decides what is in the map: while it stays the same, so does the map."""
    parts: list[object] = [
        there and (there.listed.version, there.listed.is_expired(instant(run.now))),
        sorted((domain, repr(local)) for domain, local in in_force(models, run.now).items()),
        [hashlib.sha256(file.data).hexdigest() for file in (*options.overlays, options.facts) if file],
        hashlib.sha256(options.template.read_bytes()).hexdigest(),
        (options.match, options.suffixes, options.dane, options.early_adopter),
        (options.version, options.reporting, str(run.target.map)),
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()
