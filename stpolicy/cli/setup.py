"""setup: the first ten minutes on a mail server."""

import os
import pwd
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stpolicy.cli import _door, _inputs, _options
from stpolicy.cli._app import app
from stpolicy.cli._command import command
from stpolicy.config import SYSTEM
from stpolicy.document.codes import LARGEST
from stpolicy.errors import Misuse, Refused, StpolicyError
from stpolicy.output import report as findings

if TYPE_CHECKING:
    from stpolicy.flows.setup import Plan
    from stpolicy.mta.postfix import Postfix

OURS = (".lock", "current", "versions", "mark", "state.json", "maps")
"""What `update` keeps in its folder."""


@command(
    app,
    "setup",
    example="""
    stpolicy setup https://list.example.org --signer 0123456789ABCDEF0123456789ABCDEF01234567 --dry-run
    stpolicy setup https://list.example.org --signer 0123456789ABCDEF0123456789ABCDEF01234567
    """,
)
def setup(
    url: Annotated[
        str, typer.Argument(metavar="URL", show_default=False, help="Where the list is published.")
    ],
    signer: _options.Signer = None,
    threshold: _options.Threshold = 1,
    dir_: _options.Dir = _options.STATE,
    etc: Annotated[
        Path, typer.Option("--etc", metavar="DIR", help="Where the settings and the key are written.")
    ] = SYSTEM.parent,
    map_: _options.Map = None,
    postfix_config: _options.PostfixConfig = None,
    user: Annotated[
        str,
        typer.Option(
            "--user", metavar="NAME", help="Who will keep the list up to date; gets the folder, if root asks."
        ),
    ] = "stpolicy",
    dry_run: _options.DryRun = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace settings that are there without asking.")
    ] = False,
    ca_file: _options.CaFile = None,
    allow_http: _options.AllowHttp = False,
    timeout: _options.FetchTimeout = 300,
    max_size: _options.MaxSize = LARGEST,
    now: _options.Now = None,
    quiet: bool = False,
) -> int:
    """Make this mail server follow a list: key, settings, a first update, and what is left to do.

    The published key must have the fingerprint that you name: get it from the maintainer of the list by
    another way. Postfix's own configuration is never edited; the line for it is printed.
    """
    from stpolicy import store
    from stpolicy.flows import setup as flow
    from stpolicy.mta.postfix import Postfix

    if not signer:
        raise Misuse("no signer is given", "name the fingerprint of the list's key with --signer")
    postfix = Postfix(postfix_config.absolute() if postfix_config else None)
    table = map_ or _map(postfix, dir_, quiet=quiet)
    if table:
        _check_map(table, dir_)
    settings: dict[str, object] = {"dir": str(dir_.absolute())} if dir_ != _options.STATE else {}
    settings |= {"render": "postfix", "map": table} if table else {}
    settings |= {"timeout": timeout} if timeout != 300 else {}
    settings |= {"max-size": max_size} if max_size != LARGEST else {}
    settings |= {"postfix-config": str(postfix_config.absolute())} if postfix_config else {}
    source = _inputs.source(url, ca_file, max_size, allow_http=allow_http, deadline=timeout)
    moment = _door.now(now)
    made = flow.plan(source, tuple(signer), threshold, etc, settings, now=moment)
    if not made.verdict.good:
        _door.result(findings.text(made.verdict.report, colour=_door.colour()))
        _door.say(f"stpolicy: {source.url} has no list that may be used; nothing was written")
        return _door.FOUND
    policies = made.verdict.policies
    expires = policies.expires if policies else ""
    _door.say(f"{source.url}: signed by {', '.join(signer)}; in force until {expires}", quiet=quiet)
    if dry_run:
        _door.result("".join(f"# {path}\n{data.decode()}\n" for path, data in made.files.items()))
        return _door.DONE
    _ask(made, overwrite=overwrite)
    flow.write(made)
    for path in made.files:
        _door.say(f"{path}: written", quiet=quiet)
    code = _update(etc / flow.SETTINGS, now)
    if os.geteuid() == 0 and dir_.is_dir() and not store.give(dir_, OURS, user):
        said = f"there is no account {user}: {dir_} stays root's, so root has to run the updates"
        _door.say(f"stpolicy: {said}", quiet=quiet)
    _door.result(_next_steps(postfix, table, dir_, etc, user))
    _diagnose(postfix, dir_, made, table, now)
    return code


def _map(postfix: "Postfix", folder: Path, *, quiet: bool) -> str | None:
    """The map to keep: one of ours that Postfix asks already, else a new one; None without a Postfix."""
    from stpolicy.flows.switch import used
    from stpolicy.mta.maps import best_type

    if found := used(postfix):
        return found[0]
    try:
        return f"{best_type(postfix)}:{folder.absolute() / 'maps' / 'policy'}"
    except StpolicyError as wrong:
        _door.say(f"stpolicy: {wrong.message}: no map will be made", quiet=quiet)
        return None


def _check_map(table: str, folder: Path) -> None:
    """Misuse for a map that cannot be made or was made by somebody else, before anything is written."""
    from stpolicy.flows.installed import read_state
    from stpolicy.flows.switch import refuse_what_is_not_ours
    from stpolicy.mta.maps import MapFile

    before = read_state(folder)
    refuse_what_is_not_ours(MapFile.read(table), before.map if before else None, folder)


def _ask(made: "Plan", *, overwrite: bool) -> None:
    """Whether what is there may be replaced; where nobody can answer, it may not."""
    different = made.different()
    if not different or overwrite:
        return
    names = ", ".join(map(str, different))
    if not sys.stdin.isatty():
        raise Refused(f"{names}: there already, with other content", "look at it, then use --overwrite")
    if not typer.confirm(f"Replace {names}?", err=True):
        raise Refused(f"{names}: left as it is; nothing was written")


def _update(settings: Path, now: str | None) -> int:
    """The first update, as cron will make it."""
    from stpolicy.cli import update  # noqa: F401  (adds the command)

    arguments = ["update", "--config", str(settings), "--verbose", *(["--now", now] if now else [])]
    return int(app(args=arguments, prog_name="stpolicy", standalone_mode=False) or 0)


def _next_steps(postfix: "Postfix", table: str | None, folder: Path, etc: Path, user: str) -> str:
    """What only a person should do."""
    from stpolicy.output import steps

    return steps.text(
        steps.Left(
            _program(),
            [] if etc == SYSTEM.parent else ["--config", str(etc.absolute() / "stpolicy.toml")],
            user if _is_account(user) else "root",
            str(folder.absolute() / "current" / "policy.json"),
            _policy_maps(postfix, table) if table else None,
            str(postfix.folder.absolute()) if postfix.folder else None,
            answers=table is None or _answers(postfix, table),
        )
    )


def _answers(postfix: "Postfix", table: str) -> bool:
    """Whether Postfix would get an answer from the map, be it that there is no row."""
    try:
        postfix.query(table, ["example.com"])
    except StpolicyError:
        return False
    return True


def _program() -> list[str]:
    """How to call this very program from anywhere, without a PATH."""
    called = Path(sys.argv[0])
    if called.name == "stpolicy" and os.access(called, os.X_OK):
        return [str(called.absolute())]
    return ["env", f"PYTHONPATH={Path(__file__).parents[2]}", sys.executable, "-m", "stpolicy"]


def _policy_maps(postfix: "Postfix", table: str) -> str:
    """The value for main.cf: what stands there, and the map behind it."""
    from stpolicy.flows.switch import POLICY_MAPS
    from stpolicy.model.table import tables

    try:
        there = postfix.settings([POLICY_MAPS]).get(POLICY_MAPS, "")
    except StpolicyError:  # a Postfix that is yet to come
        there = ""
    if table in [str(named.direct) for named in tables(there)]:
        return there
    return f"{there}, {table}" if there else table


def _is_account(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _diagnose(postfix: "Postfix", folder: Path, made: "Plan", table: str | None, now: str | None) -> None:
    """What `doctor` finds; it is no error of this command."""
    from stpolicy.flows.doctor import doctor
    from stpolicy.model.table import Table

    if table is None:
        return
    keyring, settings = made.files
    try:
        found = doctor(
            postfix,
            folder,
            now=_door.now(now),
            table=Table.read(table),
            settings=_inputs.settings(None if settings == SYSTEM else settings, keyring, None),
            signers=tuple(made.who.signers),
        )
    except StpolicyError as wrong:
        _door.say(f"stpolicy: doctor: {wrong.message}")
        return
    _door.say(findings.text(found.report).rstrip("\n") or "stpolicy: doctor finds nothing")
