"""A crew: several processes that look at addresses. They are real, and so are their peers, on loopback."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from stpolicy.checker.addresses import Addresses
from stpolicy.checker.crew import Crew, crew
from stpolicy.checker.looks import Limits, Terms
from stpolicy.checker.smtp import Manner
from stpolicy.checker.turns import Turns
from stpolicy.errors import StpolicyError
from stpolicy.model.observation import AddressObservation
from tests.checker.knocking import SWIFT, clear, silent
from tests.checker.peer import ENOUGH, Server, Wire, serving
from tests.lists import NOW
from tests.namespace import running

EVERYWHERE = "0.0.0.0"
"""All of 127.0.0.0/8 too."""
ADDRESSES = [f"127.0.0.{n}" for n in range(1, 9)]

_PARENT = """
import asyncio, os, signal
from datetime import UTC, datetime
from pathlib import Path
from stpolicy.checker.looks import Limits, Terms
from stpolicy.checker.crew import crew
from stpolicy.checker.smtp import Manner
from tests.namespace import descendants

async def main():
    terms = Terms(Path({trusted!r}), datetime.now(UTC), Manner("probe.example.net"), Limits())
    async with crew(terms, 2):
        print(*descendants(os.getpid()), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""

CREW = "stpolicy.checker.crew"
"""What the command of each of its processes has in it."""

Work = Callable[[Crew, Server], Awaitable[None]]


def with_crew(
    trusted: Path,
    work: Work,
    script: Callable[[Wire], Awaitable[None]] = clear,
    limits: Limits = SWIFT,
) -> list[int]:
    """Two processes do the work; their ids, when they are to be gone."""
    processes: list[int] = []

    async def main() -> None:
        async with asyncio.timeout(3 * ENOUGH), serving(script, EVERYWHERE) as there:
            terms = Terms(trusted, NOW, Manner("probe.example.net", there.port, ENOUGH), limits, probes=False)
            async with crew(terms, 2) as both:
                processes.extend(running(CREW))
                await work(both, there)

    asyncio.run(main())
    return processes


def gone(process: int) -> bool:
    return not Path(f"/proc/{process}").exists()


async def all_of(both: Crew) -> list[AddressObservation]:
    return await asyncio.gather(
        *(both.look("mx.example.com", address, ENOUGH, True) for address in ADDRESSES)
    )


def test_it_sees_what_one_process_would_and_leaves_none_behind(trusted: Path) -> None:
    async def work(both: Crew, there: Server) -> None:
        found = await all_of(both)
        assert [one.address for one in found] == ADDRESSES
        assert all(one.session.reached and one.session.ehlo for one in found)
        assert len(there.wires) == len(ADDRESSES)

    processes = with_crew(trusted, work)
    assert len(processes) == 2
    assert all(map(gone, processes))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_process_that_dies_fails_the_run_at_once(trusted: Path, number: signal.Signals) -> None:
    async def work(both: Crew, there: Server) -> None:
        looks = [
            asyncio.create_task(both.look("mx.example.com", address, ENOUGH, True)) for address in ADDRESSES
        ]
        while len(there.wires) < len(ADDRESSES):
            await asyncio.sleep(0.01)
        for process in running(CREW):
            os.kill(process, number)
        for look in looks:
            with pytest.raises(StpolicyError, match="has ended"):
                await look
        with pytest.raises(StpolicyError, match="has ended"):
            await both.look("mx.example.net", "127.0.0.1", ENOUGH, True)

    assert all(map(gone, with_crew(trusted, work, silent)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_is_for_all_is_left_to_the_parent(trusted: Path, number: signal.Signals) -> None:
    """A terminal, a service manager and a hang-up send theirs to every process."""

    async def work(both: Crew, _: Server) -> None:
        await all_of(both)  # both heed it by then
        for process in running(CREW):
            os.kill(process, number)
        assert all(one.session.reached for one in await all_of(both))

    with_crew(trusted, work)


def test_it_ends_while_it_is_busy(trusted: Path) -> None:
    async def work(both: Crew, there: Server) -> None:
        looks = [
            asyncio.create_task(both.look("mx.example.com", address, ENOUGH, True)) for address in ADDRESSES
        ]
        while len(there.wires) < len(ADDRESSES):
            await asyncio.sleep(0.01)
        for look in looks:
            look.cancel()

    assert all(map(gone, with_crew(trusted, work, silent)))


def test_it_ends_when_its_parent_does(trusted: Path) -> None:
    """However that ends: nothing but a closed pipe tells it."""

    parent = [sys.executable, "-c", _PARENT.format(trusted=str(trusted))]
    done = subprocess.run(parent, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGKILL, "")
    children = list(map(int, done.stdout.split()))
    assert len(children) == 2
    for child in children:
        try:
            process = os.pidfd_open(child)
        except ProcessLookupError:
            continue
        assert select.select([process], [], [], ENOUGH)[0]
        os.close(process)


def test_both_work(trusted: Path) -> None:
    """Each takes half of what is under way at once."""

    async def work(both: Crew, there: Server) -> None:
        looks = [asyncio.create_task(both.look("mx.example.com", at, ENOUGH, True)) for at in ADDRESSES]
        while len(there.wires) < len(ADDRESSES):
            await asyncio.sleep(0.01)
        open_now = [sockets(process) for process in running(CREW)]
        assert open_now == [len(ADDRESSES) // 2] * 2
        for look in looks:
            look.cancel()

    with_crew(trusted, work, silent)


def sockets(process: int) -> int:
    """Connections of IPv4 that a process has."""
    ours = {f"socket:[{line.split()[9]}]" for line in Path("/proc/net/tcp").read_text().splitlines()[1:]}
    there = Path(f"/proc/{process}/fd").iterdir()
    return sum(str(one.readlink()) in ours for one in there)


@pytest.mark.parametrize("everywhere", [True, False], ids=["many addresses", "one address"])
def test_manners_are_kept_together(trusted: Path, everywhere: bool) -> None:
    """No more connections than may be, though two processes make them."""
    here = most = 0
    allowed = 3 if everywhere else 1
    enough = asyncio.Event()

    async def counting(wire: Wire) -> None:
        nonlocal here, most
        here += 1
        most = max(most, here)
        if here == allowed:
            enough.set()
        await enough.wait()
        await clear(wire)
        await wire.hear()
        here -= 1

    async def work(both: Crew, _: Server) -> None:
        looking = Addresses(both.look, ENOUGH, Turns(3, 1, 0))
        at = [f"127.0.1.{n if everywhere else 1}" for n in range(1, 17)]
        found = await asyncio.gather(*(looking.look(f"mx{n}.example.com", one) for n, one in enumerate(at)))
        assert all(one.session.reached for one in found)

    with_crew(trusted, work, counting)
    assert most == allowed
