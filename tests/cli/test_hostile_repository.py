"""Changes in git that would have the reviewer compare with something else than what was there."""

import shutil
from pathlib import Path

import pytest

from tests.program import NOW, Program, canonical_list
from tests.repository import commit, git

ENFORCE = {"mode": "enforce", "mxs": ["mx.example.com"]}
EVIL = {"mode": "testing", "mxs": ["mx.evil.net"]}


def _bare_repository_in_the_change(room: Path) -> Path:
    """lists/policy.json is weakened, and lists/ is a bare repository in which that is how it always was."""
    git(room, "init", "--quiet", "--initial-branch=main")
    (room / "lists").mkdir()
    path = canonical_list(room / "lists" / "policy.json", policies={"example.com": ENFORCE})
    commit(room)
    canonical_list(path, policies={"example.com": EVIL})
    forged = room.parent / "forged"
    shutil.copytree(room / "lists", forged)
    git(forged, "init", "--quiet", "--initial-branch=main")
    commit(forged)
    for name in ("HEAD", "config", "objects", "refs"):
        source = forged / ".git" / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, room / "lists" / name)
    git(room, "config", "--file", "lists/config", "core.worktree", ".")
    return path


@pytest.mark.parametrize("arguments", ["diff git:main", "validate --previous git:main --strict"])
def test_a_repository_in_the_change_does_not_stand_in_for_ours(
    arguments: str, room: Path, program: Program
) -> None:
    path = _bare_repository_in_the_change(room)
    command, *rest = arguments.split()
    ran = program(command, *rest, path, *(["--exit-code"] if command == "diff" else ["--now", NOW]))
    assert ran.code == 3
    assert "bare" in ran.err


def test_a_commit_that_stands_in_for_another(room: Path, program: Program) -> None:
    git(room, "init", "--quiet", "--initial-branch=main")
    canonical_list(room / "policy.json", policies={"example.com": ENFORCE})
    base = commit(room)
    canonical_list(room / "policy.json", policies={"example.com": EVIL})
    git(room, "replace", base, commit(room))
    assert "weakened" in program("diff", f"git:{base}").out


def test_diff_takes_the_settings_of_the_revision(room: Path, program: Program) -> None:
    git(room, "init", "--quiet", "--initial-branch=main")
    canonical_list(room / "policy.json", policies={"example.com": ENFORCE})
    canonical_list(room / "decoy.json", policies={"example.com": ENFORCE})
    commit(room)
    canonical_list(room / "policy.json", policies={"example.com": EVIL})
    (room / "stpolicy.toml").write_text('list = "decoy.json"\n')
    assert "weakened" in program("diff", "git:main").out
