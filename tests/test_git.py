"""Files of revisions, and what may not be asked of git by way of them."""

from pathlib import Path

import pytest

from stpolicy import git
from stpolicy.errors import StpolicyError
from tests.repository import commit, repository
from tests.repository import git as run

LIST = Path("policy.json")


@pytest.fixture
def repo(room: Path) -> Path:
    return repository(room)


@pytest.mark.parametrize("spec", ["git:HEAD~1", "git:main^", "git:HEAD~1:policy.json"])
def test_a_revision_is_read(repo: Path, spec: str) -> None:
    name, data = git.read(spec, LIST)
    assert name.startswith("git:")
    assert name.endswith(":policy.json")
    assert b"example.net" in data


@pytest.mark.parametrize("spec", ["git:HEAD", "git:HEAD:lists/policy.json"])
def test_paths_are_relative_to_the_current_folder(
    repo: Path, monkeypatch: pytest.MonkeyPatch, spec: str
) -> None:
    Path("inside/lists").mkdir(parents=True)
    Path("inside/lists/policy.json").write_text("{}")
    commit(Path())
    monkeypatch.chdir("inside")
    assert git.read(spec, Path("lists/policy.json"))[1] == b"{}"
    assert git.read(spec.replace("lists/", "../"), Path("../policy.json"))[1] != b"{}"


def test_an_absolute_path_is_read(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert b"example.net" in git.read("git:HEAD~1", repo)[1]


def test_a_folder_that_is_gone_by_now_is_read(repo: Path) -> None:
    Path("old/lists").mkdir(parents=True)
    Path("old/lists/policy.json").write_text("{}")
    commit(Path())
    run(Path(), "rm", "-rq", "old")
    commit(Path())
    assert git.read("git:HEAD~1:old/lists/policy.json", LIST)[1] == b"{}"


def test_a_branch_may_be_called_like_a_file(repo: Path) -> None:
    run(Path(), "branch", "policy.json", "HEAD~1")
    assert b"example.net" in git.read("git:policy.json", LIST)[1]


@pytest.mark.parametrize(
    "spec",
    [
        "git:",
        "git::policy.json",
        "git:no-such-branch",
        "git:HEAD~99",
        "git:HEAD:no-such.json",
        "git:HEAD:.",
        "git:HEAD:../policy.json",
        "git:HEAD:../../../../../../etc/passwd",
        "git:--output=stolen",
        "git:--help",
        "git:-p",
        "git:--output=stolen:policy.json",
        "git:HEAD --output=stolen",
        "git:HEAD:--output=stolen",
        "git:HEAD\npolicy.json",
        "git:HEAD^{tree}",
    ],
)
def test_what_is_no_file_of_a_revision_is_an_error_and_does_nothing(repo: Path, spec: str) -> None:
    before = sorted(Path().iterdir())
    with pytest.raises(StpolicyError) as wrong:
        git.read(spec, LIST)
    assert wrong.value.mend
    assert sorted(Path().iterdir()) == before


def test_a_clone_of_depth_1_is_told_to_fetch_the_whole_history(repo: Path, tmp_path: Path) -> None:
    run(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repo.parent}", "shallow")
    with pytest.raises(StpolicyError) as wrong:
        git.read("git:HEAD~1", tmp_path / "shallow" / "policy.json")
    assert "fetch the whole history" in wrong.value.mend


@pytest.mark.parametrize(
    ("spec", "step"),
    [
        ("git:no-such-branch", "git branch --all"),
        ("git:HEAD~99", "whole history"),
        ("git:HEAD:no-such.json", "git:REV:PATH"),
        ("git:HEAD:new.json", "git:REV:PATH"),
    ],
)
def test_the_next_step_fits_what_is_missing(repo: Path, spec: str, step: str) -> None:
    """`main` may be called otherwise here; that no history was fetched is another matter."""
    Path("new.json").touch()
    with pytest.raises(StpolicyError) as wrong:
        git.read(spec, LIST)
    assert step in wrong.value.mend


def test_no_repository(room: Path) -> None:
    with pytest.raises(StpolicyError, match="not a git repository") as wrong:
        git.read("git:HEAD", LIST)
    assert "name a file" in wrong.value.mend


def test_no_git(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(room))
    with pytest.raises(StpolicyError, match="git") as wrong:
        git.read("git:HEAD", LIST)
    assert "install" in wrong.value.mend


@pytest.mark.parametrize(
    ("program", "said"),
    [
        pytest.param("no program", "cannot be read", id="cannot be run"),
        pytest.param("#!/bin/sh\nexit 9\n", "ended with 9", id="says nothing"),
    ],
)
def test_a_git_that_fails(program: str, said: str, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (room / "git").write_text(program)
    (room / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(room))
    with pytest.raises(StpolicyError, match=said):
        git.read("git:HEAD", LIST)


def test_attributes_and_filters_of_the_repository_are_not_run(repo: Path) -> None:
    Path(".gitattributes").write_text("*.json filter=evil diff=evil\n")
    run(Path(), "config", "filter.evil.smudge", "touch stolen")
    run(Path(), "config", "diff.evil.textconv", "touch stolen;")
    assert b"example.com" in git.read("git:HEAD", LIST)[1]
    assert not Path("stolen").exists()
