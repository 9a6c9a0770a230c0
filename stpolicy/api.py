"""The door for programs: paths in, a list or a verdict out."""

from collections.abc import Collection
from datetime import datetime
from os import PathLike
from pathlib import Path

from stpolicy.document import list as document
from stpolicy.flows import verify as flow
from stpolicy.flows.believe import pins
from stpolicy.flows.verify import Verdict
from stpolicy.model.file import File
from stpolicy.model.policy import PolicyList

Name = str | PathLike[str]


def load(path: Name) -> PolicyList:
    """Reads a policy list. Its form is checked; its rules, its dates and its signature are not: see `verify`.

    Raises stpolicy.errors.Refused when the file is no list of this format, and OSError when it cannot
    be read.
    """
    file = _file(path)
    return document.load(file.data, file.name)


def verify(
    path: Name,
    *,
    keyring: Name,
    signers: Collection[str],
    now: datetime,
    threshold: int = 1,
    signature: Name | None = None,
    newer_than: Name | None = None,
) -> Verdict:
    """Judges a signed list as a mail server does; only when the verdict is `good` may the list be used.

    `keyring` is a file with public keys, armoured or not; `signers` are whole fingerprints of primary
    keys, of which `threshold` must have signed. `signature` is PATH.asc if not given. `newer_than` is
    an earlier list: an older one than that is rolled back. `now` is aware of its zone.

    Raises stpolicy.errors.Misuse when the pinned signers could never be met, StpolicyError when gpgv
    cannot be run, and OSError when a file cannot be read.
    """
    if now.tzinfo is None:
        raise ValueError("now has no zone; take datetime.now(UTC)")
    ring = Path(keyring)
    return flow.verify(
        _file(path),
        _file(signature if signature is not None else f"{Path(path)}.asc"),
        pins(ring.read_bytes(), str(ring), signers, threshold),
        now=now,
        newer_than=_file(newer_than) if newer_than is not None else None,
    )


def _file(path: Name) -> File:
    return File(str(Path(path)), Path(path).read_bytes())
