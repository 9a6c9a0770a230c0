"""Turns: how many connect at once, in all and to one address."""

import asyncio
import tracemalloc
from collections import Counter

import pytest

from stpolicy.checker.turns import Turns


@pytest.mark.parametrize(("in_all", "per_address"), [(64, 1), (64, 2), (3, 64), (1, 1)])
def test_no_more_connect_than_may(in_all: int, per_address: int) -> None:
    now: Counter[str] = Counter()
    most: Counter[str] = Counter()

    async def connect(turns: Turns, address: str) -> None:
        async with turns.at(address) as connected, connected:
            for name in (address, "all"):
                now[name] += 1
                most[name] = max(most[name], now[name])
            for _ in range(3):
                await asyncio.sleep(0)
            now.subtract([address, "all"])

    async def every() -> None:
        turns = Turns(in_all, per_address, 0)
        await asyncio.gather(*(connect(turns, f"192.88.98.{n % 5}") for n in range(60)))

    asyncio.run(every())
    assert most["all"] == min(in_all, 5 * per_address)
    assert max(count for name, count in most.items() if name != "all") <= per_address


def test_who_fails_gives_the_turn_back() -> None:
    async def fail() -> None:
        turns = Turns(1, 1, 0)
        for _ in range(3):
            with pytest.raises(OSError, match="away"):
                async with turns.at("192.88.98.1") as connected, connected:
                    raise OSError("away")

    asyncio.run(fail())


async def met(turns: Turns, address: str, *, connect: bool = True) -> tuple[float, float]:
    """When a visit began and ended, by the clock of the loop."""
    clock = asyncio.get_running_loop().time
    async with turns.at(address) as connected:
        if not connect:
            return clock(), clock()
        async with connected:
            began = clock()
            await asyncio.sleep(0)
            return began, clock()


@pytest.mark.parametrize("waiting", [False, True], ids=["comes afterwards", "waits already"])
def test_an_address_rests_before_the_next_connection(waiting: bool) -> None:
    async def two() -> float:
        turns = Turns(64, 1, 0.2)
        if waiting:
            (_, left), (came, _) = await asyncio.gather(*(met(turns, "192.88.98.1") for _ in range(2)))
        else:
            _, left = await met(turns, "192.88.98.1")
            came, _ = await met(turns, "192.88.98.1")
        return came - left

    assert asyncio.run(two()) >= 0.2


def test_nobody_waits_for_an_address_that_was_not_connected_to_or_for_another_one() -> None:
    async def rested() -> None:
        turns = Turns(1, 1, 3600)
        async with asyncio.timeout(20):
            for _ in range(3):
                await met(turns, "192.88.98.1", connect=False)
            await met(turns, "192.88.98.1")
            await met(turns, "192.88.98.2")

    asyncio.run(rested())


def test_who_waits_for_an_address_holds_no_place_of_the_whole() -> None:
    async def both() -> None:
        turns = Turns(1, 1, 3600)
        await met(turns, "192.88.98.1")
        resting = asyncio.create_task(met(turns, "192.88.98.1"))
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            await met(turns, "192.88.98.2")
        resting.cancel()

    asyncio.run(both())


def test_addresses_that_have_rested_are_forgotten() -> None:
    async def many() -> int:
        turns = Turns(64, 1, 0)
        tracemalloc.start()
        for n in range(10_000):
            await met(turns, f"2a00::{n:x}")
        return tracemalloc.get_traced_memory()[0]

    try:
        assert asyncio.run(many()) < 200_000
    finally:
        tracemalloc.stop()
