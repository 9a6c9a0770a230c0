"""status: what is in force, for people and three kinds of programs."""

import json
import re
from datetime import datetime, timedelta

import pytest

from tests.cli.following import Following
from tests.pairs import dated
from tests.personas import SIGNED, stamp
from tests.program import NOW, Program, Ran


def _status(following: Following, *more: object, now: str = NOW) -> Ran:
    return following.program("status", "--dir", following.folder, "--now", now, *more)


def _later(**span: float) -> str:
    return stamp(SIGNED + timedelta(**span))


@pytest.fixture
def fresh(following: Following) -> Following:
    following.install(dated(SIGNED))
    return following


def test_all_is_well(fresh: Following) -> None:
    ran = _status(fresh)
    assert ran.code == 0
    assert "in force until" in ran.out
    assert "installed" in ran.out


@pytest.mark.parametrize(
    ("now", "level", "code"),
    [
        (NOW, "OK", 0),
        (_later(hours=49), "WARNING", 1),
        (_later(days=11), "WARNING", 1),
        (_later(days=14), "CRITICAL", 2),
        (_later(days=300), "CRITICAL", 2),
    ],
)
def test_t10_levels(fresh: Following, now: str, level: str, code: int) -> None:
    ran = _status(fresh, "--format", "nagios", now=now)
    assert (ran.code, ran.out.split(" ")[:2]) == (code, ["STPOLICY", level])
    assert ran.out.count("\n") == 1
    assert re.search(r" \| left=-?\d+s;;;0 age=\d+s;;;0 ", ran.out)
    assert _status(fresh, now=now).code == min(code, 1)
    found = json.loads(_status(fresh, "--format", "json", now=now).out)
    assert found["level"] == level.lower()


def test_max_age(fresh: Following) -> None:
    assert _status(fresh, "--max-age", "30d", now=_later(hours=49)).code == 0
    assert _status(fresh, "--max-age", "10m", now=_later(hours=2)).code == 1


@pytest.mark.parametrize("span", ["", "48", "h", "-1h", "1w", "1 h", "999999d"])
def test_a_max_age_that_is_none(fresh: Following, span: str) -> None:
    assert _status(fresh, f"--max-age={span}").code == 2


def test_nothing_is_installed(following: Following) -> None:
    ran = _status(following)
    assert ran.code == 1
    assert "none is installed" in ran.out
    assert _status(following, "--format", "nagios").code == 2
    assert "stpolicy_list_installed 0\n" in _status(following, "--format", "prometheus").out


def test_something_was_refused(fresh: Following) -> None:
    fresh.offer(fresh.installed, fresh.people.mallory)
    fresh.update()
    ran = _status(fresh, "--format", "nagios")
    assert (ran.code, "[unknown_signer]" in ran.out) == (1, True)


def test_json(fresh: Following) -> None:
    found = json.loads(_status(fresh, "--format", "json").out)
    assert found["reason"] == "installed"
    assert found["list"]["left"] == 14 * 86400 - 1800
    assert found["summary"] == {"errors": 0, "warnings": 0, "notes": 0}


def test_prometheus(fresh: Following) -> None:
    out = _status(fresh, "--format", "prometheus").out
    lines = [line for line in out.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r'stpolicy_\w+(\{\w+="\w+"\})? -?\d+', line) for line in lines)
    expires = int(datetime.fromisoformat(_later(days=14)).timestamp())
    assert f"stpolicy_list_expires_seconds {expires}" in lines
    assert 'stpolicy_last_run_reason{reason="installed"} 1' in lines
    helped = {line.split(" ")[2] for line in out.splitlines() if line.startswith("# TYPE")}
    assert helped == {re.split(r"[ {]", line)[0] for line in lines}


def test_monitoring_is_answered_when_we_cannot_look(program: Program, room: object) -> None:
    name = "x" * 300
    ran = program("status", "--dir", name, "--format", "nagios")
    assert (ran.code, ran.out.split(" ")[1]) == (3, "UNKNOWN")
    assert program("status", "--dir", name).code == 3
