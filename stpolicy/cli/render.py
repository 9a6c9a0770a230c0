"""render: configuration for a mail server."""

from pathlib import Path
from typing import Annotated

import typer

from stpolicy.cli import _door, _inputs, _options, _rendering
from stpolicy.cli._app import app
from stpolicy.cli._command import command
from stpolicy.document.codes import LARGEST


@command(
    app,
    "render",
    example="""
    stpolicy render postfix policy.json --mta-version 3.7
    stpolicy render postfix --overlay /etc/stpolicy/overlay.json --output /etc/postfix/tls_policy
    """,
)
def render(
    mta: Annotated[_rendering.Mta, typer.Argument(metavar="MTA", show_default=False, help="postfix.")],  # noqa: ARG001
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[LIST]", show_default=False, help="A list; the installed, verified one if not given."
        ),
    ] = None,
    rows: _rendering.Layout = _rendering.LAYOUT,
    postfix_config: _options.PostfixConfig = None,
    dir_: _options.Dir = _options.STATE,
    keyring: _options.Keyring = None,
    signer: _options.Signer = None,
    threshold: _options.Threshold = 1,
    output: _options.Output = None,
    now: _options.Now = None,
    max_size: _options.MaxSize = LARGEST,
    quiet: bool = False,
) -> int:
    """Write a list as the configuration of a mail server: rows of smtp_tls_policy_maps.

    Domains in testing get no row. Of a list that has run out only the overlay's rows are written, and
    the exit code is 1. Feed the result to `postmap`; `stpolicy update` does all of it.
    """
    from stpolicy.flows import render as flow
    from stpolicy.mta.postfix import Postfix
    from stpolicy.suffixes import PublicSuffixes

    _inputs.check_output(output, *filter(None, [path, rows.facts, rows.template]), *(rows.overlay or ()))
    moment = _door.now(now)
    options = _rendering.options(
        Postfix(postfix_config),
        rows,
        quiet=quiet,
    )
    if path is not None:
        file = _inputs.read(path, largest=max_size)
        _door.say(f"stpolicy: the signature of {file.name} was not looked at", quiet=quiet)
    else:
        file = _inputs.installed(dir_, _inputs.pins(keyring, signer, threshold), moment, max_size)
    rendered = flow.render_file(
        file,
        options.wanted(options.overlay_models()),
        now=moment,
        suffixes=PublicSuffixes(),
        largest=max_size,
    )
    _door.result(rendered.text, output)
    return _rendering.report(rendered, quiet=quiet)
