"""init: a repository that works from its first minute."""

import re
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml as pyyaml

from stpolicy import config
from stpolicy.cli import _command
from tests.personas import Home
from tests.program import NOW, Program, leftovers
from tests.repository import commit, git

FILES = ["policy.json", "stpolicy.toml", ".github/workflows/policy-list.yml", ".pre-commit-config.yaml"]


def yaml(path: Path) -> Any:
    return pyyaml.safe_load(path.read_text())


def test_the_files_are_written_and_named(program: Program) -> None:
    ran = program("init", "my-list")
    assert ran.code == 0
    assert ran.out.splitlines() == [f"my-list/{name}" for name in FILES]
    assert all((Path("my-list") / name).is_file() for name in FILES)
    assert "stpolicy validate && stpolicy sign" in ran.err
    assert program("init", "other", "--quiet").err == ""


@pytest.mark.parametrize("there", FILES)
@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
def test_nothing_that_is_there_is_touched(program: Program, there: str, kind: str) -> None:
    path = Path(there)
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "file":
        path.write_text("mine")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("elsewhere")
    before = sorted(Path().rglob("*"))
    ran = program("init")
    assert (ran.code, ran.out) == (1, "")
    assert there in ran.err
    assert sorted(Path().rglob("*")) == before


def test_a_file_in_place_of_the_folder_is_3(program: Program) -> None:
    Path("my-list").write_text("mine")
    for folder in ("my-list", "my-list/inner"):
        ran = program("init", folder)
        assert ran.code == 3
        assert "my-list" in ran.err
        assert "next: name an empty folder" in ran.err
    assert Path("my-list").read_text() == "mine"


def test_the_first_list_is_valid_and_canonical(program: Program) -> None:
    program("init", "--now", NOW)
    assert program("validate", "--now", NOW, "--strict").code == 0
    assert program("fmt", "--check").code == 0
    assert stat.S_IMODE(Path("policy.json").stat().st_mode) == 0o644


def test_the_settings_are_toml_and_what_is_commented_out_is_known(program: Program) -> None:
    program("init")
    text = Path("stpolicy.toml").read_text()
    assert tomllib.loads(text) == {}
    settings = re.findall(r"^# +([a-z-]+) = ", text, re.MULTILINE)
    assert set(settings) <= set(config.KEYS)
    enabled = re.sub(r"^# (?=[a-z-]+ = |\[)", "", text, flags=re.MULTILINE)
    assert (
        config.harmless(_command.COMMANDS, "stpolicy.toml", enabled.encode(), Path()).value("bump", "days")
        == 14
    )


def test_the_workflow_is_safe_with_pull_requests_of_strangers(program: Program) -> None:
    program("init")
    path = Path(FILES[2])
    document, text = yaml(path), path.read_text()
    steps = document["jobs"]["validate"]["steps"]
    assert document["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in text
    assert "secrets" not in re.sub(r"#.*", "", text)
    assert steps[0]["with"] == {"fetch-depth": 0, "persist-credentials": False}
    assert not any("${{" in step.get("run", "") for step in steps)
    assert any('--previous "git:$base"' in step.get("run", "") for step in steps)


def test_the_hooks_name_commands_that_are_there(program: Program) -> None:
    program("init")
    version = program("--version").out.split()[1]
    for path in (Path(".pre-commit-config.yaml"), Path(__file__).parents[2] / ".pre-commit-hooks.yaml"):
        document = yaml(path)
        hooks = document["repos"][0]["hooks"] if isinstance(document, dict) else document
        assert {hook["entry"] for hook in hooks} == {"stpolicy fmt", "stpolicy validate"}
        pinned = {text for hook in hooks for text in hook.get("additional_dependencies", [])}
        assert pinned <= {f"stpolicy=={version}"}


def test_the_steps_of_the_workflow_work_on_a_pull_request(program: Program, room: Path) -> None:
    program("init", "--now", NOW)
    git(room, "init", "--quiet", "--initial-branch=main")
    base = commit(room)
    assert program("add", "example.com", "--mx", "mx.example.com", "--mode", "enforce").code == 0
    commit(room)
    assert program("fmt", "--check", "--diff").code == 0
    assert "**added**" in program("diff", f"git:{base}", "--format", "markdown").out
    judged = ["validate", "--now", NOW, "--format", "github", "--previous"]
    assert program(*judged, f"git:{base}").code == 0
    program("remove", "example.com")
    assert "::warning file=policy.json," in program(*judged, "git:HEAD").out


def test_the_three_next_commands_work(
    program: Program, room: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = program("init").err
    monkeypatch.setenv("GNUPGHOME", str(home.path))
    monkeypatch.setenv("STPOLICY_KEYS_NEW_NO_PASSPHRASE", "1")
    for line in said.splitlines()[1:]:
        for part in line.split("&&"):
            words = [word.strip('"') for word in re.findall(r'"[^"]+"|\S+', part)]
            assert words[0] == "stpolicy"
            assert program(*words[1:]).code == 0
    assert Path("policy.json.asc").read_text().startswith("-----BEGIN PGP SIGNATURE-----")
    assert leftovers(room) == [".github", ".pre-commit-config.yaml"] or sorted(leftovers(room)) == [
        ".github",
        ".pre-commit-config.yaml",
    ]
