"""diff: what a reviewer must know."""

from enum import StrEnum
from typing import Annotated, assert_never

import typer

from stpolicy.cli import _door, _inputs, _options
from stpolicy.cli._app import app
from stpolicy.cli._command import LIST_DEFAULT, command
from stpolicy.document.codes import LARGEST
from stpolicy.output import change as output


class DiffFormat(StrEnum):
    """How differences are printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


@command(app, "diff", example="stpolicy diff git:HEAD\nstpolicy diff old.json new.json --format markdown")
def diff(
    old: Annotated[
        str, typer.Argument(metavar="OLD", show_default=False, help="A file, git:REV or git:REV:PATH.")
    ],
    new: Annotated[
        str, typer.Argument(metavar="[NEW]", show_default=False, help="The same; policy.json if not given.")
    ] = str(LIST_DEFAULT),
    format_: Annotated[
        DiffFormat, typer.Option("--format", help="How to print differences.")
    ] = DiffFormat.TEXT,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 1 if there is a difference.")] = False,
    output_path: _options.Output = None,
    max_size: _options.MaxSize = LARGEST,
    quiet: bool = False,
) -> int:
    """Show what changed between two lists, aliases resolved, worst first.

    Order, layout and the use of aliases are no difference.
    """
    from pathlib import Path

    from stpolicy import git
    from stpolicy.flows import diff as flow

    _inputs.check_stdin(old, new)
    _inputs.check_output(output_path, old, new)
    named = new.removeprefix("git:").partition(":")[2] if git.is_revision(new) else new
    path = Path(named or LIST_DEFAULT)
    found = flow.diff(
        _inputs.read_spec(old, path, largest=max_size),
        _inputs.read_spec(new, path, largest=max_size),
        largest=max_size,
    )
    match format_:
        case DiffFormat.TEXT:
            colour = output_path is None and _door.colour()
            text = output.text(found.changes, found.fields, colour=colour)
        case DiffFormat.MARKDOWN:
            text = output.markdown(found.changes, found.fields)
        case DiffFormat.JSON:
            text = output.as_json(found.changes, found.fields)
        case _:
            assert_never(format_)
    _door.result(text, output_path)
    _door.say(output.summary(found.changes, found.fields), quiet=quiet)
    return _door.FOUND if exit_code and found.any else _door.DONE
