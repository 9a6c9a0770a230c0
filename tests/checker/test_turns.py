"""Turns: how many connect at once, in all and to one address."""

import asyncio
from collections import Counter

import pytest

from stpolicy.checker.turns import Turns


@pytest.mark.parametrize(("in_all", "per_address"), [(64, 1), (64, 2), (3, 64), (1, 1)])
def test_no_more_connect_than_may(in_all: int, per_address: int) -> None:
    now: Counter[str] = Counter()
    most: Counter[str] = Counter()

    async def connect(turns: Turns, address: str) -> None:
        async with turns.at(address) as slots, slots:
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
                async with turns.at("192.88.98.1") as slots, slots:
                    raise OSError("away")

    asyncio.run(fail())
