"""served: the pair in a state folder -> verified -> kept in memory until another one takes its place."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stpolicy import openpgp, store
from stpolicy.document.list import LARGEST, parse
from stpolicy.errors import StpolicyError
from stpolicy.fetch import LIST
from stpolicy.flows.believe import Pins
from stpolicy.flows.installed import installed, read_mark
from stpolicy.model.policy import PolicyList


@dataclass(frozen=True, slots=True)
class Pair:
    """A list and its signature, of one version, verified."""

    version: str
    data: bytes
    signature: bytes
    sha256: str
    policies: PolicyList
    installed: datetime
    """When the version came, whole seconds."""

    def is_expired(self, now: datetime) -> bool:
        """Whether the list has run out."""
        return self.policies.is_expired(now)


AGAIN = timedelta(seconds=30)
"""After so long, what did not verify is looked at again: the fault may have been this machine's."""


class Served:
    """What a folder's link leads to. One that does not verify is passed over: the last good one stays."""

    def __init__(self, folder: Path, who: Pins, now: datetime, largest: int = LARGEST) -> None:
        self.begun = now.replace(microsecond=0)
        """Since when these keys count here."""
        self.keys = openpgp.armoured(openpgp.PUBLIC_KEY, openpgp.only(who.ring, who.signers))
        """The keys that count, armoured, for those who want to follow the list."""
        self._folder, self._who, self._largest = folder, who, largest
        self._looked_at: str | None = None
        self._again = now
        self._pair: Pair | None = None
        self.fault = f"{folder} has not been looked at"
        """What is wrong with the version that the link leads to; empty where nothing is."""

    def is_known(self, now: datetime) -> bool:
        """Whether the link still leads to the version that was looked at last, and no doubt is left."""
        return store.current(self._folder) == self._looked_at and (not self.fault or now < self._again)

    @property
    def pair(self) -> Pair | None:
        """The last pair that verified."""
        return self._pair

    def renew(self, now: datetime) -> Pair | None:
        """Looks at what the link leads to now, which takes gpgv a moment; `fault` says what is wrong."""
        version = store.current(self._folder)
        self.fault = f"{self._folder} holds no list that verifies"
        self._looked_at, self._again = version, now + AGAIN
        try:
            found = self._verified(version, now) if version else None
        except (StpolicyError, OSError) as wrong:  # gpgv does not run, or the version is gone
            found, self.fault = None, str(wrong)
        if found and store.current(self._folder) == version:  # else its files may be those of the next one
            self.fault, self._pair = "", found
        return self._pair

    def _verified(self, version: str, now: datetime) -> Pair | None:
        mark = read_mark(self._folder)
        there = installed(self._folder, self._who, now=now, largest=self._largest, mark=mark)
        if there is None or there.behind:
            return None
        policies = parse(there.data, LIST, largest=max(self._largest, LARGEST)).policies
        if policies is None:
            return None
        folder = self._folder / store.VERSIONS / version
        came = datetime.fromtimestamp(int((folder / LIST).stat().st_mtime), UTC)
        return Pair(version, there.data, there.signature, there.listed.sha256, policies, came)
