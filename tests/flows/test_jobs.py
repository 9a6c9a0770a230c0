"""Who runs scans: none is lost between two steps, and one that ends its worker is given up."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

import pytest

from stpolicy.checker.smtp import Manner
from stpolicy.errors import Unavailable
from stpolicy.flows import jobs, lasting
from stpolicy.flows.check import Network
from stpolicy.flows.jobs import Embedded, Jobs, Shared
from stpolicy.flows.rounds import LIFE, Rounds
from stpolicy.flows.scan import MOST_LOST, Scanner
from stpolicy.ledger import Ledger, Outcome, address
from stpolicy.model.names import Domain
from stpolicy.model.scanned import Scan, State
from tests.lists import NOW

NOWHERE = Network(Manner("checker.example.org", timeout=1), (("127.0.0.1", 1),), probes=False)
"""A resolver that is not there, so that a scan ends at once."""


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "SWEEP_EVERY", 0.1)
    monkeypatch.setattr(lasting, "AGAIN", 0.05)


def scanner(ledger: Ledger) -> Scanner:
    return Scanner(ledger, Rounds(NOWHERE, lambda: NOW, 4), lambda: None, lambda: NOW)


@asynccontextmanager
async def working(
    ledger: Ledger, run: Callable[[str], Awaitable[None]], at_once: int = 4
) -> AsyncIterator[Jobs]:
    made: Jobs = Shared(ledger) if ledger.shared else Embedded(ledger, 1000)
    await made.start(run, at_once)
    try:
        yield made
    finally:
        await made.stop()


def queued(ledger: Ledger, id_: str) -> str:
    ledger.submit(Domain(f"{id_}.org"), id_, NOW, most=1000)
    return id_


async def until(ledger: Ledger, id_: str, state: State) -> Scan:
    """The scan, once it is so; half a minute at most."""
    ends = time.monotonic() + 30
    while True:
        found = await asyncio.to_thread(ledger.scan, id_)
        assert found
        if found.state is state:
            return found
        assert time.monotonic() < ends, found
        await asyncio.sleep(0.02)


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


def test_work_whose_end_fails_is_not_begun_again() -> None:
    """What it has to say to a database in the end was not taken."""
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            raise Unavailable("the database is away")

    async def main() -> None:
        task = asyncio.create_task(lasting.lasting(work))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=30)
        assert task.cancelled()

    asyncio.run(main())
    assert begun == 1


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


def test_what_is_stopped_waits_again(ledger: Ledger) -> None:
    started = asyncio.Event()

    class Slow(Scanner):
        async def _found(self, scan: Scan) -> Outcome | str:
            started.set()
            await asyncio.Event().wait()
            raise AssertionError

    async def main() -> None:
        slow = Slow(ledger, Rounds(NOWHERE, lambda: NOW, 4), lambda: None, lambda: NOW)
        async with working(ledger, slow.run):
            queued(ledger, "one")
            await started.wait()
        found = await asyncio.to_thread(ledger.scan, "one")
        assert found
        assert (found.state, found.lost) == (State.QUEUED, 0)
        async with working(ledger, scanner(ledger).run):
            assert (await until(ledger, "one", State.DONE)).lost == 0

    asyncio.run(main())


class Recording(Ledger):
    """A ledger that counts how often scans are let go."""

    released = 0

    def release(self, left: Collection[Scan]) -> None:
        self.released += 1
        super().release(left)


async def stopped_with(ledger: Ledger, ids: list[str], before: Callable[[], object] = lambda: None) -> None:
    """Ends the work on scans, all of which are under way and do not end."""
    begun: set[str] = set()
    all_begun = asyncio.Event()

    class Endless(Scanner):
        async def _found(self, scan: Scan) -> Outcome | str:
            begun.add(scan.id)
            if len(begun) == len(ids):
                all_begun.set()
            await asyncio.Event().wait()
            raise AssertionError

    endless = Endless(ledger, Rounds(NOWHERE, lambda: NOW, 16), lambda: None, lambda: NOW)
    async with working(ledger, endless.run, at_once=2 * len(ids)):
        await all_begun.wait()
        before()


def test_all_that_is_stopped_is_let_go_at_once(ledger: Ledger) -> None:
    """One by one, each would wait for the database by itself, where somebody has locked it."""
    recording = Recording(ledger.url)
    ids = [queued(ledger, f"d{number}") for number in range(16)]
    asyncio.run(stopped_with(recording, ids))
    recording.close()
    assert recording.released == 1
    assert {(scan.state, scan.attempt, scan.lost) for scan in ledger.watched(ids)} == {(State.QUEUED, 1, 0)}


def test_nobody_waits_for_scans_that_are_not_let_go(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is mute: whoever begins next finds them under way."""
    monkeypatch.setattr(jobs, "END", 0.1)
    may = threading.Event()

    class Mute(Recording):
        def release(self, left: Collection[Scan]) -> None:
            self.released += 1
            may.wait(30)

    mute = Mute(ledger.url)

    async def main() -> None:
        try:
            async with asyncio.timeout(20):
                await stopped_with(mute, [queued(ledger, "one")])
        finally:
            may.set()

    asyncio.run(main())
    mute.close()
    assert mute.released == 1
    assert [scan.state for scan in ledger.watched(["one"])] == [State.RUNNING]


def test_nobody_waits_for_work_that_does_not_end(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections are let go of all the same: who keeps them does not heed being cancelled."""
    monkeypatch.setattr(jobs, "END", 0.1)

    async def main() -> None:
        begun, may = asyncio.Event(), asyncio.Event()

        async def endless(_: str) -> None:
            begun.set()
            while not may.is_set():
                with suppress(asyncio.CancelledError):
                    await may.wait()

        try:
            async with asyncio.timeout(20):
                async with working(ledger, endless):
                    queued(ledger, "one")
                    await begun.wait()
            assert [task for task in asyncio.all_tasks() if task.get_name().startswith("pool")] == []
        finally:
            may.set()

    asyncio.run(main())


def test_a_service_whose_file_is_locked_ends_and_goes_on_later(tmp_path: Path) -> None:
    ledger = Recording(address(f"sqlite:///{tmp_path / 'scans.db'}?timeout=0.1"))
    ledger.upgrade()
    ids = [queued(ledger, f"d{number}") for number in range(16)]
    other = sqlite3.connect(tmp_path / "scans.db", isolation_level=None, check_same_thread=False)
    asyncio.run(stopped_with(ledger, ids, lambda: other.execute("BEGIN IMMEDIATE")))
    other.execute("ROLLBACK")
    other.close()
    assert ledger.released == 1
    assert {scan.state for scan in ledger.watched(ids)} == {State.RUNNING}

    async def main() -> None:
        async with working(ledger, scanner(ledger).run):
            for id_ in ids:
                assert (await until(ledger, id_, State.DONE)).lost == 1

    asyncio.run(main())
    ledger.close()


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


def test_a_round_ends_when_its_time_is_over_and_nobody_uses_it() -> None:
    """Who takes part goes on; the next begins a round of its own, with the same count of connections."""
    now = [NOW]
    rounds = Rounds(NOWHERE, lambda: now[0], 4)

    async def main() -> None:
        async with rounds.take_part() as first:
            async with rounds.take_part() as same:
                assert same is first
            now[0] += LIFE
            async with rounds.take_part() as second:
                assert second is not first
            now[0] -= LIFE * 3  # a clock that is set back
            async with rounds.take_part() as third:
                assert third is not second
            seen = await first.survey.domain(Domain("one.org"))
            assert seen.domain == "one.org"
        await rounds.end()

    asyncio.run(main())
