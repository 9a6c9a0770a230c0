"""Files on disk: read, and replaced as one switch; and the lock that keeps other runs out."""

import fcntl
import os
import pwd
import shutil
import signal
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stpolicy.errors import Busy, StpolicyError

MODE = 0o644
"""What a new file gets; lists, signatures and public keys are for everybody to read."""


def is_there(path: Path) -> bool:
    """Whether anything is at a path, be it a link that leads nowhere; OSError where the disk does not say.

    os.path.lexists takes a disk that fails for one that has no such file.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


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
        sync(folder)


def _staged(target: Path, data: bytes) -> Path:
    """A temporary file beside the target, complete and on the disk."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as wrong:
        raise StpolicyError(f"{target} cannot be written: {wrong.strerror}") from wrong
    try:
        fill(descriptor, data, target)
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


def fill(descriptor: int, data: bytes, replaced: Path | None = None) -> None:
    """Writes to a new file, down to the disk; with the mode and owner of what it is going to replace."""
    there = replaced.stat() if replaced and replaced.is_file() and not replaced.is_symlink() else None
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        if there and os.geteuid() == 0:
            os.fchown(file.fileno(), there.st_uid, there.st_gid)
        os.fchmod(file.fileno(), there.st_mode & 0o7777 if there else MODE)
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, data: bytes) -> None:
    """Puts `data` at `path` as one switch, for who holds the lock of the folder.

    The temporary file always has the same name, so that the next run finds what a crash left. Whatever
    stands at `path`, be it a folder or a link that leads nowhere, gives way.
    """
    temporary = path.with_name(f"{path.name}.new")
    discard(temporary)
    try:
        create(temporary, data)
        prove(temporary, data)
        if path.is_dir() and not path.is_symlink():
            discard(path)
        temporary.replace(path)
    except BaseException:
        discard(temporary)
        raise
    sync(path.parent)


def create(path: Path, data: bytes) -> None:
    """Writes a file that is not there yet, down to the disk; nothing is followed, nothing overwritten."""
    flags = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY | os.O_CLOEXEC
    fill(os.open(path, flags, 0o600), data)


def prove(path: Path, data: bytes) -> None:
    """Reads what was written again; StpolicyError when the disk has something else."""
    if path.read_bytes() != data:
        raise StpolicyError(f"{path} does not hold what was written to it", "check the disk")


def discard(path: Path) -> None:
    """Removes a file, a link or a whole folder; what cannot be removed stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Makes a folder that everybody may read, and those that lead to it, unless they are there.

    Whatever the umask: a folder of root's that nobody else gets into keeps every other account out.
    """
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)


def give(folder: Path, names: Iterable[str], user: str) -> bool:
    """Makes a folder, and what in it has these names, a user's; False when there is no such user."""
    try:
        owner = pwd.getpwnam(user)
    except KeyError:
        return False
    named = [folder / name for name in names if is_there(folder / name)]
    inner = [path for outer in named if not outer.is_symlink() for path in outer.rglob("*")]
    for path in (folder, *named, *inner):
        os.lchown(path, owner.pw_uid, owner.pw_gid)
    return True


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps other runs out of a folder; Busy when one is in it. The lock file stays."""
    path = folder / ".lock"
    if path.is_symlink() or path.is_dir():
        discard(path)  # nobody locks those
    with os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, MODE), "rb") as file:
        if os.fstat(file.fileno()).st_uid == os.geteuid():
            os.fchmod(file.fileno(), MODE)  # whatever the umask
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as wrong:
            raise Busy(f"another run is at work in {folder}") from wrong
        yield


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keeps others out that ask for it too, by a lock on the folder itself, which leaves no file; Busy."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as wrong:
        os.close(descriptor)
        raise Busy(f"another run is at work in {folder}") from wrong
    except OSError:
        pass  # some file systems lock no folders
    try:
        yield
    finally:
        os.close(descriptor)


def sync(path: Path) -> None:
    """Makes durable what another program wrote to a file, or the renames in a folder."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
