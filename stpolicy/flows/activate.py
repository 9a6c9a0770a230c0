"""activate: the installed pair -> render -> a new map, when anything that goes into it has changed."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stpolicy import store
from stpolicy.document import overlay as overlays
from stpolicy.errors import StpolicyError
from stpolicy.fetch import LIST
from stpolicy.flows.installed import Installed
from stpolicy.model.dates import instant
from stpolicy.model.file import File
from stpolicy.model.overlay import Overlay, in_force
from stpolicy.model.state import MapState
from stpolicy.mta import maps
from stpolicy.mta.maps import MapFile
from stpolicy.mta.postfix import Postfix
from stpolicy.render.profile import Dane, Match, Profile, SuffixStyle, Version

if TYPE_CHECKING:
    from stpolicy.flows.render import Rendered, Wanted
    from stpolicy.model.finding import Suffixes
    from stpolicy.model.policy import PolicyList


@dataclass(frozen=True, slots=True)
class Options:
    """How a site wants rows, as it said so; `facts` and `overlays` are not looked into yet."""

    match: Match
    suffixes: SuffixStyle
    dane: Dane
    early_adopter: bool
    facts: File | None
    overlays: tuple[File, ...]
    template: Path
    version: Version
    reporting: bool

    def overlay_models(self) -> tuple[Overlay, ...]:
        """The overlays; Misuse when one is wrong."""
        return tuple(overlays.read(file.data, file.name) for file in self.overlays)

    def wanted(self, models: tuple[Overlay, ...]) -> "Wanted":
        """All that rendering needs; Misuse when the options do not go together."""
        from stpolicy.document import results
        from stpolicy.flows.render import Wanted

        facts = results.facts(self.facts.data, self.facts.name) if self.facts else {}
        profile = Profile(
            self.version, self.match, self.suffixes, self.dane, self.early_adopter, self.reporting, facts
        )
        profile.check()
        return Wanted(profile, models, self.template)


@dataclass(frozen=True, slots=True)
class Target:
    """The map to keep, the Postfix that uses it, and whether that is told of every change."""

    map: MapFile
    postfix: Postfix
    reload: bool


@dataclass(frozen=True, slots=True)
class Activated:
    """The map as it is now; `rendered` is there when this run has made it."""

    state: MapState | None
    rendered: "Rendered | None" = None
    fault: StpolicyError | OSError | None = None
    """What went wrong all the same."""


def activate(
    there: Installed | None,
    fresh: "PolicyList | None",
    options: Options,
    target: Target,
    before: MapState | None,
    *,
    now: datetime,
    suffixes: Callable[[], "Suffixes"],
) -> Activated:
    """Makes the map follow the installed pair; `fresh` is its list, where that has been read already.

    Without a pair that verifies the map stays as it is, but for the rows of a list that has run out.
    """
    return _told(_made(there, fresh, options, target, before, now=now, suffixes=suffixes), target)


def _told(made: Activated, target: Target) -> Activated:
    """What became of telling Postfix, where that is to be done; the next run tries again what fails."""
    if not (target.reload and made.state and made.state.reload_pending):
        return made
    try:
        maps.reload(target.postfix)
    except StpolicyError as wrong:
        return replace(made, fault=made.fault or wrong)
    return replace(made, state=replace(made.state, reload_pending=False))


def _made(
    there: Installed | None,
    fresh: "PolicyList | None",
    options: Options,
    target: Target,
    before: MapState | None,
    *,
    now: datetime,
    suffixes: Callable[[], "Suffixes"],
) -> Activated:
    """The map, made anew when anything in it has changed."""
    if there is None and target.map.seal() and not (before and _has_run_out(before, now)):
        return Activated(before)
    models = options.overlay_models()
    stamp = _stamp(there, options, models, target, now)
    if (
        before
        and (before.stamp, before.name) == (stamp, str(target.map))
        and before.seal == target.map.seal()
    ):
        return Activated(before)
    # A map that stays as it is needs nothing of this.
    from stpolicy.flows.decide import usable
    from stpolicy.flows.render import render

    policies = fresh or (usable(there.data, LIST, now=now) if there else None)
    rendered = render(
        policies, there.data if there else b"", options.wanted(models), now=now, suffixes=suffixes()
    )
    _switch(target.map, rendered)
    expires = there.listed.expires if there and not rendered.expired else None
    counts = rendered.table.counts()
    state = MapState(str(target.map), stamp, target.map.seal(), expires, counts, target.reload)
    return Activated(state, rendered)


def _switch(target: MapFile, rendered: "Rendered") -> None:
    """Makes the map beside the one that is there, and puts it in its place only when it is good.

    The compiled file comes first: what is older than its text, Postfix complains of.
    """
    new = target.new
    store.make_folder(target.path.parent)
    for leftover in new.files:
        store.discard(leftover)
    try:
        text = rendered.text.encode("utf-8")
        store.create(new.path, text)
        store.prove(new.path, text)
        maps.build(new.table, rendered.table.rows)
        if new.file != new.path:
            store.sync(new.file)
            new.file.replace(target.file)
        new.path.replace(target.path)
        store.sync(target.path.parent)
    finally:
        for leftover in new.files:
            store.discard(leftover)


def _has_run_out(made: MapState, now: datetime) -> bool:
    return made.expires is not None and made.expires <= instant(now)


def _stamp(
    there: Installed | None, options: Options, models: Sequence[Overlay], target: Target, now: datetime
) -> str:
    """A digest of all that decides what is in the map: while it stays the same, so does the map."""
    parts: list[object] = [
        there and (there.listed.version, there.listed.is_expired(instant(now))),
        sorted((domain, repr(local)) for domain, local in in_force(models, now).items()),
        [hashlib.sha256(file.data).hexdigest() for file in (*options.overlays, options.facts) if file],
        hashlib.sha256(options.template.read_bytes()).hexdigest(),
        (options.match, options.suffixes, options.dane, options.early_adopter),
        (options.version, options.reporting, str(target.map)),
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()
