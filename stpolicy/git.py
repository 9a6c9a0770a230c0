"""A file of a revision. The only place that runs git."""

import os
import subprocess
from pathlib import Path

from stpolicy.errors import StpolicyError

_SECONDS = 60
_DISTRUSTFUL = ("--no-replace-objects", "-c", "safe.bareRepository=explicit", "-c", "protocol.allow=never")
"""The list's folder may come from a pull request: a repository that it brings along in its files is not
taken for ours, nothing is fetched, and nothing stands in for a commit."""


def is_revision(text: str) -> bool:
    """Whether a text names a file of a revision: `git:REV` or `git:REV:PATH`."""
    return text.startswith("git:")


def read(spec: str, path: Path) -> tuple[str, bytes]:
    """Name and bytes of the file that `git:REV[:PATH]` names; without PATH it is `path`, in that revision.

    PATH is relative to the current folder, as `path` is.
    """
    revision, _, named = spec.removeprefix("git:").partition(":")
    target = Path(named) if named else path
    folder = _there(target.parent)
    commit = resolve(revision, folder)
    content = _git(folder, "cat-file", "blob", f"{commit}:./{target.relative_to(folder)}", about=spec)
    return f"git:{revision}:{target}", content


def _there(folder: Path) -> Path:
    """The folder, or the nearest one above it: the revision may have folders that are gone by now."""
    return next((parent for parent in (folder, *folder.parents) if parent.is_dir()), Path())


def resolve(revision: str, folder: Path) -> str:
    """The full name of the commit that a revision means."""
    _refuse_bare(folder, revision)
    spec = f"{revision}^{{commit}}"
    answer = _git(folder, "rev-parse", "--verify", "--end-of-options", spec, about=f"git:{revision}")
    return answer.decode("ascii").strip()


def _refuse_bare(folder: Path, revision: str) -> None:
    """For a git that does not know safe.bareRepository yet (before 2.38)."""
    found = _git(folder, "rev-parse", "--absolute-git-dir", about=f"git:{revision}")
    if b".git" not in found.rstrip(b"\n").split(b"/"):
        raise StpolicyError(
            f"git:{revision}: {folder} lies in a bare repository", "use a clone with a work tree"
        )


def _git(folder: Path, *arguments: str, about: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", *_DISTRUSTFUL, "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "LC_ALL": "C", "GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1"},
        )
    except FileNotFoundError as wrong:
        raise StpolicyError(
            f"{about} needs git, which is not installed", "install the package git"
        ) from wrong
    except (OSError, subprocess.TimeoutExpired) as wrong:
        raise StpolicyError(f"{about} cannot be read: {wrong}") from wrong
    if done.returncode:
        said = _said(done)
        mend = next((mend for words, mend in _MENDS if words in said), _HISTORY)
        raise StpolicyError(f"{about} cannot be read: {said}", mend)
    return done.stdout


_HISTORY = (
    "`git branch --all` and `git log` show what there is; "
    "a clone of depth 1 has no earlier revisions: fetch the whole history"
)
_MENDS = (
    ("not a git repository", "go to the repository of the list, or name a file"),
    ("does not exist in", "name the path that the list has in that revision: git:REV:PATH"),
    ("exists on disk, but not in", "name the path that the list has in that revision: git:REV:PATH"),
)
"""git's words, and the next step."""


def _said(done: "subprocess.CompletedProcess[bytes]") -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    fatal = [line.removeprefix("fatal: ") for line in lines if line.startswith("fatal: ")]
    if fatal and fatal[0] == "Needed a single revision":
        return "there is no such revision"
    return (fatal or lines or [f"git ended with {done.returncode}"])[0]
