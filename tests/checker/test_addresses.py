"""Addresses: by how many at a time, and with what pause, each is knocked at. Peers are real, on loopback."""

import asyncio
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from stpolicy.checker.connection import Connection
from stpolicy.checker.looks import Limits
from stpolicy.model.observation import AddressObservation, Fault, Probe
from tests.checker.knocking import HERE, SWIFT, addresses, busy, clear, closed, offering, run, silent
from tests.checker.peer import Script, Server, Wire, serving


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


def test_an_address_that_answered_is_asked_for_each_host(trusted: Path) -> None:
    async def work() -> Server:
        async with serving(closed) as there:
            looking = addresses(trusted, there.port)
            await looking.look("mx.example.com", HERE)
            await looking.look("mx.example.net", HERE)
        return there

    assert len(run(work()).wires) == 2


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
