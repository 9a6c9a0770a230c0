"""The program as Typer knows it; each command's module adds its command to it."""

from typing import Annotated

import typer

app = typer.Typer(
    name="stpolicy",
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
keys = typer.Typer(name="keys", rich_markup_mode=None, no_args_is_help=True)
db = typer.Typer(name="db", rich_markup_mode=None, no_args_is_help=True)
alias = typer.Typer(name="alias", rich_markup_mode=None, no_args_is_help=True)


def _version(wanted: bool) -> None:
    if wanted:
        from stpolicy.cli import _door, _options

        _door.result(f"stpolicy {_options.version()}\n")
        raise typer.Exit


@app.callback()
def stpolicy(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Keep, check, sign, publish and follow a STARTTLS policy list.

    Every option can also be set by an environment variable, STPOLICY_<COMMAND>_<OPTION>, and most by
    a key in stpolicy.toml; see "Settings" in README.md, and the file that `stpolicy init` writes.

    Exit codes: 0 done; 1 done, and there are errors; 2 used wrongly; 3 could not look or could not do.
    """
