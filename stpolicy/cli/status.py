"""status: what this mail server follows, and whether somebody should look at it."""

import re
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, assert_never

import typer

from stpolicy.cli import _door, _options, _plugin
from stpolicy.cli._app import app
from stpolicy.cli._command import command
from stpolicy.errors import Misuse, StpolicyError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class StatusFormat(StrEnum):
    """How it is printed."""

    TEXT = "text"
    JSON = "json"
    NAGIOS = "nagios"
    PROMETHEUS = "prometheus"


@command(
    app,
    "status",
    example="""
    stpolicy status
    stpolicy status --format nagios --max-age 24h
    stpolicy status --format prometheus --output /var/lib/node_exporter/stpolicy.prom
    """,
)
def status(
    dir_: _options.Dir = _options.STATE,
    max_age: Annotated[
        str,
        typer.Option("--max-age", metavar="SPAN", help="How old the last success may be, like 48h or 2d."),
    ] = "48h",
    format_: Annotated[StatusFormat, typer.Option("--format", help="How to print it.")] = StatusFormat.TEXT,
    now: _options.Now = None,
    output: _options.Output = None,
    config: Path | None = None,
) -> int:
    """Say which list is in force, for how long, and what the last update came to.

    Exit code 1 when somebody should look: no list, one that has run out or soon will, no success for
    too long, something refused. With --format nagios: 0 ok, 1 warning, 2 critical, 3 unknown; with
    --format prometheus always 0.
    """
    from stpolicy.flows import status as flow
    from stpolicy.output import status as text

    try:
        chosen = str(config.absolute()) if config else ""
        found = flow.status(dir_, now=_door.now(now), max_age=_span(max_age), config=chosen)
    except (StpolicyError, OSError) as wrong:
        if format_ is not StatusFormat.NAGIOS:
            raise
        _door.result(text.unknown(str(wrong)), output)
        return _plugin.UNKNOWN
    level = found.level.name
    match format_:
        case StatusFormat.TEXT:
            colour = output is None and _door.colour()
            _door.result(text.text(found.folder, found.state, found.report, colour=colour), output)
        case StatusFormat.JSON:
            _door.result(text.as_json(found.folder, found.state, found.report, level.lower()), output)
        case StatusFormat.NAGIOS:
            _door.result(text.nagios(found.folder, found.state, found.report, level), output)
            return int(found.level)
        case StatusFormat.PROMETHEUS:
            _door.result(text.prometheus(found.folder, found.state), output)
            return _door.DONE
        case _:
            assert_never(format_)
    return _door.FOUND if found.level else _door.DONE


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"([0-9]{1,5})([smhd])", text)
    if not found:
        raise Misuse(f"--max-age {text!r} is no span of time", "write it like 48h or 2d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
