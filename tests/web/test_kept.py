"""An answer that takes a while to read: how often it is read, and how long it is kept."""

import asyncio
from datetime import timedelta

import pytest

from stpolicy.errors import Unavailable
from stpolicy.web.kept import Kept
from tests.web.plain import ENOUGH, Clock


class Slow:
    """Counts how often it is read; what is read comes when it is let."""

    def __init__(self) -> None:
        self.read = 0
        self.ended = 0
        self.fails = False
        self.may = asyncio.Event()

    async def __call__(self) -> int:
        self.read += 1
        await self.may.wait()
        self.ended += 1
        if self.fails:
            raise Unavailable("away")
        return self.read


def test_it_is_read_once_however_many_ask() -> None:
    async def main() -> None:
        slow, clock = Slow(), Clock()
        kept = Kept(slow, timedelta(seconds=60), clock, ENOUGH)
        asking = [asyncio.create_task(kept.get()) for _ in range(50)]
        await asyncio.sleep(0)
        slow.may.set()
        assert await asyncio.gather(*asking) == [1] * 50
        clock.pass_by(seconds=59)
        assert (await kept.get(), kept.left) == (1, timedelta(seconds=1))
        clock.pass_by(seconds=1)
        assert await kept.get() == 2
        clock.pass_by(days=-1)  # a clock that is set back keeps nothing for ever
        assert await kept.get() == 3

    asyncio.run(main())


def test_a_failure_is_told_to_all_who_wait_and_not_kept() -> None:
    async def main() -> None:
        slow = Slow()
        kept = Kept(slow, timedelta(seconds=60), Clock(), ENOUGH)
        slow.fails = True
        asking = [asyncio.create_task(kept.get()) for _ in range(3)]
        await asyncio.sleep(0)
        slow.may.set()
        for one in asking:
            with pytest.raises(Unavailable):
                await one
        assert slow.read == 1
        slow.fails = False
        assert await kept.get() == 2

    asyncio.run(main())


def test_who_goes_takes_the_answer_from_nobody() -> None:
    async def main() -> None:
        slow = Slow()
        kept = Kept(slow, timedelta(seconds=60), Clock(), ENOUGH)
        first, second = (asyncio.create_task(kept.get()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        slow.may.set()
        assert await second == 1
        assert slow.read == 1

    asyncio.run(main())


def test_nobody_waits_for_a_reading_that_has_taken_too_long() -> None:
    """It is not begun again beside itself, and its answer is kept once it is there."""

    async def main() -> None:
        slow = Slow()
        kept = Kept(slow, timedelta(seconds=60), Clock(), 0.01)
        for _ in range(3):
            with pytest.raises(Unavailable):
                await kept.get()
        late = asyncio.create_task(kept.get())
        for _ in range(10):  # steps of the loop, not time
            await asyncio.sleep(0)
        assert late.done(), "whoever comes later is told at once"
        assert isinstance(late.exception(), Unavailable)
        slow.may.set()
        while slow.ended < 1:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert await kept.get() == 1
        assert slow.read == 1

    asyncio.run(main())
