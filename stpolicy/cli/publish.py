"""publish: put the signed pair where servers fetch it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stpolicy.cli import _door, _inputs, _options
from stpolicy.cli._app import app
from stpolicy.cli._command import LIST_DEFAULT, command
from stpolicy.document.codes import LARGEST
from stpolicy.errors import Misuse, StpolicyError
from stpolicy.model.finding import Report, Severity

if TYPE_CHECKING:
    from datetime import datetime

    from stpolicy.flows.believe import Pins
    from stpolicy.model.file import File


@command(
    app,
    "publish",
    example="""
    stpolicy publish --to /srv/www/list --config /etc/stpolicy/stpolicy.toml
    stpolicy publish --check-url https://list.example.org --config /etc/stpolicy/stpolicy.toml
    """,
)
def publish(
    list_path: _options.List = LIST_DEFAULT,
    to: Annotated[Path | None, typer.Option("--to", metavar="DIR", help="The web root.")] = None,
    check_url: Annotated[
        str | None,
        typer.Option(
            "--check-url",
            metavar="URL",
            help="Afterwards fetch what is live there and verify it as a server would.",
        ),
    ] = None,
    signature: _options.Signature = None,
    keyring: _options.Keyring = None,
    signer: _options.Signer = None,
    threshold: _options.Threshold = 1,
    ca_file: _options.CaFile = None,
    allow_http: _options.AllowHttp = False,
    format_: _options.Plain = _options.PlainFormat.TEXT,
    now: _options.Now = None,
    max_size: _options.MaxSize = LARGEST,
    quiet: bool = False,
) -> int:
    """Put the signed pair and the public keys into a web root, as one switch.

    What `verify` or `sign` refuses is not published, nor what is older than what is there. The web
    server must follow symbolic links.
    """
    from stpolicy.flows import publish as flow
    from stpolicy.suffixes import PublicSuffixes

    if to is None and check_url is None:
        raise Misuse("nothing to do", "name the web root with --to, or what to look at with --check-url")
    if to is not None:
        _inputs.check_folder(to)
    _inputs.check_ca_file(ca_file)
    live_at = _inputs.source(check_url, ca_file, max_size, allow_http=allow_http) if check_url else None
    who = _inputs.pins(keyring, signer, threshold)
    moment = _door.now(now)
    file, report, facts = None, Report(), dict[str, object](published=None, live=None)
    if to is not None:
        file = _inputs.read(list_path, largest=max_size)
        asc = _inputs.signature_of(list_path, signature)
        done = flow.publish(file, asc, who, to, now=moment, suffixes=PublicSuffixes(), largest=max_size)
        if done.version is None:
            _options.verdict(done.report, format_, None, **facts)
            _door.say(f"{list_path} was not published")
            return _door.FOUND
        report, facts["published"] = done.report.at_least(Severity.WARNING), done.version
        _door.say(f"{to}: {done.version}", quiet=quiet)
    switched = f"{to} has the new version {facts['published']}" if to else ""
    with _door.after(switched, f"stpolicy publish --check-url {check_url} looks again" if live_at else ""):
        if live_at:
            file = file or _signed_here(list_path, signature, who, moment, max_size)
            live = flow.look(live_at, file, who, now=moment)
            report, facts["live"] = report + live.report, live.good
            said = "is live and verifies" if live.good else "does not serve a list that may be used"
            _door.say(f"{live_at.url} {said}", quiet=quiet and live.good)
        _options.verdict(report, format_, None, **facts)
    return _door.FOUND if facts["live"] is False else _door.DONE


def _signed_here(
    path: Path, signature: Path | None, who: "Pins", moment: "datetime", largest: int
) -> "File | None":
    """The list that lies here, if it is a signed one: what is live must not be older than that."""
    from stpolicy.flows.verify import verify

    try:
        file, asc = _inputs.read(path, largest=largest), _inputs.signature_of(path, signature)
    except StpolicyError:
        return None
    return file if verify(file, asc, who, now=moment, largest=largest).good else None
