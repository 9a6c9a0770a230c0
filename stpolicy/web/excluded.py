"""Domains that asked not to be looked at, read again when their file changes."""

import logging
from pathlib import Path

from stpolicy.document.domains import domains
from stpolicy.errors import Misuse

LARGEST = 16 * 1024 * 1024
"""Bytes."""

_log = logging.getLogger(__name__)


class Excluded:
    """One domain a line; what follows a `#` is a remark. Sub-domains are meant too."""

    def __init__(self, path: Path | None) -> None:
        """Misuse for a file that cannot be read."""
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._domains: frozenset[str] = frozenset()
        self._said = ""
        if path:
            self._read(path)

    def domains(self) -> frozenset[str]:
        """Those of the file as it is now; as it was last, while it cannot be read, which is logged once."""
        if self._path:
            try:
                self._read(self._path)
            except Misuse as wrong:
                if wrong.message != self._said:
                    _log.warning("%s; what it was before stays in force", wrong.message)
                self._said = wrong.message
            else:
                self._said = ""
        return self._domains

    def _read(self, path: Path) -> None:
        try:
            there = path.stat()
            if self._seen != (there.st_mtime_ns, there.st_size):
                self._seen = (there.st_mtime_ns, there.st_size)
                with path.open("rb") as file:
                    self._domains = domains(file.read(LARGEST + 1), str(path), LARGEST)
        except OSError as wrong:
            raise Misuse(f"--exclude {path} cannot be read: {wrong.strerror}") from wrong
