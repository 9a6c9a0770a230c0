"""scan: a scan that waits -> a look at its domain -> its domain result in the ledger."""

import asyncio
import json
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from stpolicy.checker.until import Until
from stpolicy.errors import StpolicyError, Unavailable
from stpolicy.flows import asked
from stpolicy.flows.check import result
from stpolicy.flows.lasting import insisted
from stpolicy.flows.rounds import Rounds
from stpolicy.ledger import Ledger, Outcome
from stpolicy.model.policy import PolicyList
from stpolicy.model.result import scan as scan_object
from stpolicy.model.scanned import Part, Scan
from stpolicy.model.verdict import Status
from stpolicy.output.result import traits

DEADLINE = 300
"""Seconds for looking at one domain, whatever its mail servers do; then what was seen is judged."""

_JUDGING = 60
"""Seconds more for that."""

MOST_LOST = 3
"""A scan that has ended its worker so often is not looked at again."""

_TELL_EVERY = 0.5
"""Seconds between two notes of how far a scan is."""

MTA_STS = "MTA-STS"

_log = logging.getLogger(__name__)


class Scanner:
    """Runs scans by their ids. `policies` gives the list being served, or None."""

    def __init__(
        self,
        ledger: Ledger,
        rounds: Rounds,
        policies: Callable[[], PolicyList | None],
        clock: Callable[[], datetime],
        excluded: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        self._ledger, self._rounds, self._policies = ledger, rounds, policies
        self._clock, self._excluded = clock, excluded
        self._left: list[Scan] = []
        """Those that have been cancelled, and do not wait again yet."""
        self._releasing: asyncio.Task[None] | None = None

    async def run(self, id_: str) -> None:
        """Runs one scan to its end, whatever that is, and waits for the ledger where that is away.

        Cancelled, the scan waits again.
        """
        scan = await insisted(partial(self._ledger.take, id_, self._clock()))
        if scan is None:
            return
        try:
            found, ledger = await self._found(scan), self._ledger
            end = (
                partial(ledger.fail, scan, found, self._clock())
                if isinstance(found, str)
                else partial(ledger.finish, scan, found, self._clock())
            )
            await insisted(end)
        except asyncio.CancelledError:
            await self._release(scan)
            raise

    async def _release(self, scan: Scan) -> None:
        """Lets a scan wait again, in one call with all that are cancelled at the same moment.

        Where the ledger does not take that before the service ends, the scans count as lost once.
        """
        self._left.append(scan)
        if self._releasing is None or self._releasing.done():
            self._releasing = asyncio.create_task(self._release_all())
        await asyncio.wait([self._releasing])

    async def _release_all(self) -> None:
        while self._left:
            await asyncio.sleep(0)  # each of them has a turn of the loop
            left, self._left = self._left, []
            with suppress(Unavailable):
                await asyncio.to_thread(self._ledger.release, left)

    async def _found(self, scan: Scan) -> Outcome | str:
        """What a scan comes to, or why it is given up."""
        if scan.lost >= MOST_LOST:
            return f"this scan has ended its worker {MOST_LOST} times"
        try:
            async with asyncio.timeout(DEADLINE + _JUDGING):
                return await self._outcome(scan)
        except TimeoutError:
            return f"this domain could not be looked at within {DEADLINE + _JUDGING} seconds"
        except StpolicyError as wrong:
            return wrong.message
        except Exception as wrong:  # noqa: BLE001  (one domain must not end the looks at all others)
            _log.exception("scan %s of %s", scan.id, scan.domain)
            return f"internal error: {type(wrong).__name__}"

    async def _outcome(self, scan: Scan) -> Outcome:
        wanted = asked.of_names([scan.domain], self._policies(), "the list that is served")
        if not asked.without(wanted, self._excluded()):
            raise StpolicyError(f"{scan.domain} asked not to be looked at")
        end = Until(asyncio.get_running_loop().time() + DEADLINE)
        progress: dict[str, Part] = {}
        seen_all = asyncio.Event()
        telling = asyncio.create_task(self._tell(scan, progress, seen_all))

        def heard(name: str, seen: bool) -> None:
            progress[name or MTA_STS] = Part.SEEN if seen else Part.LOOKING

        try:
            async with self._rounds.take_part() as taken:
                seen = await taken.survey.domain(scan.domain, heard, end)
                connected = taken.survey.connected
            seen_all.set()
            await telling
        finally:
            telling.cancel()
        seen = replace(seen, at=scan.started or seen.at)  # the round may have begun earlier
        judged = partial(result, seen, wanted[scan.domain], now=self._clock(), connected=connected)
        return await asyncio.to_thread(lambda: _outcome(judged()))  # many certificates take a moment

    async def _tell(self, scan: Scan, progress: dict[str, Part], seen_all: asyncio.Event) -> None:
        """Notes how far the scan is whenever that has changed, and at the end."""
        told: dict[str, Part] = {}
        while not seen_all.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_TELL_EVERY):
                    await seen_all.wait()
            if progress != told:
                told = dict(progress)
                with suppress(Unavailable):  # whoever watches learns the end
                    await asyncio.to_thread(self._ledger.note, scan, told)


def _outcome(found: dict[str, Any]) -> Outcome:
    has = set(traits(found))
    return Outcome(
        json.dumps(scan_object(found), separators=(",", ":")),
        int(Status(found["status"])),
        mta_sts="mta_sts" in has,
        dane="dane" in has,
    )
