"""cron/: systemd's own programs and our command line read it all, so that nothing is stale."""

import configparser
import os
import re
import shlex
import subprocess
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from stpolicy import config
from stpolicy.cli._command import COMMANDS
from tests.needs import lacking, needs
from tests.program import LATER, commands, parse

ROOT = Path(__file__).parent.parent
CRON = ROOT / "cron"
PROGRAM = "/usr/local/bin/stpolicy"
SCRIPT = "/usr/local/sbin/update_and_verify.sh"
TABLES = ["stpolicy", "stpolicy-metrics", "stpolicy-published", "stpolicy-sh"]
UNITS = sorted(path.name for path in CRON.iterdir() if path.suffix in (".service", ".timer", ".path"))
SERVICES = [name for name in UNITS if name.endswith(".service")]
TIMERS = [name for name in UNITS if name.endswith(".timer")]
NAGIOS = "stpolicy-nagios.cfg"


def text(name: str) -> str:
    return (CRON / name).read_text(encoding="ascii")


def job(name: str) -> tuple[str, str, str]:
    """When, as whom and what: the one job of a table of cron.d."""
    (line,) = [line for line in text(name).splitlines() if re.match(r"[0-9*]", line)]
    *when, user, command = line.split(maxsplit=6)
    return " ".join(when), user, command


def unit(name: str) -> configparser.RawConfigParser:
    """A unit; of a setting that is there more than once, the last."""
    found = configparser.RawConfigParser(strict=False, delimiters=["="], comment_prefixes=["#"])
    found.optionxform = str  # type: ignore[assignment, method-assign]
    found.read_string(text(name))
    return found


def executed(service: str) -> str:
    return unit(service)["Service"]["ExecStart"]


def spoken(command: str, folder: Path) -> list[list[str]]:
    """What a shell makes of a command line: the words that our programs get, and `sleep`."""
    recorder = folder / "recorder"
    recorder.write_text(f'#!/bin/sh\ncat >/dev/null\nprintf "%s\\n" "${{0##*/}}" "$@" "" >>{folder}/said\n')
    recorder.chmod(0o755)
    for name in ("stpolicy", "update_and_verify.sh", "sleep", "systemctl", "sendmail"):
        (folder / name).symlink_to(recorder)
    for named in (PROGRAM, SCRIPT, "/usr/sbin/sendmail"):
        command = command.replace(named, str(folder / Path(named).name))
    where = {"PATH": f"{folder}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-c", command], check=True, stdin=subprocess.DEVNULL, env=where)
    said = (folder / "said").read_text().removesuffix("\n\n").split("\n\n")
    return [words.split("\n") for words in said]


def without_systemd(command: str) -> str:
    """What a command of a unit is once systemd has read it (systemd.service(5), command lines)."""
    return command.replace("%%", "%").replace("$$", "$").replace("%i", "unit.service")


def parses(words: list[str]) -> None:
    """Whether our command line takes it: words after the program's name."""
    if words[0] in LATER - set(commands()):
        pytest.skip(f"{words[0]} is not there yet")
    parse(words)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_one_that_cron_reads(name: str) -> None:
    """cron(8): letters, digits, hyphens and underscores in its name; the last line ends; absolute paths."""
    assert re.fullmatch(r"[A-Za-z0-9_-]+", name)
    assert text(name).endswith("\n")
    assert (CRON / name).stat().st_mode & 0o022 == 0
    when, user, command = job(name)
    assert user in ("stpolicy", "nobody")
    assert all(re.fullmatch(r"\*(/\d+)?|\d+", field) for field in when.split())
    assert not re.search(r"(?<!\\)%", command)
    assert not set(re.findall(r"(?<![\w/.])(?:stpolicy|update_and_verify)\b", command))


@pytest.mark.parametrize("name", TABLES)
def test_the_program_takes_what_a_table_says(name: str, tmp_path: Path) -> None:
    *before, (program, *words) = spoken(job(name)[2].replace(r"\%", "%"), tmp_path)
    if name == "stpolicy-sh":
        assert (program, words) == ("update_and_verify.sh", [])
        ((sleep, seconds),) = before
        assert (sleep, 100 <= int(seconds) < 1000) == ("sleep", True)
    else:
        assert (program, before) == ("stpolicy", [])
        parses(words)


def test_the_script_knows_the_variables_of_its_table() -> None:
    """Of those that `update` shares with it, which are the same."""
    shared = {name.upper().replace("-", "_") for name in COMMANDS["update"]} | {"POST_UPDATE"}
    named = re.findall(r"\bSTPOLICY_(\w+)", text("stpolicy-sh"))
    assert set(named) <= shared


@pytest.mark.parametrize("name", [name for name in SERVICES if PROGRAM in executed(name)])
def test_the_program_takes_what_a_unit_says(name: str, tmp_path: Path) -> None:
    ((program, *words),) = spoken(without_systemd(executed(name)), tmp_path)
    assert program == "stpolicy"
    parses(words)


def test_the_program_takes_what_nagios_is_told() -> None:
    found = re.findall(rf"{PROGRAM} (.*)", text(NAGIOS))
    assert len(found) == 2
    for line in found:
        parses(line.split())


def test_looking_ahead_is_four_days(tmp_path: Path) -> None:
    for place, command in enumerate(
        [
            job("stpolicy-published")[2].replace(r"\%", "%"),
            without_systemd(executed("stpolicy-published.service")),
        ]
    ):
        folder = tmp_path / str(place)
        folder.mkdir()
        ((*_, moment),) = spoken(command, folder)
        clock = datetime.fromtimestamp((folder / "said").stat().st_mtime)  # noqa: DTZ006  (a difference)
        ahead = datetime.fromtimestamp(int(moment)) - clock  # noqa: DTZ006
        assert abs(ahead - timedelta(days=4)) < timedelta(minutes=1)


def test_mail_of_a_failed_unit(tmp_path: Path) -> None:
    """As cron does: to root, with what the unit said."""
    assert spoken(without_systemd(executed("stpolicy-mail@.service")), tmp_path) == [
        ["systemctl", "status", "--full", "--lines=20", "unit.service"],
        ["sendmail", "-t"],
    ]


def verified(folder: Path, *names: str) -> "subprocess.CompletedProcess[str]":
    """What systemd finds wrong with units; the programs that they name are taken to be there."""
    for name in UNITS:
        there = re.sub(r"(?m)^(ExecStart|ExecCondition)=/\S+", r"\1=/bin/true", text(name))
        if not (folder / name).exists():
            (folder / name).write_text(there)
    return subprocess.run(
        [needs("systemd-analyze", "systemd"), "verify", *(str(folder / name) for name in names)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    done = verified(tmp_path, *(name for name in UNITS if "@" not in name))
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_would_find_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "stpolicy-update.service").write_text(
        text("stpolicy-update.service").replace("ProtectSystem=strict", "ProtectSystem=strictly")
    )
    assert "strictly" in verified(tmp_path, "stpolicy-update.service").stderr


@pytest.mark.parametrize("name", TIMERS)
def test_a_timer_has_its_service(name: str) -> None:
    assert name.replace(".timer", ".service") in SERVICES


def test_the_list_is_looked_for_many_times_in_48_hours(tmp_path: Path) -> None:
    """By the timer as by cron: even if nine runs in ten fail."""
    timer = unit("stpolicy-update.timer")["Timer"]
    when, count = timer["OnCalendar"], 20
    asked = [needs("systemd-analyze", "systemd"), "calendar", f"--iterations={count}", when]
    said = subprocess.run(asked, capture_output=True, text=True, check=True, env={"TZ": "UTC"}).stdout
    found = re.findall(r"(?:Next elapse|Iter\. #\d+): \w+ (\S+ \S+) UTC", said)
    moments = [datetime.fromisoformat(moment) for moment in found]
    longest = max(later - before for before, later in pairwise(moments))
    assert len(moments) == count
    assert (timer["RandomizedDelaySec"], timer["Persistent"]) == ("1h", "yes")
    assert longest + timedelta(hours=1) <= timedelta(hours=48) / 9
    for name in ("stpolicy", "stpolicy-sh"):
        minute, hour, *rest = job(name)[0].split()
        assert rest == ["*", "*", "*"]
        assert minute.isdecimal()
        every = re.fullmatch(r"\*/(\d+)", hour)
        assert every
        assert (24 % int(every[1]), int(every[1]) * 9 < 48) == (0, True)
    splay = shlex.split(job("stpolicy")[2])
    assert int(splay[splay.index("--splay") + 1]) <= 3600


def test_a_run_may_take_as_long_as_its_deadlines() -> None:
    """Three mirrors, each fetched three times, and postmap."""
    asked = [needs("systemd-analyze", "systemd"), "timespan"]
    limit = unit("stpolicy-update.service")["Service"]["TimeoutStartSec"]
    said = subprocess.run([*asked, limit], capture_output=True, text=True, check=True).stdout
    microseconds = re.search(r"[μu]s: (\d+)", said)
    assert microseconds
    assert int(microseconds[1]) / 1e6 > 3 * 3 * 300 + 600


def test_what_may_pass_is_no_failure_and_what_was_refused_is() -> None:
    good = unit("stpolicy-update.service")["Service"]["SuccessExitStatus"].split()
    assert good == ["3", "75"]
    assert "SuccessExitStatus" not in unit("stpolicy-status.service")["Service"]


@pytest.mark.parametrize("name", [name for name in SERVICES if PROGRAM in executed(name)])
def test_no_unit_of_ours_is_root(name: str) -> None:
    service = unit(name)["Service"]
    assert service.get("User") == "stpolicy" or service["DynamicUser"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert service.get("NoNewPrivileges") == "yes" or service["DynamicUser"] == "yes"


def test_account_and_folders(tmp_path: Path) -> None:
    """Made by systemd's own programs, under another root."""
    if os.geteuid() != 0:
        lacking("giving folders to an account takes root")
    root = f"--root={tmp_path}"
    (tmp_path / "etc").mkdir()
    for program, file in (("systemd-sysusers", "sysusers"), ("systemd-tmpfiles", "tmpfiles")):
        create = ["--create"] if file == "tmpfiles" else []
        command = [needs(program, "systemd"), root, *create, str(CRON / f"stpolicy.{file}")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    name, _, user, group, _, home, shell = (tmp_path / "etc/passwd").read_text().strip().split(":")
    assert (name, home, shell) == ("stpolicy", "/var/lib/stpolicy", "/usr/sbin/nologin")
    for path, owner in (("etc/stpolicy", 0), ("var/lib/stpolicy", user), ("var/lib/stpolicy/maps", user)):
        there = (tmp_path / path).stat()
        assert (there.st_mode & 0o7777, there.st_uid) == (0o755, int(owner))
    assert (tmp_path / "var/lib/stpolicy").stat().st_gid == int(group)


def test_settings_of_the_maintainers_file(tmp_path: Path) -> None:
    """What cron/README.md says of published.toml; it publishes nothing."""
    (block,) = re.findall(r"```toml\n(.*?)```", text("README.md"), re.DOTALL)
    (tmp_path / "published.toml").write_text(block)
    (settings, *_) = config.trusted(COMMANDS, tmp_path / "published.toml")
    assert settings.value("publish", "check-url") == "https://list.example.org"
    assert settings.value("publish", "to") is None


def test_every_file_is_in_the_table() -> None:
    said = text("README.md")
    for path in CRON.iterdir():
        base, _, kind = path.name.rpartition(".")
        named = path.name in said or f"{base}.service`, `.{kind}" in said or f"{base}.path`, `.{kind}" in said
        assert path.name == "README.md" or named, path.name
