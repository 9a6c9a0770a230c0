"""doctor: what would make the list not work on this mail server."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from stpolicy.cli import _door, _inputs, _options, _rendering
from stpolicy.cli._app import app
from stpolicy.cli._command import command
from stpolicy.errors import Misuse
from stpolicy.output import report as text


class Mta(StrEnum):
    """The mail servers that can be looked at."""

    POSTFIX = "postfix"


@command(
    app,
    "doctor",
    example="""
    stpolicy doctor
    stpolicy doctor postfix --map lmdb:/var/lib/stpolicy/maps/policy --format json
    stpolicy doctor --test example.com --mx mx1.example.net --mx mx2.example.net
    """,
)
def doctor(
    mta: Annotated[
        Mta, typer.Argument(metavar="[MTA]", show_default=False, help="postfix, which is the default.")
    ] = Mta.POSTFIX,
    test: Annotated[
        str | None,
        typer.Option(
            "--test",
            metavar="DOMAIN",
            help="Also try a session with each mail server of this domain, under its policy.",
        ),
    ] = None,
    mx: Annotated[
        list[str] | None,
        typer.Option(
            "--mx",
            metavar="HOST",
            help="With --test: try this mail server, not those that DNS names; HOST:PORT too. Repeatable.",
        ),
    ] = None,
    dir_: _options.Dir = _options.STATE,
    map_: _options.Map = None,
    postfix_config: _options.PostfixConfig = None,
    keyring: _options.Keyring = None,
    signer: _options.Signer = None,
    overlay: _rendering.Overlays = None,
    format_: _options.Plain = _options.PlainFormat.TEXT,
    now: _options.Now = None,
    output: _options.Output = None,
    config: Path | None = None,
    quiet: bool = False,
) -> int:
    """Read a mail server's configuration and say what would make the list not work there.

    Each finding comes with the command that mends it. Nothing is changed. Exit code 1: there are
    errors; 3: there are none, but something could not be looked at.
    """
    from stpolicy.flows import doctor as flow
    from stpolicy.flows.trial import Trial
    from stpolicy.mta.postfix import Postfix

    if mx and not test:
        raise Misuse("--mx needs --test", "name the domain whose policy the host should meet")
    hosts = [_inputs.mail_host(host) for host in mx or ()]
    found = flow.doctor(
        Postfix(postfix_config.absolute() if postfix_config else None),
        dir_,
        now=_door.now(now),
        table=_inputs.table(map_),
        settings=_inputs.settings(config, keyring, overlay),
        signers=signer or (),
        trial=Trial(_inputs.domain(test), hosts, _inputs.exchanges) if test else None,
    )
    attempts = [
        {"host": attempt.host, "verified": attempt.verified, "said": attempt.said}
        for attempt in found.server.attempts
    ]
    version = ".".join(map(str, found.server.version))
    _options.verdict(
        found.report, format_, output, version=version, test=attempts, unlooked=list(found.unlooked)
    )
    for attempt in found.server.attempts:
        if attempt.verified:
            _door.say(f"{attempt.host}: verified: {attempt.said}", quiet=quiet)
    _door.say(f"{mta} {version}: {text.summary(found.report)}", quiet=quiet)
    for where in found.unlooked:
        _door.say(f"could not look: {where}")
    return _door.verdict(found.report) or (_door.FAILED if found.unlooked else _door.DONE)
