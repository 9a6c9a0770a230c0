"""Files on disk: read, replaced as one switch, and pairs published as one switch."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stpolicy.errors import Busy, StpolicyError

MODE = 0o644
"""What a new file gets; lists, signatures and public keys are for everybody to read."""

CURRENT = "current"
VERSIONS = "versions"


def read_if_there(path: Path) -> bytes | None:
    """The bytes of a file, or None when there is none."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def write(path: Path, data: bytes) -> None:
    """Puts `data` at `path` as one switch: whatever ends us, the old file or the new one is there.

    Temporary file in the same folder, fsync, rename, fsync of the folder. The mode of a file that is
    there is kept; a symbolic link is followed, so that what it leads to is replaced and not the link.
    """
    write_all({path: data})


def write_all(files: Mapping[Path, bytes]) -> None:
    """Puts each file in place as `write` does, in this order, once all of them lie on the disk."""
    staged: list[tuple[Path, Path]] = []
    try:
        for path, data in files.items():
            target = Path(os.path.realpath(path))
            descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
            staged.append((Path(name), target))
            _fill(descriptor, data, target.stat().st_mode & 0o7777 if target.exists() else MODE)
        for temporary, target in staged:
            temporary.replace(target)
    except BaseException:
        for temporary, _ in staged:
            temporary.unlink(missing_ok=True)
        raise
    for folder in {target.parent for _, target in staged}:
        _sync(folder)


def _fill(descriptor: int, data: bytes, mode: int) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        os.fchmod(file.fileno(), mode)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps other runs out of a folder; Busy when one is in it. The lock file stays."""
    with (folder / ".lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as wrong:
            raise Busy(f"another run is at work in {folder}") from wrong
        yield


def publish(folder: Path, label: str, files: Mapping[str, bytes]) -> str:
    """Puts files into a web root so that a reader sees all of the old ones or all of the new ones.

    They go into `versions/<label>-<12 hex>`; `current` leads there and is switched by one rename; each
    file has a link through `current`, made once. Returns the name of the version. The version before
    is kept for who is reading it; older ones go.
    """
    digest = hashlib.sha256(b"".join(files.values())).hexdigest()[:12]
    name = f"{label}-{digest}"
    versions = folder / VERSIONS
    _refuse_what_is_not_ours(folder / file for file in (*files, CURRENT))
    if not versions.is_dir():
        versions.mkdir()
        versions.chmod(0o755)  # whatever the umask: the web server must be able to read it
    before = published(folder)
    _discard_leftovers(folder, files)
    if _content(versions / name, files) != files:
        _stage(versions, name, files)
    _link(folder / CURRENT, f"{VERSIONS}/{name}")
    for file in files:
        _link(folder / file, f"{CURRENT}/{file}")
    _sync(folder)
    if name != before:
        for old in versions.iterdir():
            if old.name not in (name, before):
                _remove(old)
    return name


def published(folder: Path) -> str | None:
    """The name of the version that a web root shows."""
    try:
        return Path(os.readlink(folder / CURRENT)).name  # noqa: PTH115  (the link, not what it leads to)
    except OSError:
        return None


def _stage(versions: Path, name: str, files: Mapping[str, bytes]) -> None:
    _remove(versions / name)
    staged = Path(tempfile.mkdtemp(prefix=".tmp-", dir=versions))
    try:
        for file, data in files.items():
            write(staged / file, data)
        staged.chmod(0o755)
        _prove(staged, files)
        staged.rename(versions / name)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    _sync(versions)


def _prove(folder: Path, files: Mapping[str, bytes]) -> None:
    if _content(folder, files) != files:
        raise StpolicyError(f"{folder} does not hold what was written to it", "check the disk")


def _content(folder: Path, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What a folder really holds of the named files."""
    found = {file: folder / file for file in files}
    return {file: path.read_bytes() for file, path in found.items() if path.is_file()}


def _link(path: Path, target: str) -> None:
    """A symbolic link, new or switched, as one rename."""
    if path.is_symlink() and os.readlink(path) == target:  # noqa: PTH115
        return
    temporary = path.parent / _temporary(path.name)
    temporary.symlink_to(target)
    temporary.replace(path)


def _refuse_what_is_not_ours(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.exists() and not path.is_symlink():
            raise StpolicyError(f"{path} is there and is no link of ours", "move it away, then publish again")


def _temporary(name: str) -> str:
    """Always the same, so that what a crash left is found; only who holds the lock makes one."""
    return f".{name}.new"


def _discard_leftovers(folder: Path, files: Iterable[str]) -> None:
    for name in (*files, CURRENT):
        (folder / _temporary(name)).unlink(missing_ok=True)
    for leftover in (folder / VERSIONS).glob(".tmp-*"):
        _remove(leftover)


def _remove(path: Path) -> None:
    """A version, or whatever stands in its place; what cannot be removed stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Makes renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
