"""Who runs scans: none is lost between two steps, and one that ends its worker is given up."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from stpolicy.errors import Unavailable
from stpolicy.flows.scan import MOST_LOST
from stpolicy.ledger import Ledger, Outcome
from stpolicy.model.scanned import Scan, State
from tests.flows.working import queued, scanner, until, working
from tests.lists import NOW

pytestmark = pytest.mark.usefixtures("hurry")


def test_a_scan_that_was_never_offered_is_found(ledger: Ledger) -> None:
    """A request ended between its two steps, or the queue did not answer at the second."""

    async def main() -> None:
        async with working(ledger, scanner(ledger).run):
            await asyncio.sleep(0)
            found = await until(ledger, queued(ledger, "one"), State.DONE)
            assert (found.attempt, found.status) == (1, 3)

    asyncio.run(main())


def test_what_an_earlier_process_left_is_done(ledger: Ledger) -> None:
    """It had begun one, and ended without a word."""
    queued(ledger, "waits")
    assert ledger.take(queued(ledger, "begun"), NOW)

    async def main() -> None:
        async with working(ledger, scanner(ledger).run):
            assert (await until(ledger, "waits", State.DONE)).attempt == 1
            assert (await until(ledger, "begun", State.DONE)).lost == 1

    asyncio.run(main())


def test_a_scan_that_ends_its_worker_three_times_is_given_up(ledger: Ledger) -> None:
    queued(ledger, "one")
    for _ in range(MOST_LOST + 1):
        assert ledger.take("one", NOW)

    async def main() -> None:
        async with working(ledger, scanner(ledger).run):
            found = await until(ledger, "one", State.FAILED)
            assert f"{MOST_LOST} times" in found.message

    asyncio.run(main())


def test_a_scan_that_lost_its_worker_twice_is_looked_at(ledger: Ledger) -> None:
    queued(ledger, "one")
    for _ in range(MOST_LOST - 1):
        assert ledger.take("one", NOW)

    async def main() -> None:
        async with working(ledger, scanner(ledger).run):
            assert (await until(ledger, "one", State.DONE)).lost == MOST_LOST - 1

    asyncio.run(main())


def test_a_runner_that_fails_ends_neither_the_others_nor_itself(ledger: Ledger) -> None:
    """Whatever is raised, also where nobody thought of it: the scan is begun again."""
    failures = [RuntimeError("no"), OSError("no"), Unavailable("no")]

    async def run(id_: str) -> None:
        if failures:
            raise failures.pop()
        await scanner(ledger).run(id_)

    async def main() -> None:
        async with working(ledger, run, at_once=1):
            ids = [queued(ledger, f"d{number}") for number in range(6)]
            for id_ in ids:
                await until(ledger, id_, State.DONE)

    asyncio.run(main())


class Away(Ledger):
    """A ledger that does not take results for a while: to the first calls its database is away."""

    left = 3

    def finish(self, scan: Scan, outcome: Outcome, now: datetime) -> bool:
        self.left -= 1
        if self.left >= 0:
            raise Unavailable("the database is away")
        return super().finish(scan, outcome, now)


def test_a_result_waits_until_the_database_is_back(ledger: Ledger) -> None:
    """The look is not made again, and the scan does not stay under way for ever."""
    away = Away(ledger.url)

    async def main() -> None:
        async with working(away, scanner(away).run):
            found = await until(ledger, queued(ledger, "one"), State.DONE)
            assert (found.attempt, found.lost) == (1, 0)

    asyncio.run(main())
    away.close()
    assert away.left < 0


def test_who_works_on_nothing_only_hands_scans_on(ledger: Ledger, tmp_path: Path) -> None:
    async def main() -> None:
        async with working(ledger, scanner(ledger).run, at_once=0) as made:
            await made.offer(queued(ledger, "one"))
            await made.offer("one")
            await asyncio.sleep(0.3)
            found = await asyncio.to_thread(ledger.scan, "one")
            assert found
            assert found.state is State.QUEUED

    asyncio.run(main())
