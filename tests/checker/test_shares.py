"""Each domain has a share of the connections: one with many silent mail servers stops no other."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stpolicy.checker.shares import Share, Takers
from stpolicy.model.names import Domain
from stpolicy.model.observation import DomainObservation, Session
from stpolicy.model.observed import Observed
from stpolicy.rules.mx.records import unseen_addresses
from tests.checker.surveys import AT, MET, World

SILENT, GOOD = Domain("silent.example"), Domain("good.example")
HOSTS = [f"mx{n}.silent.example" for n in range(20)]
ADDRESSES = {host: [f"192.88.{n}.{m}" for m in range(16)] for n, host in enumerate(HOSTS)}
GOOD_HOST = {"mx.good.example": ["192.88.98.1"]}


def silent_but(*hosts: str) -> Callable[[str, str], Awaitable[Session]]:
    """All other hosts never answer."""

    async def look(host: str, _: str) -> Session:
        if host not in hosts:
            await asyncio.Event().wait()
        return MET

    return look


async def _turns(number: int = 200) -> None:
    """Everything that can go on without an answer has gone on."""
    for _ in range(number):
        await asyncio.sleep(0)


async def _given_up(task: "asyncio.Task[DomainObservation]") -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_domain_whose_servers_are_silent_leaves_connections_for_others() -> None:
    world = World({SILENT: HOSTS, GOOD: ["mx.good.example"]}, ADDRESSES | GOOD_HOST, share=4)
    world.look = silent_but("mx.good.example")

    async def main() -> None:
        waits = asyncio.create_task(world.survey.domain(SILENT))
        await _turns()
        assert len(world.looked) == 4
        found = await world.survey.domain(GOOD)
        assert found.hosts[0].looks[0].session == MET
        await _given_up(waits)

    asyncio.run(main())


def test_a_server_that_two_domains_share_waits_for_no_share_of_the_other() -> None:
    """The silent one names the good one's server, so as to hold it up."""
    world = World({SILENT: [*HOSTS, *GOOD_HOST], GOOD: list(GOOD_HOST)}, ADDRESSES | GOOD_HOST, share=4)
    world.look = silent_but("mx.good.example")

    async def main() -> None:
        waits = asyncio.create_task(world.survey.domain(SILENT))
        await _turns()
        assert ("mx.good.example", "192.88.98.1") not in world.looked
        found = await world.survey.domain(GOOD)
        assert found.hosts[0].looks[0].session == MET
        assert world.looked.count(("mx.good.example", "192.88.98.1")) == 1
        await _given_up(waits)

    asyncio.run(main())


def test_what_a_domain_that_is_given_up_waited_for_ends_unless_another_wants_it() -> None:
    world = World({SILENT: HOSTS, GOOD: HOSTS[:1]}, ADDRESSES, share=64)
    world.look = silent_but()

    async def main() -> None:
        first, second = (asyncio.create_task(world.survey.domain(name)) for name in (SILENT, GOOD))
        await _turns()
        assert len(asyncio.all_tasks()) > 60
        await _given_up(first)
        await _turns()
        assert len(asyncio.all_tasks()) < 60
        world.look = silent_but(*HOSTS)
        assert not second.done()
        await _given_up(second)
        await _turns()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        again = await world.survey.domain(GOOD)
        assert {look.session for look in again.hosts[0].looks} == {MET}

    asyncio.run(main())


@pytest.mark.parametrize(("hosts", "each"), [(1, 16), (3, 16), (5, 12), (20, 3)])
@pytest.mark.parametrize("six", [0, 1, 16])
def test_so_many_addresses_of_a_domain_are_looked_at_and_the_rest_is_told(
    hosts: int, each: int, six: int
) -> None:
    addresses = {host: [*ADDRESSES[host], *(f"2a00::{n:x}" for n in range(six))] for host in HOSTS[:hosts]}
    world = World({SILENT: HOSTS[:hosts]}, addresses)
    found = world.run()[SILENT]
    assert len(world.looked) <= 64
    for host in found.hosts:
        seen = [look.address for look in host.looks]
        assert sum(":" in address for address in seen) >= min(six, each // 2)
        assert len(seen) == min(16 + six, 64 // hosts)
    said = [one.where for one in unseen_addresses.judge(Observed(found, (), AT))]
    assert set(said) == (set(HOSTS[:hosts]) if 16 + six > 64 // hosts else set())


@given(st.data())
def test_places_are_never_more_than_there_are_and_none_is_lost(data: st.DataObject) -> None:
    """Takers join, get places, leave them and are cancelled, also in the moment in which they get one."""
    sizes = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    shares = [Share(size) for size in sizes]
    inside: set[int] = set()

    async def visit(number: int, takers: Takers, leave: asyncio.Event) -> None:
        async with takers.place():
            inside.add(number)
            try:
                await leave.wait()
            finally:
                inside.discard(number)

    async def main() -> None:
        tasks = []
        for number in range(data.draw(st.integers(1, 12))):
            takers, leave = Takers(), asyncio.Event()
            takers.join(shares[data.draw(st.integers(0, len(shares) - 1))])
            task = asyncio.create_task(visit(number, takers, leave))
            tasks.append((task, takers, leave))
        for _ in range(data.draw(st.integers(0, 30))):
            task, takers, leave = data.draw(st.sampled_from(tasks))
            match data.draw(st.sampled_from(["wait", "join", "leave", "cancel"])):
                case "join":
                    takers.join(shares[data.draw(st.integers(0, len(shares) - 1))])
                case "leave":
                    leave.set()
                case "cancel":
                    task.cancel()
                case _:
                    await asyncio.sleep(0)
            assert len(inside) <= sum(sizes)
        for _, _, leave in tasks:
            leave.set()
        await asyncio.gather(*(task for task, _, _ in tasks), return_exceptions=True)
        for share, size in zip(shares, sizes, strict=True):
            after = []
            for number in range(1000, 1001 + size):
                takers = Takers()
                takers.join(share)
                after.append(asyncio.create_task(visit(number, takers, asyncio.Event())))
            await _turns(5)
            assert len(inside) == size
            for task in after:
                task.cancel()
            await asyncio.gather(*after, return_exceptions=True)

    asyncio.run(main())
