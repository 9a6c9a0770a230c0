"""That a file of SQLite has one service: who runs its scans takes those for lost that others run."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL

from stpolicy.errors import Busy, StpolicyError
from stpolicy.ledger.engine import file_of, is_shared


@contextmanager
def alone(url: URL) -> Iterator[None]:
    """Keeps other services away from a file; Busy when one has it. A shared database is for all."""
    if is_shared(url):
        yield
        return
    path = f"{file_of(url)}.lock"
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as wrong:
        raise StpolicyError(f"{path} cannot be written: {wrong.strerror}") from wrong
    with os.fdopen(descriptor):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as wrong:
            raise Busy(
                f"another service keeps its scans in {url.database}",
                "name another --database, or one that services share",
            ) from wrong
        yield
