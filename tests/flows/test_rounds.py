"""Rounds of `serve`: what is remembered, for how long, and that all share one count of connections."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from stpolicy.checker.looks import Limits
from stpolicy.checker.smtp import Manner
from stpolicy.checker.survey import Scope
from stpolicy.flows.check import Network
from stpolicy.flows.rounds import LIFE, Rounds
from stpolicy.model.names import Domain
from tests.checker import nameserver
from tests.checker.knocking import clear
from tests.checker.peer import ENOUGH, Wire, serving
from tests.flows.test_check import Counted, world
from tests.lists import NOW
from tests.web.plain import NOWHERE

SCOPE = Scope(dane=False, allow_private=True)


def run(work: Awaitable[None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(3 * ENOUGH):
            await work

    asyncio.run(bounded())


def test_a_dead_address_is_asked_again_in_the_next_round_only(authority: Path) -> None:
    """Another domain has the same server."""

    async def work() -> None:
        now = NOW
        async with nameserver.serving() as names:
            for domain in ("a.org", "b.org", "c.org"):
                names.put(domain, "MX", f"10 mx.{domain}.")
                names.put(f"mx.{domain}", "A", "127.0.0.1")
            async with serving(clear) as gone:
                pass
            manner = Manner("probe.example.net", gone.port, ENOUGH)
            network = Network(manner, (names.address,), authority / "ca.pem", scope=SCOPE)
            rounds = Rounds(network, lambda: now, 4)

            async def reached(domain: str) -> bool:
                async with rounds.take_part() as taken:
                    seen = await taken.survey.domain(Domain(domain))
                return seen.hosts[0].looks[0].session.reached

            assert not await reached("a.org")
            async with await asyncio.start_server(greet, "127.0.0.1", gone.port):
                assert not await reached("b.org")
                now += LIFE
                assert await reached("c.org")
                assert await reached("a.org")
            await rounds.end()

    run(work())


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await clear(Wire(reader, writer))
    writer.close()


def test_rounds_share_one_count_of_connections(authority: Path) -> None:
    """One goes on while the next has begun; mail servers and web servers, three at once in all."""

    async def work() -> None:
        now, counted, places = NOW, Counted(3), 12
        async with world(counted, places, lambda n: (f"127.0.1.{n}", f"127.0.2.{n}")) as (names, mail, web):
            manner = Manner("probe.example.net", mail.port, ENOUGH)
            limits = Limits(3, pause=0)
            network = Network(manner, (names,), authority / "ca.pem", web.port, SCOPE, limits)
            rounds = Rounds(replace(network, probes=False), lambda: now, 4)

            async def look(n: int) -> None:
                nonlocal now
                now += timedelta(seconds=LIFE.total_seconds() / 4)
                async with rounds.take_part() as taken:
                    await taken.survey.domain(Domain(f"d{n}.example.org"))

            await asyncio.gather(*map(look, range(places)))
            await rounds.end()
        assert counted.most["all"] == 3
        assert counted.ports == {mail.port, web.port}

    run(work())


@pytest.mark.parametrize(("at_once", "share"), [(16, 3), (4, 15), (100, 1), (1, 63), (0, 63)])
def test_what_all_have_at_once_is_no_more_than_there_is(at_once: int, share: int) -> None:
    """Each has one connection more, for its MTA-STS; but none has nothing."""
    rounds = Rounds(Network(Manner("probe.example.net")), lambda: NOW, at_once)

    async def work() -> None:
        async with rounds.take_part() as taken:
            assert taken.survey.share == share
        await rounds.end()

    run(work())


def test_a_round_ends_when_its_time_is_over_and_nobody_uses_it() -> None:
    """Who takes part goes on; the next begins a round of its own, with the same count of connections."""
    now = [NOW]
    rounds = Rounds(NOWHERE, lambda: now[0], 4)

    async def main() -> None:
        async with rounds.take_part() as first:
            async with rounds.take_part() as same:
                assert same is first
            now[0] += LIFE
            async with rounds.take_part() as second:
                assert second is not first
            now[0] -= LIFE * 3  # a clock that is set back
            async with rounds.take_part() as third:
                assert third is not second
            seen = await first.survey.domain(Domain("one.org"))
            assert seen.domain == "one.org"
        await rounds.end()

    asyncio.run(main())
