"""status: the state folder of a mail server -> facts -> rules(WATCHED) -> what is in force, and findings."""

import os
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path

from stpolicy import rules
from stpolicy.flows.installed import read_state
from stpolicy.flows.state_folder import state_folder
from stpolicy.model.finding import Finding, Report, Severity
from stpolicy.model.mail_server import StateFolder
from stpolicy.model.state import State
from stpolicy.model.table import Table
from stpolicy.mta.maps import MapFile


class Level(IntEnum):
    """How bad it is, as monitoring plug-ins say it; the numbers are their exit codes."""

    OK = 0
    WARNING = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class Status:
    """What a mail server follows. `state` is None when nothing has ever run."""

    level: Level
    folder: StateFolder
    state: State | None
    report: Report


def status(folder: Path, *, now: datetime, max_age: timedelta, config: str = "") -> Status:
    """Looks at the folder; the last run, if it refused something, is worth a warning too.

    `config` is the file of settings that was asked for, if not the usual one.
    """
    state = read_state(folder)
    folder = Path(os.path.realpath(folder))  # what is printed must be right wherever it is run
    gone, changed = _map_now(state)
    facts = replace(
        state_folder(folder, now=now), max_age=max_age, config=config, gone_map=gone, changed_map=changed
    )
    report = Report.of(Finding.of(judged) for judged in rules.judge(rules.WATCHED, facts))
    return Status(_level(facts, state, report.worst), facts, state, report)


def _map_now(state: State | None) -> tuple[str, str]:
    """The map of the last update, if it is gone, and if it is not the same any more."""
    made = state.map if state else None
    table = Table.read(made.name) if made else None
    if made is None or table is None or table.file is None:
        return "", ""
    try:
        Path(table.file).stat()
    except (FileNotFoundError, NotADirectoryError):
        return made.name, ""
    except OSError:
        return "", ""  # somebody else may look; install.modes says so
    return "", "" if MapFile(table).seal() == made.seal else made.name


def _level(facts: StateFolder, state: State | None, worst: Severity | None) -> Level:
    if facts.list is None or facts.list.expires <= facts.at or worst is Severity.ERROR:
        return Level.CRITICAL
    return Level.WARNING if worst is not None or (state and state.is_alarming) else Level.OK
