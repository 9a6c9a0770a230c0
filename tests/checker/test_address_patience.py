"""Addresses: how often and how long each is knocked at. Peers are real, on loopback."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from stpolicy.checker.addresses import Addresses
from stpolicy.checker.turns import Turns
from stpolicy.model.observation import AddressObservation, Fault, Step
from tests.checker.knocking import HERE, SWIFT, addresses, busy, clear, closed, offering, run, silent
from tests.checker.peer import Script, Server, Wire, serving
from tests.checker.surveys import MET


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
