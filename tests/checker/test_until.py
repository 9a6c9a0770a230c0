"""A domain's time has an end: what was seen until then is told, the rest says so, and others go on."""

import asyncio

import pytest

from stpolicy.checker.until import Until
from stpolicy.model.names import Domain
from stpolicy.model.observation import Dns, DomainObservation, Fault, Session, StsObservation
from tests.checker.surveys import ABSENT, MET, World

ONE, TWO = Domain("one.example"), Domain("two.example")
HOSTS = [f"mx{n}.one.example" for n in range(8)]
GOOD = [f"192.88.98.{n}" for n in range(8)]
ADDRESSES = {host: [GOOD[n], *(f"192.88.{n}.{m}" for m in range(4))] for n, host in enumerate(HOSTS)}


async def _turns() -> None:
    """Everything that can go on without an answer has gone on."""
    for _ in range(500):
        await asyncio.sleep(0)


class Clock:
    """The time of the loop, which stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 0.0
        asyncio.get_running_loop().time = lambda: self.now  # type: ignore[method-assign]


async def good_only(_: str, address: str) -> Session:
    if address not in GOOD:
        await asyncio.Event().wait()
    return MET


def ended(found: DomainObservation, address: str) -> Fault | None:
    looks = (look for host in found.hosts for look in host.looks if look.address == address)
    session = next(looks).session
    return session.ended.fault if session.ended else None


def given_until(world: World, domain: Domain) -> DomainObservation:
    """What is told of a domain when its time is over, once all that could be seen was seen."""

    async def main() -> DomainObservation:
        clock = Clock()
        looking = asyncio.create_task(world.survey.domain(domain, end=Until(300)))
        await _turns()
        assert not looking.done()
        clock.now = 301
        return await looking

    return asyncio.run(main())


def test_a_time_out_of_the_work_itself_is_not_taken_for_the_end() -> None:
    async def late() -> int:
        raise TimeoutError

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await Until(asyncio.get_running_loop().time() + 300).of(late(), 1)

    asyncio.run(main())


@pytest.mark.parametrize("share", [3, 64])
def test_what_was_seen_until_the_end_is_told_and_for_the_rest_there_was_no_time(share: int) -> None:
    """Each host has one good address ahead of four silent ones; with a small share some never begin."""
    world = World({ONE: HOSTS}, ADDRESSES, good_only, share=share)
    found = given_until(world, ONE)
    assert [host.host for host in found.hosts] == HOSTS
    silent = {address for addresses in ADDRESSES.values() for address in addresses} - set(GOOD)
    assert {ended(found, address) for address in silent} == {Fault.NO_TIME}
    begun = {address for _, address in world.looked} & set(GOOD)
    assert {address for address in GOOD if ended(found, address) is None} == begun
    assert begun
    assert found.mta_sts == StsObservation(ABSENT)


def test_a_look_that_another_domain_wants_goes_on_when_the_time_of_one_is_over() -> None:
    answers = asyncio.Event()

    async def slow(_: str, __: str) -> Session:
        await answers.wait()
        return MET

    world = World({ONE: HOSTS[:1], TWO: HOSTS[:1]}, {HOSTS[0]: GOOD[:1]}, slow)

    async def main() -> None:
        clock = Clock()
        first = asyncio.create_task(world.survey.domain(ONE, end=Until(300)))
        second = asyncio.create_task(world.survey.domain(TWO))
        await _turns()
        clock.now = 301
        assert ended(await first, GOOD[0]) is Fault.NO_TIME
        answers.set()
        assert ended(await second, GOOD[0]) is None
        assert len(world.looked) == 1
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["MX", "A", "TLSA", "TXT", "MTA-STS"])
def test_a_question_that_is_open_at_the_end_is_no_answer(kind: str) -> None:
    """And what does not hang on it stands."""
    world = World({ONE: HOSTS[:1]}, {HOSTS[0]: GOOD[:1]}, good_only)
    world.names.mute = kind
    found = given_until(world, ONE)
    late = {
        "MX": found.mx.how,
        "A": found.hosts[0].a.how if found.hosts else None,
        "TLSA": found.hosts[0].tlsa.how if found.hosts else None,
        "TXT": found.tlsrpt.how if found.tlsrpt else None,
        "MTA-STS": found.mta_sts.record.how if found.mta_sts else None,
    }
    assert late[kind] is Dns.TIME_OUT
    if kind in ("TXT", "MTA-STS"):
        assert ended(found, GOOD[0]) is None
    assert found.mta_sts == StsObservation(ABSENT) or kind == "MTA-STS"
