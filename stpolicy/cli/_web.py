"""What the commands of the web door share: its database, and that its packages are there."""

import os
from pathlib import Path
from typing import Annotated

import typer

from stpolicy.errors import StpolicyError

Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        show_default=False,
        help="Where scans are kept: sqlite:///FILE or postgresql+psycopg://…; an own file if not given.",
    ),
]


def database(given: str | None) -> str:
    """The address of the database; without one, a file where this account keeps its data."""
    if given:
        return given
    own = Path(os.environ.get("XDG_DATA_HOME") or Path("~/.local/share").expanduser()) / "stpolicy"
    folder = Path(os.environ.get("STATE_DIRECTORY", "").partition(":")[0] or own)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        raise StpolicyError(f"{folder} cannot be made: {wrong.strerror}", "name a --database") from wrong
    return f"sqlite:///{folder / 'scans.db'}"


def need_packages() -> None:
    """StpolicyError where the packages of the extra are not installed."""
    try:
        import alembic
        import fastapi
        import limits
        import procrastinate
        import prometheus_client
        import psycopg
        import python_multipart
        import sqlalchemy
        import uvicorn
    except ImportError as wrong:
        raise StpolicyError(
            f"this command needs more packages: {wrong.name or wrong}", "pip install 'stpolicy[web]'"
        ) from wrong
    del alembic, fastapi, limits, procrastinate, prometheus_client, psycopg
    del python_multipart, sqlalchemy, uvicorn
