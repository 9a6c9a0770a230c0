"""fmt: the canonical form of a list."""

from typing import Annotated

import typer

from stpolicy.cli import _door, _edit, _inputs, _options
from stpolicy.cli._app import app
from stpolicy.cli._command import LIST_DEFAULT, command
from stpolicy.document.codes import LARGEST


@command(app, "fmt", example="stpolicy fmt\nstpolicy fmt --check --diff lists/policy.json")
def fmt(
    list_path: _options.List = LIST_DEFAULT,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if the form is not canonical.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; show what would change.")] = False,
    max_size: _options.MaxSize = LARGEST,
    quiet: bool = False,
) -> int:
    """Put a list into canonical form, in place.

    Names in lower case and A-labels, domains and aliases sorted, one layout. Dates and order of
    patterns stay. From standard input to standard output with -.
    """
    from stpolicy.flows import edit as flow

    edited = flow.fmt(_inputs.read(list_path, largest=max_size), largest=max_size)
    if str(list_path) == "-" and not (check or diff):
        _door.result(edited.after.decode("utf-8"))
        return _door.DONE
    if diff:
        _door.result(_edit.difference(edited))
    elif not check:
        _edit.save(list_path, edited)
    if edited.differs:
        said = "is not in canonical form" if check or diff else "is in canonical form now"
        _door.say(f"{list_path} {said}", quiet=quiet)
    return _door.FOUND if check and edited.differs else _door.DONE
