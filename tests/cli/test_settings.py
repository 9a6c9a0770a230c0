"""Which setting wins, and whose settings judge."""

from pathlib import Path

import pytest

from stpolicy import config
from tests.program import NOW, Program, canonical_list
from tests.repository import commit, repository

LATER = "2026-11-20T00:00:00Z"
DAYS = {"flag": 21, "environment": 20, "shared": 19, "config": 18, "system": 17, "beside": 16, "default": 14}


def says(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("strongest", ["flag", "environment", "config", "system", "beside", "default"])
def test_the_strongest_source_of_days_wins(
    program: Program, monkeypatch: pytest.MonkeyPatch, strongest: str
) -> None:
    canonical_list(Path("policy.json"))
    order = ["flag", "environment", "config", "system", "beside", "default"]
    present = order[order.index(strongest) :]
    arguments = ["bump", "--now", NOW]
    if "flag" in present:
        arguments += ["--days", "21"]
    if "environment" in present:
        monkeypatch.setenv("STPOLICY_BUMP_DAYS", "20")
    if "config" in present:
        arguments += ["--config", str(says(Path("c.toml"), "days = 18"))]
    if "system" in present:
        says(config.SYSTEM, "days = 17")
    if "beside" in present:
        says(Path("stpolicy.toml"), "days = 16")
    assert program(*arguments).code == 0
    assert f"2026-11-{1 + DAYS[strongest]}T12" in Path("policy.json").read_text()


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ('format = "json"', "validate", '"findings"'),
        ('format = "json"', "show example.com", '"listed"'),
        ('format = "json"', "diff policy.json", '"changes"'),
        ('format = "sarif"', "validate", '"$schema"'),
        ('format = "sarif"', "show example.com", "domain:"),
        ('format = "markdown"', "diff policy.json", "No change"),
        ('[validate]\nformat = "github"', "show example.com", "domain:"),
        ('format = "json"\n[show]\nformat = "text"', "show example.com", "domain:"),
    ],
)
@pytest.mark.parametrize("place", ["beside", "config", "system"])
def test_format_is_a_setting(program: Program, text: str, line: str, expected: str, place: str) -> None:
    canonical_list(Path("policy.json"))
    file = {"beside": Path("stpolicy.toml"), "config": Path("c.toml"), "system": config.SYSTEM}[place]
    says(file, text)
    chosen = ["--config", "c.toml"] if place == "config" else []
    assert expected in program(*line.split(), *chosen).out


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[show]\nformat = "sarif"', "show example.com"),
        ("days = 0", "bump"),
        ("days = 4000", "bump"),
        ("max-size = 0", "validate"),
        ("[show]\ndays = 3", "show example.com"),
    ],
)
def test_a_setting_that_the_option_would_refuse_is_refused(program: Program, text: str, line: str) -> None:
    canonical_list(Path("policy.json"))
    says(Path("c.toml"), text)
    assert program(*line.split(), "--config", "c.toml").code == 2


@pytest.mark.parametrize("key", ["check-url", "to", "keyring", "signer", "list"])
@pytest.mark.parametrize("nothing", ["''", "['']"])
def test_a_setting_of_nothing_is_refused(program: Program, key: str, nothing: str) -> None:
    says(Path("c.toml"), f"{key} = {nothing}")
    ran = program("validate", "--config", "c.toml")
    assert ran.code == 2
    assert f"sets {key} to" in ran.err


@pytest.mark.parametrize(
    "line", ["validate", "fmt --check", "show example.com", "bump", "diff lists/mine.json"]
)
def test_list_is_the_list_that_is_meant(program: Program, line: str) -> None:
    says(Path("stpolicy.toml"), 'list = "lists/mine.json"')
    Path("lists").mkdir()
    canonical_list(Path("lists/mine.json"))
    assert program(*line.split()).code == 0
    assert program("add", "example.net", "--mx", "mx.example.net").code == 0
    assert "example.net" in Path("lists/mine.json").read_text()


def test_list_in_a_chosen_file_is_relative_to_it_and_has_its_own_settings_beside(program: Program) -> None:
    says(Path("etc/c.toml"), 'list = "../srv/mine.json"')
    says(Path("stpolicy.toml"), "days = 1")
    says(Path("srv/stpolicy.toml"), "days = 9")
    canonical_list(Path("srv/mine.json"))
    assert program("bump", "--config", "etc/c.toml", "--now", NOW).code == 0
    assert "2026-11-10T12" in Path("srv/mine.json").read_text()


def test_settings_beside_another_list_are_those_of_its_folder(program: Program) -> None:
    says(Path("lists/stpolicy.toml"), "keyring = 'x'")
    canonical_list(Path("lists/policy.json"))
    canonical_list(Path("policy.json"))
    assert program("show", "example.com").code == 0
    ran = program("show", "example.com", "lists/policy.json")
    assert ran.code == 2
    assert "lists/stpolicy.toml" in ran.err
    assert "--config" in ran.err


@pytest.mark.parametrize("line", ["explain", "init new"])
def test_a_command_without_a_list_reads_no_settings_beside_it(program: Program, line: str) -> None:
    says(Path("stpolicy.toml"), "keyring = 'x'")
    assert program(*line.split()).code == 0


def test_ignored_notes_of_the_file_beside_the_list(program: Program) -> None:
    shared = {"mode": "testing", "mxs": [".mail.protection.outlook.com"]}
    canonical_list(Path("policy.json"), policies={"example.com": shared})
    assert "mxs.pattern.shared_provider" in program("validate", "--now", NOW).out
    says(Path("stpolicy.toml"), 'ignore = "mxs.pattern.shared_provider"')
    assert program("validate", "--now", NOW).out == ""


@pytest.mark.parametrize("flag", [True, False])
def test_strict_is_a_setting_and_a_trusted_one(program: Program, flag: bool) -> None:
    canonical_list(Path("policy.json"))
    says(config.SYSTEM, f"strict = {str(flag).lower()}")
    assert program("validate", "--now", LATER).code == int(flag)


def test_previous_settings_judge_a_change(program: Program, room: Path) -> None:
    repository(room)
    says(room / "stpolicy.toml", 'format = "json"')
    commit(room)
    says(room / "stpolicy.toml", "keyring = 'evil'")
    commit(room)
    assert program("validate", "--now", NOW).code == 2
    ran = program("validate", "--now", NOW, "--previous", "git:HEAD~1")
    assert ran.code == 0
    assert ran.out.startswith("{")
    assert program("validate", "--now", NOW, "--previous", "git:HEAD~1:policy.json").out == ran.out
    none = program("validate", "--now", NOW, "--previous", "git:HEAD~2")
    assert (none.code, none.out) == (0, "")
    assert program("validate", "--now", NOW, "--previous", "git:HEAD").code == 2


def test_a_previous_file_leaves_the_settings_beside_the_list_in_force(program: Program) -> None:
    canonical_list(Path("policy.json"))
    says(Path("stpolicy.toml"), 'format = "json"')
    assert program("validate", "--now", NOW, "--previous", "policy.json").out.startswith("{")
