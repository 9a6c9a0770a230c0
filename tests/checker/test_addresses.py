"""Addresses: how often, how many at a time and how long each is knocked at. Peers are real, on loopback."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import pytest

from stpolicy.checker.addresses import Addresses
from stpolicy.checker.connection import Connection
from stpolicy.checker.looks import Limits, Looks, Terms
from stpolicy.checker.smtp import Manner
from stpolicy.checker.turns import Turns
from stpolicy.model.observation import AddressObservation, Fault, Probe, Step
from tests.checker.peer import ENOUGH, Script, Server, Wire, serving
from tests.checker.surveys import MET
from tests.lists import NOW

HERE = "127.0.0.1"
SWIFT = Limits(pause=0, retry_after=0)
T = TypeVar("T")


def addresses(
    trusted: Path, port: int, limits: Limits = SWIFT, *, timeout: float = ENOUGH, probes: bool = False
) -> Addresses:
    terms = Terms(trusted, NOW, Manner("probe.example.net", port, timeout), limits, probes)
    return Addresses(Looks(terms).look, timeout, Turns(limits.concurrency, limits.per_host, limits.pause))


def run(work: Awaitable[T]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(3 * ENOUGH):
            return await work

    return asyncio.run(bounded())


async def clear(wire: Wire) -> None:
    """A server without STARTTLS."""
    await wire.say("220 mx.example.com ESMTP")
    await wire.answer("250 mx.example.com")


async def offering(wire: Wire) -> None:
    """A server that offers STARTTLS, and hangs up when it is asked for."""
    await wire.say("220 mx.example.com ESMTP")
    await wire.answer("250-mx.example.com", "250 STARTTLS")
    await wire.hear()
    wire.hang_up()


async def busy(wire: Wire) -> None:
    await wire.say("421 mx.example.com come back later")


async def closed(wire: Wire) -> None:
    await wire.say("554 mx.example.com go away")


async def silent(wire: Wire) -> None:
    await wire.hear()


async def silent_at_ehlo(wire: Wire) -> None:
    await wire.say("220 mx.example.com ESMTP")
    await silent(wire)


async def silent_at_starttls(wire: Wire) -> None:
    await wire.say("220 mx.example.com ESMTP")
    await wire.answer("250-mx.example.com", "250 STARTTLS")
    await silent(wire)


async def silent_in_tls(wire: Wire) -> None:
    await wire.to_starttls()
    await wire.reader.read()


class Counted:
    """A server without STARTTLS that waits for so many clients at once before it greets any."""

    def __init__(self, awaited: int) -> None:
        self.most = self._here = 0
        self._awaited, self._full = awaited, asyncio.Event()

    async def __call__(self, wire: Wire) -> None:
        self._here += 1
        self.most = max(self.most, self._here)
        if self._here >= self._awaited:
            self._full.set()
        await self._full.wait()
        await clear(wire)
        await wire.hear()
        self._here -= 1


def test_an_address_is_met_one_connection_at_a_time(trusted: Path) -> None:
    async def work() -> int:
        counted = Counted(1)
        async with serving(counted) as there:
            looking = addresses(trusted, there.port)
            found = await asyncio.gather(*(looking.look(f"mx{n}.example.com", HERE) for n in range(5)))
        assert all(one.session.reached for one in found)
        assert len(there.wires) == 5
        return counted.most

    assert run(work()) == 1


def test_more_connections_to_an_address_are_asked_for(trusted: Path) -> None:
    async def work() -> int:
        counted = Counted(3)
        async with serving(counted) as there:
            looking = addresses(trusted, there.port, replace(SWIFT, per_host=3))
            await asyncio.gather(*(looking.look(f"mx{n}.example.com", HERE) for n in range(6)))
        return counted.most

    assert run(work()) == 3


def test_all_connections_together_are_bounded(trusted: Path) -> None:
    async def work() -> int:
        counted = Counted(2)
        async with serving(counted, "0.0.0.0") as there:  # all of 127.0.0.0/8
            looking = addresses(trusted, there.port, replace(SWIFT, concurrency=2))
            await asyncio.gather(*(looking.look("mx.example.com", f"127.0.0.{n}") for n in range(1, 7)))
        return counted.most

    assert run(work()) == 2


def test_who_waits_for_a_connection_loses_nothing_of_its_own_time(trusted: Path) -> None:
    """Six that are silent go first, over one connection: for longer than one host may take in all."""

    async def silent_but_here(wire: Wire) -> None:
        await (clear if wire.writer.get_extra_info("sockname")[0] == HERE else silent)(wire)

    async def work() -> AddressObservation:
        async with serving(silent_but_here, "0.0.0.0") as there:  # all of 127.0.0.0/8
            looking = addresses(trusted, there.port, replace(SWIFT, concurrency=1), timeout=0.5)
            order = [*(f"127.0.0.{n}" for n in range(2, 8)), HERE]
            return (await asyncio.gather(*(looking.look("mx.example.com", at) for at in order)))[-1]

    assert run(work()).session.reached


@pytest.mark.parametrize(
    ("script", "retries", "connections"),
    [(busy, 0, 1), (busy, 2, 3), (closed, 2, 1), (clear, 2, 1), (offering, 1, 2)],
    ids=["busy, no retries", "busy", "refuses for good", "no STARTTLS", "hangs up"],
)
def test_only_what_may_pass_is_tried_again(
    trusted: Path, script: Script, retries: int, connections: int
) -> None:
    async def work() -> Server:
        async with serving(script) as there:
            await addresses(trusted, there.port, replace(SWIFT, retries=retries)).look("mx.example.com", HERE)
        return there

    assert len(run(work()).wires) == connections


def test_what_came_better_the_second_time_counts(trusted: Path) -> None:
    async def work() -> AddressObservation:
        turns = iter([busy, clear])

        async def turn(wire: Wire) -> None:
            await next(turns)(wire)

        async with serving(turn) as there:
            return await addresses(trusted, there.port, replace(SWIFT, retries=5)).look(
                "mx.example.com", HERE
            )

    assert run(work()).session.reached


def test_an_address_where_nothing_listens_is_not_asked_again(trusted: Path) -> None:
    async def work() -> tuple[AddressObservation, AddressObservation, Server]:
        async with serving(clear) as gone:
            pass
        looking = addresses(trusted, gone.port)
        first = await looking.look("mx.example.com", HERE)
        server = await asyncio.start_server(lambda *_: None, HERE, gone.port)
        async with server:
            return first, await looking.look("mx.example.net", HERE), gone

    first, second, _ = run(work())
    assert first.session.ended
    assert (first.session.ended.step, first.session.ended.fault) == (Step.CONNECT, Fault.REFUSED)
    assert second == first


def under_names(
    trusted: Path, script: Script, names: int, *, timeout: float
) -> tuple[list[AddressObservation], int]:
    """What is seen of one address under so many names, and how many connections that took."""

    async def work() -> tuple[list[AddressObservation], int]:
        async with serving(script) as there:
            looking = addresses(trusted, there.port, timeout=timeout)
            hosts = (f"mx{n}.example.com" for n in range(names))
            return [await looking.look(host, HERE) for host in hosts], len(there.wires)

    return run(work())


@pytest.mark.parametrize("script", [silent, silent_at_ehlo, silent_at_starttls])
def test_a_time_out_is_paid_once_where_a_server_does_not_know_the_name_yet(
    trusted: Path, script: Script
) -> None:
    found, connections = under_names(trusted, script, 20, timeout=0.3)
    assert connections == 1
    assert found == 20 * found[:1]
    assert found[0].session.ended
    assert found[0].session.ended.fault is Fault.TIME_OUT


def test_an_address_has_one_deadline_under_all_its_names(trusted: Path) -> None:
    """It hangs once it has heard a name: another one may fare better, until the address has had its time."""
    found, connections = under_names(trusted, silent_in_tls, 20, timeout=1)
    assert 1 < connections <= 4
    faults = {(look.session.ended.step, look.session.ended.fault) for look in found if look.session.ended}
    assert faults == {(Step.HANDSHAKE, Fault.TIME_OUT), (Step.CONNECT, Fault.TIME_OUT)}
    assert not any(look.session.reached for look in found[connections:])


@pytest.mark.parametrize(
    ("seconds", "looks"), [(5, 300), (30, 8), (50, 5), (59.9, 4)], ids=lambda number: f"{number}"
)
def test_who_answers_at_once_is_looked_at_under_any_number_of_names_and_who_is_slow_is_not(
    seconds: float, looks: int
) -> None:
    """By a clock that stands still but for what each look takes; none runs into a time-out of 60 s."""
    passed, given = 0.0, []

    async def look(_: str, address: str, left: float, _probe: bool) -> AddressObservation:
        nonlocal passed
        given.append(left)
        passed += min(seconds, left)
        return AddressObservation(address, MET)

    async def work() -> list[AddressObservation]:
        loop = asyncio.get_running_loop()
        loop.time = lambda: passed  # type: ignore[method-assign]
        looking = Addresses(look, 60, Turns(1, 1, 0))
        return [await looking.look(f"mx{n}.example.com", HERE) for n in range(300)]

    found = asyncio.run(work())
    assert [one.session.reached for one in found] == [True] * looks + [False] * (300 - looks)
    assert given[0] == 240
    assert sum(min(seconds, left) for left in given) <= 240 or looks == 300


def test_an_address_that_answered_is_asked_for_each_host(trusted: Path) -> None:
    async def work() -> Server:
        async with serving(closed) as there:
            looking = addresses(trusted, there.port)
            await looking.look("mx.example.com", HERE)
            await looking.look("mx.example.net", HERE)
        return there

    assert len(run(work()).wires) == 2


def test_a_host_has_a_deadline_and_what_was_seen_before_it_is_told(trusted: Path) -> None:
    """It is busy, for ever: five hundred retries find their end with the host's time."""

    async def work() -> tuple[AddressObservation, Server]:
        async with serving(busy) as there:
            limits = replace(SWIFT, retries=500, retry_after=0.1)
            found = await addresses(trusted, there.port, limits, timeout=0.5).look("mx.example.com", HERE)
            return found, there

    found, there = run(work())
    assert found.session.banner
    assert found.session.banner.code == 421
    assert 1 <= len(there.wires) <= 21


@pytest.mark.parametrize(("probes", "connections"), [(False, 1), (True, 2)])
def test_probes_come_after_the_look_and_end_where_they_are_not_wanted(
    trusted: Path, probes: bool, connections: int
) -> None:
    """It hangs up at STARTTLS: what is left is not tested."""

    async def work() -> tuple[AddressObservation, Server]:
        async with serving(offering) as there:
            looking = addresses(trusted, there.port, probes=probes)
            return await looking.look("mx.example.com", HERE), there

    found, there = run(work())
    assert len(there.wires) == connections
    assert set(found.probes.values()) == ({"not tested"} if probes else set())


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """When each connection of ours began and ended."""
    opened, closed = Connection.open, Connection.close
    begun: dict[Connection, float] = {}
    noted: list[tuple[float, float]] = []

    async def open_(self: Connection, address: str, port: int) -> None:
        begun[self] = asyncio.get_running_loop().time()
        await opened(self, address, port)

    def close(self: Connection, *, politely: bool) -> None:
        closed(self, politely=politely)
        noted.append((begun[self], asyncio.get_running_loop().time()))

    monkeypatch.setattr(Connection, "open", open_)
    monkeypatch.setattr(Connection, "close", close)
    return noted


async def refusing_old(wire: Wire) -> None:
    """A server that hangs up on whoever says hello."""
    await wire.to_starttls()
    await wire.reader.read(1)
    wire.hang_up()


@pytest.mark.parametrize(
    ("script", "limits", "connections"),
    [
        pytest.param(refusing_old, Limits(pause=0.15), 2 + 3, id="look and probes, of two names"),
        pytest.param(busy, Limits(pause=0.15, retries=2, retry_after=0), 2 * 3, id="retries"),
    ],
)
def test_there_is_a_pause_between_any_two_connections_to_an_address(
    trusted: Path,
    visits: list[tuple[float, float]],
    script: Script,
    limits: Limits,
    connections: int,
) -> None:
    async def work() -> None:
        async with serving(script) as there:
            looking = addresses(trusted, there.port, limits, probes=True)
            for host in ("mx.example.com", "mx.example.net"):
                await looking.look(host, HERE)

    run(work())
    assert len(visits) == connections
    assert all(begun - left >= limits.pause for (_, left), (begun, _) in pairwise(visits))


def test_an_address_is_probed_once_whatever_its_names(trusted: Path) -> None:
    """Twenty names of one domain may lead to a server that never asked for any of them."""

    async def work() -> tuple[list[AddressObservation], int]:
        async with serving(refusing_old) as there:
            looking = addresses(trusted, there.port, probes=True)
            return [await looking.look(f"mx{n}.example.com", HERE) for n in range(20)], len(there.wires)

    found, connections = run(work())
    assert connections == 20 + 3
    assert all(one.probes == found[0].probes for one in found)
    assert Probe.REFUSED in found[0].probes.values()


def test_a_fault_of_ours_is_told_and_ends_no_other_look(
    trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise IndexError("of our own making")

    monkeypatch.setattr("stpolicy.checker.smtp.look", broken)
    seen = run(addresses(trusted, 1).look("mx.example.com", HERE))
    assert seen.session.ended is not None
    assert seen.session.ended.fault is Fault.OURS
    assert "of our own making" in seen.session.ended.message
