"""Versions of a set of files: each in a folder of its own, and ONE link that leads to the one that counts."""

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stpolicy.errors import StpolicyError
from stpolicy.store.files import create, discard, prove, replace, sync

CURRENT = "current"
VERSIONS = "versions"
_OURS = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{12}")
"""Names of versions; what has another name was not put there by us, and stays."""

Files = Mapping[str, bytes]


def version_name(label: str, files: Files) -> str:
    """What a version is called: its label, and what it holds."""
    return f"{label}-{hashlib.sha256(b''.join(files.values())).hexdigest()[:12]}"


def current(folder: Path) -> str | None:
    """The name of the version that counts."""
    try:
        return Path(os.readlink(folder / CURRENT)).name  # noqa: PTH115  (the link, not what it leads to)
    except OSError:
        return None


def publish(folder: Path, label: str, files: Files) -> str:
    """Puts files into a web root so that a reader sees all of the old ones or all of the new ones.

    They go into `versions/<label>-<12 hex>`; `current` leads there and is switched by one rename; each
    file has a link through `current`, made once. Returns the name of the version. The version before
    is kept for who is reading it; older ones go.
    """
    _refuse_what_is_not_ours(folder, files)
    with _switching(folder, label, files, (*files, CURRENT)) as name:
        _link(folder / CURRENT, f"{VERSIONS}/{name}")
        for file in files:
            _link(folder / file, f"{CURRENT}/{file}")
    return name


def install(folder: Path, label: str, files: Files, mark: tuple[str, bytes]) -> str:
    """Puts a verified pair into a state folder that is all ours; returns the name of the version.

    What was staged is read back before anything leads to it. The mark, a name and what it says, is
    written before the switch: who dies in between finds it equal to the pair and goes on.
    """
    if not _is_folder(folder / VERSIONS):
        discard(folder / VERSIONS)
    with _switching(folder, label, files, (CURRENT,)) as name:
        replace(folder / mark[0], mark[1])
        if _is_folder(folder / CURRENT):
            discard(folder / CURRENT)
        _link(folder / CURRENT, f"{VERSIONS}/{name}")
    return name


@contextmanager
def _switching(folder: Path, label: str, files: Files, links: Iterable[str]) -> Iterator[str]:
    """Stages a version; the body switches to it; then what nobody reads any more goes."""
    name, before = version_name(label, files), current(folder)
    versions = folder / VERSIONS
    if not versions.is_dir():
        versions.mkdir()
        versions.chmod(0o755)  # whatever the umask: who reads the files is somebody else
    _discard_leftovers(folder, links)
    if _content(versions / name, files) != files:
        _stage(versions, name, files)
    yield name
    sync(folder)
    if name != before:
        for old in versions.iterdir():
            if old.name not in (name, before) and _OURS.fullmatch(old.name):
                discard(old)


def _stage(versions: Path, name: str, files: Files) -> None:
    discard(versions / name)
    staged = versions / f".tmp-{name}"
    try:
        staged.mkdir()
        for file, data in files.items():
            create(staged / file, data)
        staged.chmod(0o755)
        sync(staged)
        for file, data in files.items():
            prove(staged / file, data)
        staged.rename(versions / name)
    except BaseException:
        discard(staged)
        raise
    sync(versions)


def _content(folder: Path, files: Files) -> dict[str, bytes]:
    """What a folder really holds of the named files."""
    found = {file: folder / file for file in files}
    return {
        file: path.read_bytes() for file, path in found.items() if path.is_file() and not path.is_symlink()
    }


def _is_folder(path: Path) -> bool:
    """Whether it is one, and no link to one; OSError when nobody can tell, since what is none gives way.

    Path.is_dir says no to that as well, from Python 3.14 on.
    """
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _link(path: Path, target: str) -> None:
    """A symbolic link, new or switched, as one rename."""
    if path.is_symlink() and os.readlink(path) == target:  # noqa: PTH115
        return
    temporary = path.parent / _temporary(path.name)
    try:
        temporary.symlink_to(target)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _refuse_what_is_not_ours(folder: Path, files: Iterable[str]) -> None:
    for name in (*files, CURRENT):
        path = folder / name
        if not path.is_symlink():
            is_ours = not path.exists()
        elif name == CURRENT:
            is_ours = re.fullmatch(rf"{VERSIONS}/[^/]+", os.readlink(path)) is not None  # noqa: PTH115
        else:
            is_ours = os.readlink(path) == f"{CURRENT}/{name}"  # noqa: PTH115
        if not is_ours:
            raise StpolicyError(f"{path} is there and is no link of ours", "move it away, then publish again")


def _temporary(name: str) -> str:
    """Always the same, so that what a crash left is found; only who holds the lock makes one."""
    return f".{name}.new"


def _discard_leftovers(folder: Path, links: Iterable[str]) -> None:
    for name in links:
        discard(folder / _temporary(name))
    for leftover in (folder / VERSIONS).glob(".tmp-*"):
        discard(leftover)
