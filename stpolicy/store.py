"""Files on disk: read, and replaced as one switch."""

import os
import tempfile
from pathlib import Path

MODE = 0o644
"""What a new file gets; lists, signatures and public keys are for everybody to read."""


def write(path: Path, data: bytes) -> None:
    """Puts `data` at `path` as one switch: whatever ends us, the old file or the new one is there.

    Temporary file in the same folder, fsync, rename, fsync of the folder. The mode of a file that is
    there is kept; a symbolic link is followed, so that what it leads to is replaced and not the link.
    """
    target = Path(os.path.realpath(path))
    mode = target.stat().st_mode & 0o7777 if target.exists() else MODE
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Makes renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
