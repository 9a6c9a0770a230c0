"""update: fetch, verify and install the newest list."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stpolicy.cli import _door, _inputs, _options
from stpolicy.cli._app import app
from stpolicy.cli._command import command
from stpolicy.document.list import LARGEST
from stpolicy.errors import Misuse

if TYPE_CHECKING:
    from stpolicy.flows.update import Follower, Run
    from stpolicy.flows.verify import Pins


@command(
    app,
    "update",
    example="""
    stpolicy update
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
    dir_: _options.StateFolder = _options.STATE_FOLDER,
    keyring: _options.Keyring = None,
    signer: _options.Signer = None,
    threshold: _options.Threshold = 1,
    timeout: Annotated[
        int, typer.Option("--timeout", metavar="S", min=1, help="Seconds for one mirror in all.")
    ] = 300,
    max_size: _options.MaxSize = LARGEST,
    ca_file: _options.CaFile = None,
    allow_http: Annotated[
        bool, typer.Option("--allow-http", help="Let URLs be http on the loopback interface.")
    ] = False,
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
    from stpolicy.output import update as text

    moment = _door.now(now)
    if ca_file is not None and not ca_file.is_file():
        raise Misuse(f"{ca_file} is no file")
    follower = _follower(
        url, dir_, _inputs.pins(keyring, signer, threshold), timeout, max_size, ca_file, allow_http=allow_http
    )
    run = flow.update(follower, now=moment, reset=reset_state)
    _say(run, verbose=verbose, quiet=quiet)
    if format_ is _options.PlainFormat.JSON:
        refused = [
            {"url": offer.url, "reason": str(offer.reason), "message": offer.decision.outcome.message}
            for offer in run.refused
        ]
        _door.result(text.as_json(run.state, refused, run.warnings))
    return run.state.reason.exit_code


def _follower(
    urls: list[str] | None,
    folder: Path,
    who: "Pins",
    timeout: int,
    largest: int,
    ca_file: Path | None,
    *,
    allow_http: bool,
) -> "Follower":
    from stpolicy.fetch import Source
    from stpolicy.flows.publish import list_url
    from stpolicy.flows.update import Follower
    from stpolicy.openpgp import LARGEST as LARGEST_SIGNATURE

    if not urls:
        raise Misuse("no URL is given", "name the list's with --url, or run `stpolicy setup`")
    sources = tuple(
        Source(list_url(url), largest, LARGEST_SIGNATURE, ca_file, allow_http, timeout)
        for url in dict.fromkeys(urls)
    )
    for source in sources:
        source.check()
    client = f"stpolicy {_options.version()}"
    return Follower(sources, who, folder, client, largest)


def _say(run: "Run", *, verbose: bool, quiet: bool) -> None:
    from stpolicy.output import update as text

    for warning in run.warnings:
        _door.say(f"stpolicy: {warning}")
    said = text.sentence(run.state, verbose=verbose)
    for offer in run.refused:
        outcome = offer.decision.outcome
        if outcome.reason.exit_code == 1 and outcome.message not in said:
            _door.say(f"stpolicy: {offer.url}: {outcome.message} [{outcome.reason}]")
    if said:
        _door.say(f"stpolicy: {said}", quiet=quiet and run.state.reason.exit_code == 0)
