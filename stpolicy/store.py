"""Files on disk: read, replaced as one switch, and pairs published as one switch."""

import fcntl
import hashlib
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stpolicy.errors import Busy, StpolicyError

MODE = 0o644
"""What a new file gets; lists, signatures and public keys are for everybody to read."""

CURRENT = "current"
VERSIONS = "versions"
_OURS = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{12}")
"""Names of versions; what has another name was not put there by us, and stays."""


def read_if_there(path: Path, largest: int) -> bytes | None:
    """The bytes of a file, at most one more than `largest`; None when there is none."""
    try:
        if not path.is_file():
            if path.exists():
                raise StpolicyError(f"{path} is no regular file", "move it away")
            return None
        with path.open("rb") as file:
            return file.read(largest + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None


def write(path: Path, data: bytes) -> None:
    """Puts `data` at `path` as one switch: whatever ends us, the old file or the new one is there.

    Temporary file in the same folder, fsync, rename, fsync of the folder. Mode and owner of a file that
    is there are kept; a symbolic link is followed, so that what it leads to is replaced and not the link.
    """
    write_all({Path(os.path.realpath(path)): data})


def write_all(files: Mapping[Path, bytes]) -> None:
    """Puts each file in place as `write` does, in this order, once all of them lie on the disk.

    A symbolic link is replaced here, not followed: it may have come with somebody else's change.
    """
    staged: list[tuple[Path, Path]] = []
    try:
        for target, data in files.items():
            staged.append((_staged(target, data), target))
        with _no_signals():
            while staged:
                temporary, target = staged[0]
                temporary.replace(target)
                del staged[0]
    finally:
        for temporary, _ in staged:
            temporary.unlink(missing_ok=True)
    for folder in {target.parent for target in files}:
        _sync(folder)


def _staged(target: Path, data: bytes) -> Path:
    """A temporary file beside the target, complete and on the disk."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as wrong:
        raise StpolicyError(f"{target} cannot be written: {wrong.strerror}") from wrong
    try:
        _fill(descriptor, data, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


@contextmanager
def _no_signals() -> Iterator[None]:
    """What asks us to end waits until all files are in place, so that a pair is not torn."""
    numbers = {signal.SIGTERM, signal.SIGHUP, signal.SIGINT}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _fill(descriptor: int, data: bytes, target: Path) -> None:
    there = target.stat() if target.is_file() and not target.is_symlink() else None
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        if there and os.geteuid() == 0:
            os.fchown(file.fileno(), there.st_uid, there.st_gid)
        os.fchmod(file.fileno(), there.st_mode & 0o7777 if there else MODE)
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
    _refuse_what_is_not_ours(folder, files)
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
            if old.name not in (name, before) and _OURS.fullmatch(old.name):
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
