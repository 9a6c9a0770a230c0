"""The newest result of a domain as it is sent, kept for a second: many ask for the same one."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from stpolicy.ledger import Ledger
from stpolicy.model.names import Domain
from stpolicy.model.scanned import Scan, State
from stpolicy.web.threads import Room

FOR = 1.0
"""Seconds; that much later another process's result is seen."""
MOST = 16 * 1024 * 1024
"""Bytes of all that is kept."""


@dataclass(frozen=True, slots=True)
class _Kept:
    scan: Scan | None
    until: float

    @property
    def size(self) -> int:
        return 512 + (len(self.scan.result) if self.scan else 0)


class Newest:
    """Results by domain; those that were asked for longest ago go first."""

    def __init__(self, ledger: Ledger, threads: Room) -> None:
        self._ledger, self._threads = ledger, threads
        self._kept: OrderedDict[Domain, _Kept] = OrderedDict()
        self._size = 0

    async def of(self, domain: Domain) -> Scan | None:
        """The newest scan of exactly this domain that is done."""
        moment = asyncio.get_running_loop().time()
        kept = self._kept.get(domain)
        if kept is None or kept.until < moment:
            found = _Kept(await self._threads.run(self._ledger.newest, domain, State.DONE), moment + FOR)
            kept = self._kept.get(domain)
            if kept is None or kept.until <= found.until:  # else it was seen after this read began
                kept = found
                self._keep(domain, kept)
        return kept.scan

    def saw(self, scan: Scan) -> None:
        """Keeps a result that was just answered: whoever asks next must not get an older one."""
        self._keep(scan.domain, _Kept(scan, asyncio.get_running_loop().time() + FOR))

    def _keep(self, domain: Domain, kept: _Kept) -> None:
        before = self._kept.pop(domain, None)
        self._size += kept.size - (before.size if before else 0)
        self._kept[domain] = kept
        while self._size > MOST and len(self._kept) > 1:
            self._size -= self._kept.popitem(last=False)[1].size
