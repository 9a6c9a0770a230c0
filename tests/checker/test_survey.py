"""A run over many domains: what is asked, how often, in what pace, and when each is told. No network."""

import asyncio
import time
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from stpolicy.checker.survey import MOST_ADDRESSES, Scope, spread
from stpolicy.errors import StpolicyError
from stpolicy.model.names import Domain
from stpolicy.model.observation import (
    Dns,
    DomainObservation,
    Fault,
    Session,
    Step,
    Unreachable,
)
from stpolicy.model.observed import Observed
from stpolicy.rules.mx.records import unseen_addresses
from tests.checker.surveys import AT, MET, World, raising

ONE, TWO = Domain("one.example"), Domain("two.example")


def test_a_host_that_domains_share_is_looked_at_once() -> None:
    domains = {f"d{n}.example": ["mx.shared.example", f"mx.d{n}.example"] for n in range(20)}
    world = World(domains, {"mx.shared.example": ["192.88.98.1"], "mx.d3.example": ["192.88.98.2"]})
    found = world.run()
    assert len(found) == 20
    assert sorted(world.looked) == [("mx.d3.example", "192.88.98.2"), ("mx.shared.example", "192.88.98.1")]
    shared = found["d0.example"].hosts[0]
    assert all(observed.hosts[0] == shared for observed in found.values())
    assert len(world.names.asked) == len(set(world.names.asked))


@pytest.mark.parametrize("number", [1, 9, MOST_ADDRESSES, MOST_ADDRESSES + 1])
def test_every_address_is_looked_at_or_that_there_are_more_is_said(number: int) -> None:
    """The last ones are those that a server would hide behind good ones."""
    four, six = ([form.format(n) for n in range(number)] for form in ("192.88.98.{}", "2a00::{:x}"))
    found = World({ONE: ["mx.example"]}, {"mx.example": [*four, *six]}).run()[ONE]
    host = found.hosts[0]
    looked_at = [look.address for look in host.looks]
    assert looked_at == [*four[:16], *six[:16]]
    assert (host.a.values, host.aaaa.values) == (tuple(four), tuple(six))
    left = Counter(said.where for said in unseen_addresses.judge(Observed(found, (), AT)))
    assert left == ({"mx.example": 2} if number > 16 else {})


def test_what_is_no_host_name_is_not_asked_for() -> None:
    odd = ["192.0.2.1", "2130706433", "a b.example", "$(x).example", "-x.example", "", "localhost"]
    world = World({ONE: odd}, {name: ["192.88.98.1"] for name in odd})
    found = world.run()[ONE]
    assert (found.hosts, world.looked) == ((), [])
    assert [one.host for one in found.mx.exchanges] == odd
    assert world.names.asked == [f"_smtp._tls.{ONE} TXT"]


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("allowed", [False, True])
def test_addresses_of_no_global_network_are_connected_to_only_where_that_is_allowed(
    address: str, allowed: bool
) -> None:
    world = World({ONE: ["mx.example"]}, {"mx.example": [address]}, scope=Scope(allow_private=allowed))
    (look,) = world.run()[ONE].hosts[0].looks
    assert world.looked == ([("mx.example", address)] if allowed else [])
    assert (look.session.ended is not None and look.session.ended.fault is Fault.NOT_GLOBAL) is not allowed


def test_what_is_not_asked_for_is_not_looked_at() -> None:
    scope = Scope(("AAAA",), mta_sts=False, dane=False)
    world = World({ONE: ["mx.example"]}, {"mx.example": ["192.88.98.1", "2a00::1"]}, scope=scope)
    found = world.run()[ONE]
    assert (found.mta_sts, found.tlsrpt, world.fetched) == (None, None, [])
    assert (found.hosts[0].a.how, found.hosts[0].tlsa.how) == (Dns.NOT_ASKED, Dns.NOT_ASKED)
    assert world.looked == [("mx.example", "2a00::1")]
    assert world.names.asked == ["mx.example AAAA"]


def test_a_domain_is_told_as_soon_as_it_is_done() -> None:
    """The second is slow: it waits until the first has been told."""
    told = asyncio.Event()

    async def look(host: str, _: str) -> Session:
        if host == "mx.two.example":
            await told.wait()
        return MET

    addresses = {"mx.one.example": ["192.88.98.1"], "mx.two.example": ["192.88.98.2"]}
    world = World({ONE: ["mx.one.example"], TWO: ["mx.two.example"]}, addresses, look)
    order: list[str] = []

    def emit(found: DomainObservation) -> None:
        order.append(found.domain)
        told.set()

    async def run() -> None:
        async with asyncio.timeout(20):
            await world.survey.run([ONE, TWO], 2, lambda seen: seen, raising, emit)

    asyncio.run(run())
    assert order == [ONE, TWO]


@pytest.mark.parametrize("width", [1, 3])
def test_so_many_domains_are_under_way(width: int) -> None:
    here: set[str] = set()
    most = 0

    async def look(host: str, _: str) -> Session:
        nonlocal most
        here.add(host)
        most = max(most, len(here))
        for _turn in range(20):
            await asyncio.sleep(0)
        here.remove(host)
        return MET

    hosts = {f"mx{n}.example": [f"192.88.98.{n}"] for n in range(12)}
    World({f"d{n}.example": [host] for n, host in enumerate(hosts)}, hosts, look).run(width)
    assert most == width


def test_new_hosts_come_at_the_pace_that_is_asked_for() -> None:
    """Twenty hosts at a hundred a second: the last begins 0.2 s after the start at the earliest."""
    hosts = {f"mx{n}.example": [f"192.88.98.{n}"] for n in range(20)}
    began: list[float] = []

    async def look(_: str, __: str) -> Session:
        began.append(time.monotonic())
        return MET

    start = time.monotonic()
    World({f"d{n}.example": [host] for n, host in enumerate(hosts)}, hosts, look, rate=100).run(20)
    assert max(began) - start >= 0.18


@pytest.mark.parametrize(
    ("ended", "connected"),
    [
        (None, True),
        (Unreachable(Step.CONNECT, Fault.TIME_OUT), False),
        (Unreachable(Step.CONNECT, Fault.REFUSED), False),
        (Unreachable(Step.BANNER, Fault.TIME_OUT), True),
    ],
)
def test_whether_any_connection_came_about(ended: Unreachable | None, connected: bool) -> None:
    async def look(_: str, __: str) -> Session:
        return Session(ended=ended)

    world = World({ONE: ["mx.example"]}, {"mx.example": ["192.88.98.1"]}, look)
    assert not world.survey.connected
    world.run()
    assert world.survey.connected is connected


def test_domains_of_one_provider_are_spread() -> None:
    names = [Domain(f"d{n:03}.example") for n in range(200)]
    order = list(spread(names))
    assert sorted(order) == names
    assert order == list(spread(reversed(names))), "the same every time"
    neighbours = sum(abs(names.index(a) - names.index(b)) == 1 for a, b in pairwise(order))
    assert neighbours < 20


@pytest.mark.parametrize("where", ["look", "fetch", "judge"])
def test_a_failure_of_ours_at_one_domain_ends_no_look_at_another(where: str) -> None:
    async def look(host: str, _: str) -> Session:
        if where == "look" and host == "mx.one.example":
            raise KeyError("of our own making")
        return MET

    def judge(seen: DomainObservation) -> str:
        if where == "judge" and seen.domain == ONE:
            raise KeyError("of our own making")
        return f"{seen.domain} seen"

    domains = {ONE: ["mx.one.example"], TWO: ["mx.two.example"], "d3.example": ["mx.two.example"]}
    addresses = {"mx.one.example": ["192.88.98.1"], "mx.two.example": ["192.88.98.2"]}
    world = World(domains, addresses, look)
    world.breaks = ONE if where == "fetch" else ""
    told: list[str] = []
    asyncio.run(
        world.survey.run(
            map(Domain, domains), 1, judge, lambda *failed: f"{failed[0]} {failed[1]!r}", told.append
        )
    )
    assert sorted(told) == [
        "d3.example seen",
        "one.example KeyError('of our own making')",
        "two.example seen",
    ]


def test_that_there_is_no_looking_at_all_ends_the_run() -> None:
    async def look(_: str, __: str) -> Any:
        raise StpolicyError("a process that looked at mail servers has ended")

    world = World({ONE: ["mx.example"]}, {"mx.example": ["192.88.98.1"]}, look)
    with pytest.raises(StpolicyError, match="has ended"):
        world.run()


def test_what_cannot_be_told_ends_the_run() -> None:
    world = World({ONE: ["mx.example"]}, {"mx.example": ["192.88.98.1"]})

    def emit(_: DomainObservation) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        asyncio.run(world.survey.run([ONE], 1, lambda seen: seen, raising, emit))
