"""status: the state folder of a mail server -> facts -> rules(STATUS) -> what is in force, and findings."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path

from stpolicy import rules
from stpolicy.flows.installed import read_state
from stpolicy.flows.state_folder import state_folder
from stpolicy.model.finding import Finding, Report
from stpolicy.model.mail_server import StateFolder
from stpolicy.model.state import State
from stpolicy.rules import install


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


_ASKED = (install.stale, install.no_cron, install.modes)
"""Without the settings, which whoever watches need not be able to read."""


def status(folder: Path, *, now: datetime, max_age: timedelta) -> Status:
    """Looks at the folder; the last run, if it refused something, is worth a warning too."""
    facts = replace(state_folder(folder, now=now), max_age=max_age)
    found = [Finding.of(judged) for judged in rules.judge(_ASKED, facts)]
    state = read_state(folder)
    return Status(_level(facts, state, bool(found)), facts, state, Report.of(found))


def _level(facts: StateFolder, state: State | None, found: bool) -> Level:
    if facts.list is None or facts.list.expires <= facts.at:
        return Level.CRITICAL
    return Level.WARNING if found or (state and state.is_alarming) else Level.OK
