"""init: start a list repository."""

from pathlib import Path
from typing import Annotated

import typer

from stpolicy.cli import _door, _options
from stpolicy.cli._app import app
from stpolicy.cli._command import command


@command(app, "init", example="stpolicy init my-list")
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", show_default=False, help="Where; here if not given.")
    ] = Path(),
    now: _options.Now = None,
    quiet: bool = False,
) -> int:
    """Start a list repository: a first list, commented settings, a GitHub workflow and a pre-commit hook.

    Nothing that is there is touched.
    """
    from stpolicy import resources
    from stpolicy.flows import init as flow

    version = _options.version()
    written = flow.init(folder, now=_door.now(now), templates=resources.templates(), version=version)
    with _door.after(f"the files of the new list are in {folder}"):
        _door.result("".join(f"{path}\n" for path in written))
    _door.say(flow.NEXT.format(folder=folder), quiet=quiet)
    return _door.DONE
