"""The end of who runs scans: in order where it can be, and soon in any case."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

import pytest

from stpolicy.errors import Unavailable
from stpolicy.flows import jobs, lasting
from stpolicy.flows.rounds import Rounds
from stpolicy.flows.scan import Scanner
from stpolicy.ledger import Ledger, Outcome, address
from stpolicy.model.scanned import Scan, State
from tests.flows.working import queued, scanner, until, working
from tests.lists import NOW
from tests.web.plain import NOWHERE

pytestmark = pytest.mark.usefixtures("hurry")


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
