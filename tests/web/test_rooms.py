"""The threads for calls that block: who waits for them, for how long, and what is left in the end."""

import asyncio
import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator

import pytest

from stpolicy.errors import Unavailable
from stpolicy.web import daemons
from stpolicy.web import threads as rooms
from stpolicy.web.daemons import Daemons
from stpolicy.web.envelope import Refusal
from stpolicy.web.threads import CLIENT, Room
from tests.web.raw import PATIENCE


class Slow:
    """A call that goes on until it is let end."""

    def __init__(self) -> None:
        self.begun, self.may, self.over = threading.Event(), threading.Event(), False

    def __call__(self) -> int:
        self.begun.set()
        self.may.wait(10 * PATIENCE)
        self.over = True
        return 1


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    yield made
    made.may.set()


async def begun(room: Room, *calls: Slow) -> list["asyncio.Task[int]"]:
    """Each asked for; none of them is done."""
    tasks = [asyncio.create_task(room.run(call)) for call in calls]
    await asyncio.sleep(0)
    return tasks


def test_of_what_was_given_up_nothing_is_kept(slow: Slow) -> None:
    """While the one thread is taken for however long."""
    pool = Daemons(1, "tests")
    first = pool.submit(slow)
    assert slow.begun.wait(PATIENCE)
    calls = [Slow() for _ in range(20)]
    kept = [weakref.ref(call) for call in calls]
    waiting = [pool.submit(call) for call in calls]
    calls.clear()
    assert all(future.cancel() for future in waiting)
    gc.collect()
    assert not [ref for ref in kept if ref()]
    slow.may.set()
    assert first.result(PATIENCE) == 1
    pool.shutdown()


def test_a_client_has_its_share_of_a_room_and_all_have_theirs(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the service itself wait with them, however many clients there are."""
    monkeypatch.setattr(rooms, "MOST_CALLS", rooms.MOST_OF_ONE + 1)

    async def main() -> None:
        room = Room("tests", 1)
        CLIENT.set("192.0.2.1")
        waiting = await begun(room, *[slow] * rooms.MOST_OF_ONE)
        with pytest.raises(Refusal) as refused:
            await room.run(slow)
        assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "10"})
        CLIENT.set("192.0.2.2")
        waiting += await begun(room, slow)
        CLIENT.set("192.0.2.3")
        with pytest.raises(Refusal):
            await room.run(slow)
        CLIENT.set("")
        waiting += await begun(room, slow)
        slow.may.set()
        assert set(await asyncio.gather(*waiting)) == {1}
        CLIENT.set("192.0.2.1")
        assert await room.run(slow) == 1, "the places are free again"
        room.close()

    asyncio.run(main())


def test_who_has_waited_long_enough_is_told_so(slow: Slow) -> None:
    async def main() -> None:
        room = Room("tests", 1, 0.01)
        for _ in range(3):  # under way, or waiting
            with pytest.raises(Unavailable):
                await room.run(slow)
        slow.may.set()
        room.close()

    asyncio.run(main())


def test_what_a_call_raises_is_raised(slow: Slow) -> None:
    """By the thread that goes on."""

    async def main() -> None:
        room = Room("tests", 1)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                await room.run(lambda: 1 // 0)
        slow.may.set()
        assert await room.run(slow) == 1
        room.close()
        with pytest.raises(RuntimeError):
            await room.run(slow)

    asyncio.run(main())


def test_a_room_closes_though_a_call_goes_on(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemons, "LAST", 0.01)

    async def main() -> None:
        room = Room("tests", 1)
        (task,) = await begun(room, slow)
        assert slow.begun.wait(PATIENCE)
        room.close()
        assert not slow.over
        task.cancel()

    asyncio.run(main())


def test_what_is_under_way_at_the_end_may_end(slow: Slow) -> None:
    async def main() -> None:
        room = Room("tests", 1)
        (task,) = await begun(room, slow)
        assert slow.begun.wait(PATIENCE)
        slow.may.set()
        room.close()
        assert await task == 1

    asyncio.run(main())


ENDLESS = """
import asyncio, threading
from stpolicy.web.threads import threads
never = threading.Event().wait
async def main():
    async with threads() as all_of_them:
        for room in all_of_them.rooms:
            asyncio.create_task(room.run(never))
        asyncio.create_task(asyncio.to_thread(never))
        await asyncio.sleep(0.1)
asyncio.run(main())
"""


def test_a_process_ends_though_calls_go_on() -> None:
    """Those of scans too."""
    done = subprocess.run(
        [sys.executable, "-c", ENDLESS], timeout=PATIENCE, check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
