"""status: what is in force, for people and three kinds of programs."""

import json
import os
import re
import shlex
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.following import Following, Maps
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


def _is_unknown(ran: Ran) -> bool:
    return ran.code == 3 and re.fullmatch(r"STPOLICY UNKNOWN - [^|\n]+\n", ran.out) is not None


def test_monitoring_is_answered_when_we_cannot_look(program: Program, room: object) -> None:
    name = "x" * 300
    assert _is_unknown(program("status", "--dir", name, "--format", "nagios"))
    assert program("status", "--dir", name).code == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["--max-age", "x"],
        ["--config", "/nonexistent"],
        ["--config", "bad.toml"],
        ["--now", "later"],
        ["--dir", ""],
        ["--no-such-option"],
        ["more|words"],
        ["--dir"],
        ["--output", "/nonexistent/file"],
    ],
    ids=" ".join,
)
def test_monitoring_is_answered_when_it_asks_wrongly(
    arguments: list[str], fresh: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2, our word for misuse, would be the worst news there."""
    Path("bad.toml").write_text("max-age = [")
    for form in (["--format", "nagios"], ["--format=nagios"], ["--format", "text", "--format", "nagios"]):
        assert _is_unknown(fresh.program("status", *form, *arguments))
    plain = fresh.program("status", "--format", "nagios", "--format", "text", *arguments)
    assert (plain.code, plain.out) == (3 if "--output" in arguments else 2, "")
    assert fresh.program("update", "--format", "nagios", *arguments).code == 2
    monkeypatch.setenv("STPOLICY_STATUS_FORMAT", "nagios")
    assert _is_unknown(fresh.program("status", *arguments))


def test_monitoring_by_a_file_of_settings(fresh: Following) -> None:
    Path("own.toml").write_text('[status]\nformat = "nagios"\nmax-age = "x"\n')
    assert _is_unknown(fresh.program("status", "--config", "own.toml"))


@pytest.mark.parametrize("name", ["state.json", "mark", "current"])
def test_a_folder_in_place_of_a_file(name: str, fresh: Following) -> None:
    path = fresh.folder / name
    path.unlink()
    path.mkdir()
    ran = _status(fresh, "--format", "nagios")
    assert (ran.code, ran.out.split(" ")[:2]) == {
        "state.json": (1, ["STPOLICY", "WARNING"]),
        "mark": (0, ["STPOLICY", "OK"]),
        "current": (2, ["STPOLICY", "CRITICAL"]),
    }[name]
    assert _status(fresh).code == min(ran.code, 1)


@pytest.mark.parametrize(
    ("change", "level"),
    [
        (lambda maps: None, "OK"),
        (lambda maps: maps.path.with_name("policy.db").unlink(), "CRITICAL"),
        (lambda maps: shutil.rmtree(maps.path.parent), "CRITICAL"),
        (lambda maps: maps.path.with_name("policy.db").write_bytes(b""), "WARNING"),
        (lambda maps: maps.path.write_text(maps.path.read_text() + "# more\n"), "WARNING"),
        (lambda maps: maps.path.unlink(), "WARNING"),
        (lambda maps: os.utime(maps.path), "WARNING"),
    ],
    ids=["nothing", "gone", "no folder", "empty", "another text", "no text", "newer text"],
)
def test_a_map_that_is_not_what_the_last_update_left(
    change: Callable[[Maps], object], level: str, maps: Maps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Postfix: whoever watches need not have its programs."""
    maps.following.offer(dated(SIGNED))
    assert maps.update().code == 0
    change(maps)
    monkeypatch.setattr("stpolicy.mta._program._path", lambda: os.devnull)
    ran = _status(maps.following, "--format", "nagios")
    assert ran.out.split(" ")[1] == level
    found = json.loads(_status(maps.following, "--format", "json").out)
    assert found["level"] == level.lower()
    assert [finding["code"] for finding in found["findings"]] == ["install.map_changed"] * (level != "OK")
    assert ("install.map_changed" in _status(maps.following).out) is (level != "OK")
    monkeypatch.undo()
    assert maps.update().code == 0
    assert _status(maps.following).code == 0


def test_the_mend_of_a_map_that_is_gone(maps: Maps) -> None:
    """By the settings that were asked for, and from anywhere."""
    maps.following.offer(dated(SIGNED))
    assert maps.update().code == 0
    maps.path.with_name("policy.db").unlink()
    Path("own.toml").write_text("")
    (finding,) = json.loads(_status(maps.following, "--format", "json", "--config", "own.toml").out)[
        "findings"
    ]
    told = ["--map", f"hash:{maps.path}", "--dir", str(maps.following.folder)]
    told += ["--config", str(Path("own.toml").absolute())]
    assert shlex.split(finding["mend"]) == ["stpolicy", "update", "--render", "postfix", *told]
