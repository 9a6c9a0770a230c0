"""A throw-away git repository with a list in it."""

import os
import subprocess
from pathlib import Path

from tests.needs import needs
from tests.program import canonical_list

_WHO = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
}


def git(folder: Path, *arguments: str) -> str:
    """What git says."""
    needs("git", "git")
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env={**os.environ, **_WHO},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def commit(folder: Path) -> str:
    """Commits everything; the name of the commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "x")
    return git(folder, "rev-parse", "HEAD")


def repository(folder: Path) -> Path:
    """A repository: first two domains enforce, then example.com is testing and example.net is gone."""
    git(folder, "init", "--quiet", "--initial-branch=main")
    policy = {"mode": "enforce", "mxs": ["mx.example.com"]}
    canonical_list(folder / "policy.json", policies={"example.com": policy, "example.net": policy})
    commit(folder)
    canonical_list(folder / "policy.json", policies={"example.com": policy | {"mode": "testing"}})
    commit(folder)
    return folder / "policy.json"
