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
    facts = replace(state_folder(folder, now=now), max_age=max_age, config=config)
    report = Report.of(Finding.of(judged) for judged in rules.judge(rules.WATCHED, facts))
    return Status(_level(facts, state, report.worst), facts, state, report)


def _level(facts: StateFolder, state: State | None, worst: Severity | None) -> Level:
    if facts.list is None or facts.list.expires <= facts.at or worst is Severity.ERROR:
        return Level.CRITICAL
    return Level.WARNING if worst is not None or (state and state.is_alarming) else Level.OK
