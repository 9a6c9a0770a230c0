"""explain: the documentation of the rules."""

from typing import Annotated

import typer

from stpolicy import config, rules
from stpolicy.cli import _door, _options
from stpolicy.cli._app import app
from stpolicy.cli._command import command
from stpolicy.output import explain as text


@command(app, "explain", example="stpolicy explain\nstpolicy explain mxs.pattern.public_suffix")
def explain(
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="[CODE]", show_default=False, help="A code or a family of codes; all if not given."
        ),
    ] = None,
    format_: _options.Plain = _options.PlainFormat.TEXT,
    output: _options.Output = None,
) -> int:
    """Explain a code: what is wrong, why it matters and how to mend it."""
    docs = text.documentation(rules.ALL)
    if code is not None:
        config.checked_codes([code])
        docs = {c: doc for c, doc in docs.items() if c == code or c.startswith(f"{code}.")}
    severities = config.known_codes()
    if format_ is _options.PlainFormat.JSON:
        _door.result(text.as_json(docs, severities), output)
    elif code is None:
        _door.result(text.overview(docs, severities), output)
    else:
        _door.result(text.text(docs, severities), output)
    return _door.DONE
