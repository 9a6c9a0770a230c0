"""Scans of clients in turn: one that asks for many that never end holds up nobody."""

import asyncio
from collections import Counter

import pytest

from stpolicy.flows.line import Line
from stpolicy.ledger import Ledger
from tests.flows.working import working


async def ready(line: Line, number: int) -> list[tuple[str, str]]:
    """So many of those whose turn it is, or fewer where nobody else's is."""
    found = []
    for _ in range(number):
        try:
            async with asyncio.timeout(0):
                found.append(await line.next())
        except TimeoutError:
            break
    return found


@pytest.mark.parametrize(("slots", "part"), [(1, 1), (3, 1), (4, 1), (16, 4), (64, 16)])
def test_a_client_has_a_quarter_of_all_scans_at_once(slots: int, part: int) -> None:
    line = Line(slots)
    for number in range(slots):
        line.put(f"{number}", "a")

    async def main() -> None:
        assert await ready(line, slots) == [(f"{number}", "a") for number in range(part)]
        if part < slots:
            line.over("a")
            assert await ready(line, slots) == [(f"{part}", "a")]

    asyncio.run(main())


def test_clients_take_turns_however_many_scans_one_has() -> None:
    line = Line(100)
    for client, many in (("a", 5), ("b", 1), ("c", 2)):
        for number in range(many):
            line.put(f"{client}{number}", client)

    async def main() -> None:
        found = [id_ for id_, _ in await ready(line, 100)]
        assert found == ["a0", "b0", "c0", "a1", "c1", "a2", "a3", "a4"]

    asyncio.run(main())


def test_what_nobody_asked_for_here_leaves_room_for_who_asks() -> None:
    """A service that begins again has all that waited before, and knows no client of it."""
    line = Line(16)
    for number in range(50):
        line.put(f"{number}", "")

    async def main() -> None:
        assert len(await ready(line, 50)) == 12
        line.put("new", "a")
        assert await ready(line, 50) == [("new", "a")]

    asyncio.run(main())


def test_silent_domains_of_one_client_do_not_hold_up_a_domain_of_another(ledger: Ledger) -> None:
    """On both kinds of queue: those of the first never end, and only a quarter of them begins."""
    begun: Counter[str] = Counter()

    async def main() -> None:
        good, quarter = asyncio.Event(), asyncio.Event()

        async def run(id_: str) -> None:
            begun[id_[0]] += 1
            if id_ == "good":
                good.set()
                return
            if begun["s"] >= 2:
                quarter.set()
            await asyncio.Event().wait()

        async with asyncio.timeout(60), working(ledger, run, at_once=8) as jobs:
            for number in range(16):
                await jobs.offer(f"silent{number}", "192.0.2.66")
            await quarter.wait()
            await jobs.offer("good", "192.0.2.1")
            await good.wait()

    asyncio.run(main())
    assert begun == {"s": 2, "g": 1}


def test_a_clients_next_scan_begins_when_one_is_over(ledger: Ledger) -> None:
    begun: list[str] = []
    ids = [f"scan{number}" for number in range(5)]

    async def main() -> None:
        over = asyncio.Event()

        async def run(id_: str) -> None:
            begun.append(id_)
            if len(begun) == len(ids):
                over.set()

        async with asyncio.timeout(60), working(ledger, run, at_once=8) as jobs:
            for id_ in ids:
                await jobs.offer(id_, "192.0.2.66")
            await over.wait()

    asyncio.run(main())
    assert sorted(begun) == ids


def test_a_scan_that_is_offered_again_while_it_is_under_way_is_run_once(ledger: Ledger) -> None:
    begun: list[str] = []

    async def main() -> None:
        news = asyncio.Condition()

        async def run(id_: str) -> None:
            async with news:
                begun.append(id_)
                news.notify_all()
            await asyncio.Event().wait()

        async with asyncio.timeout(60), working(ledger, run, at_once=8) as jobs:
            for id_ in ("one", "two"):
                for _ in range(2):
                    await jobs.offer(id_, "192.0.2.66")
                async with news:
                    await news.wait_for(lambda: id_ in begun)  # noqa: B023
                await jobs.offer(id_, "192.0.2.66")
                await jobs.offer(id_)

    asyncio.run(main())
    assert begun == ["one", "two"]
