"""update: fetch, verify and install the newest list."""

import os
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stpolicy.cli import _door, _inputs, _options, _rendering
from stpolicy.cli._app import app
from stpolicy.cli._command import command
from stpolicy.document.codes import LARGEST
from stpolicy.errors import Busy, Misuse
from stpolicy.output.escape import shown

if TYPE_CHECKING:
    from datetime import datetime

    from stpolicy.fetch import Source
    from stpolicy.flows.activate import Activated
    from stpolicy.flows.installed import Installed
    from stpolicy.flows.settle import Run
    from stpolicy.flows.update import Follow
    from stpolicy.model.policy import PolicyList
    from stpolicy.model.state import MapState


@command(
    app,
    "update",
    example="""
    stpolicy update
    stpolicy update --render postfix --splay 3600
    stpolicy update --url https://list.example.org --keyring trusted.asc --signer FPR --dir /tmp/list
    """,
)
def update(
    url: Annotated[
        list[str] | None,
        typer.Option(
            "--url", metavar="URL", help="Of the list; mirrors are asked in this order. Repeatable."
        ),
    ] = None,
    dir_: _options.Dir = _options.STATE,
    keyring: _options.Keyring = None,
    signer: _options.Signer = None,
    threshold: _options.Threshold = 1,
    timeout: _options.FetchTimeout = 300,
    max_size: _options.MaxSize = LARGEST,
    ca_file: _options.CaFile = None,
    allow_http: _options.AllowHttp = False,
    render: Annotated[
        _rendering.Mta | None,
        typer.Option("--render", help="Also make the map of this mail server follow the list."),
    ] = None,
    map_: _options.Map = None,
    reload: Annotated[
        bool,
        typer.Option("--reload", help="Reload the mail server after each change; texthash always needs it."),
    ] = False,
    rows: _rendering.Layout = _rendering.LAYOUT,
    postfix_config: _options.PostfixConfig = None,
    splay: Annotated[
        int, typer.Option("--splay", metavar="S", min=0, help="Wait up to so many seconds first.")
    ] = 0,
    reset_state: Annotated[
        bool,
        typer.Option(
            "--reset-state", help="Forget which list was the newest: take what is offered, if it verifies."
        ),
    ] = False,
    format_: _options.Plain = _options.PlainFormat.TEXT,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say also that all is well.")] = False,
    now: _options.Now = None,
    quiet: bool = False,
) -> int:
    """Fetch, verify and install the newest list; for cron.

    Whatever goes wrong, the installed pair stays and verifies. Nothing is said when all is well, nor
    over a fault of the network that passes; the exit code says it all the same.
    """
    from stpolicy.flows import update as flow
    from stpolicy.model.outcome import Reason
    from stpolicy.output import update as text

    _door.wait(splay)  # before anything is read: somebody may change it meanwhile
    following = (
        partial(_follow, map_, dir_, postfix_config, rows, reload=reload, quiet=quiet) if render else None
    )
    try:
        who = _inputs.pins(keyring, signer, threshold)
        sources = _sources(url, ca_file, max_size, allow_http=allow_http, deadline=timeout)
        follower = flow.Follower(sources, who, dir_, max_size)
        follow = following() if following else None
    except Misuse as wrong:
        said = _misused(dir_, wrong, following(wrong=True) if following else None, _door.now(now))
        if format_ is _options.PlainFormat.JSON:
            _door.result(text.stopped(Reason.CONFIGURATION, wrong.message, said))
        raise
    try:
        run = flow.update(follower, follow, now=_door.now(now), reset=reset_state)
    except Busy as wrong:
        if format_ is _options.PlainFormat.JSON:
            _door.result(text.stopped(Reason.BUSY, wrong.message))
        raise
    _say(run, verbose=verbose, quiet=quiet)
    if format_ is _options.PlainFormat.JSON:
        refused = [
            {"url": offer.url, "reason": str(offer.reason), "message": offer.decision.outcome.message}
            for offer in run.refused
        ]
        _door.result(text.as_json(run.state, run.report, refused, run.warnings))
    return run.state.reason.exit_code


def _follow(
    map_: str | None,
    folder: Path,
    postfix_config: Path | None,
    rows: _rendering.Layout,
    *,
    reload: bool,
    quiet: bool,
    wrong: bool = False,
) -> "Follow":
    """What makes the map follow the list; Misuse for a map that cannot be.

    With `wrong` settings a map that is not there is not made, and one that cannot be is not named.
    """
    from stpolicy.flows.activate import Activated, Target, activate
    from stpolicy.flows.switch import used
    from stpolicy.mta.maps import MapFile, best_type
    from stpolicy.mta.postfix import Postfix
    from stpolicy.suffixes import PublicSuffixes

    postfix, named = Postfix(postfix_config), _named(map_, wrong=wrong)

    def follow(
        there: "Installed | None", fresh: "PolicyList | None", before: "MapState | None", now: "datetime"
    ) -> "Activated":
        # Within the run, so that what is wrong here keeps no list from being installed.
        known = named or _known_map(used(postfix), before)
        file = MapFile.read(known or f"{best_type(postfix)}:{folder.absolute() / 'maps' / 'policy'}")
        new = not file.seal()
        if new and wrong:
            return Activated(before)
        options = partial(_rendering.options, postfix, rows, quiet=quiet, oldest_will_do=new)
        # Only root can reload Postfix; where somebody else updates, a unit of root's watches the map.
        target = Target(file, postfix, reload or (file.is_read_once and os.geteuid() == 0), folder)
        return activate(there, fresh, options, target, before, now=now, suffixes=PublicSuffixes)

    return follow


def _named(map_: str | None, *, wrong: bool) -> str | None:
    """The map that is named. A slip is told of at once, unless something is `wrong` anyway."""
    from stpolicy.mta.maps import MapFile

    try:
        return str(MapFile.read(map_)) if map_ else None
    except Misuse:
        if wrong:
            return None
        raise


def _misused(folder: Path, wrong: Misuse, follow: "Follow | None", now: "datetime") -> tuple[str, ...]:
    """What else is said of a run with wrong settings: that a list which ran out has left the map."""
    from stpolicy.flows import update as flow

    with suppress(Busy):
        run = flow.misused(folder, wrong.message, follow, now=now)
        for warning in run.warnings:
            _door.say(f"stpolicy: {warning}")
        return run.warnings
    return ()


def _known_map(used: list[str], before: "MapState | None") -> str | None:
    """The map to keep when none is named: the one before, unless of those that are ours Postfix asks another.

    What is known of the one before may be lost, or be of a run that knew no better.
    """
    if before and (before.name in used or not used):
        return before.name
    return used[0] if used else None


def _sources(urls: list[str] | None, *more: Any, **options: Any) -> "tuple[Source, ...]":
    if not urls:
        raise Misuse("no URL is given", "name the list's with --url, or run `stpolicy setup`")
    return tuple(_inputs.source(url, *more, **options) for url in dict.fromkeys(urls))


def _say(run: "Run", *, verbose: bool, quiet: bool) -> None:
    from stpolicy.output import update as text

    if run.rendered and (verbose or run.rendered.notable):
        _rendering.report(run.rendered, quiet=quiet or not verbose)
    for warning in run.warnings:
        _door.say(f"stpolicy: {warning}")
    said = text.sentence(run.state, verbose=verbose)
    for offer in run.refused:
        outcome = offer.decision.outcome
        message = shown(outcome.message)
        if outcome.reason.exit_code == 1 and message not in said:
            _door.say(f"stpolicy: {offer.url}: {message} [{outcome.reason}]")
    if said:
        _door.say(f"stpolicy: {said}", quiet=quiet and run.state.reason.exit_code == 0)
