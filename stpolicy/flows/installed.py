"""installed: the pair below a state folder, verified each time that it is used."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from stpolicy import openpgp, store
from stpolicy.document import state as state_file
from stpolicy.document.codes import LARGEST
from stpolicy.errors import StpolicyError
from stpolicy.fetch import LIST
from stpolicy.flows.believe import Pins, believe
from stpolicy.model.dates import Date, Instant
from stpolicy.model.mark import Mark
from stpolicy.model.state import Listed, State

SIGNATURE, MARK, STATE = f"{LIST}.asc", "mark", "state.json"


@dataclass(frozen=True, slots=True)
class Installed:
    """A pair whose signature is good, whether or not it is still in force."""

    data: bytes
    signature: bytes
    listed: Listed
    signed: Instant
    behind: bool = False
    """Whether a newer one was there before, as the mark knows: a crash at the switch, a backup put back."""

    @property
    def mark(self) -> Mark:
        """What an offer is compared by."""
        return Mark(self.listed.timestamp, self.signed, self.listed.sha256)


def read_state(folder: Path) -> State | None:
    """What the last run left."""
    return state_file.read(_bytes(folder / STATE, state_file.LARGEST))


def read_mark(folder: Path) -> Mark | None:
    """The high-water mark; None when there is none that can be read."""
    return Mark.read((_bytes(folder / MARK, 4096) or b"").decode("ascii", "replace"))


def installed(folder: Path, who: Pins, *, now: datetime, largest: int, mark: Mark | None) -> Installed | None:
    """The installed pair; None when there is none, or it is torn, damaged or not by the pinned signers.

    `largest` is what offers may have, and makes no pair disappear that was installed under a higher limit.
    """
    largest = max(largest, LARGEST)
    name = store.current(folder)
    if name is None:
        return None
    data = _bytes(folder / store.CURRENT / LIST, largest)
    signature = _bytes(folder / store.CURRENT / SIGNATURE, openpgp.LARGEST)
    if data is None or signature is None or len(data) > largest:
        return None
    signatures = believe(data, signature, who, now=now)
    listed = _listed(data, name) if signatures.trusted else None
    if listed is None:
        return None
    there = Installed(data, signature, listed, signatures.newest)
    return replace(there, behind=mark is not None and mark.height > there.mark.height)


def _listed(data: bytes, version: str) -> Listed | None:
    """The dates of a list whose signature is good and which was looked through before it was installed."""
    try:
        value = json.loads(data)
        timestamp, expires = (Date.read(value[key]).instant for key in ("timestamp", "expires"))
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return Listed(timestamp, expires, hashlib.sha256(data).hexdigest(), version)


def highest(*marks: Mark | None) -> Mark | None:
    """The highest of several marks; the first of those that are equally high."""
    return max((mark for mark in marks if mark), key=lambda mark: mark.height, default=None)


def _bytes(path: Path, largest: int) -> bytes | None:
    """What can be read of a file; a local fault is no reason to stop (T24)."""
    try:
        return store.read_if_there(path, largest)
    except (StpolicyError, OSError):
        return None
