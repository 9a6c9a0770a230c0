"""check: how many connections there are at once. Names, mail servers and web servers are on loopback."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from stpolicy import rules
from stpolicy.checker.looks import Limits
from stpolicy.checker.smtp import Manner
from stpolicy.checker.survey import Scope
from stpolicy.flows.asked import Asked
from stpolicy.flows.check import Network, check
from stpolicy.model.finding import Problem, Severity
from stpolicy.model.names import Domain
from stpolicy.model.observed import Observed
from stpolicy.rules._register import rule
from tests.checker import nameserver
from tests.checker.peer import ENOUGH, Server, Wire, serving
from tests.checker.test_crew import CREW
from tests.lists import NOW
from tests.namespace import running

EVERYWHERE = "0.0.0.0"
"""All of 127.0.0.0/8 too."""


@dataclass
class Counted:
    """Connections to mail and web servers; each waits for so many at once before anybody is answered."""

    awaited: int
    now: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    ports: set[int] = field(default_factory=set)
    processes: int = 0
    full: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, wire: Wire) -> None:
        """Answers as a mail server without STARTTLS does, which is the end of a look at a web server too."""
        address, port, *_ = wire.writer.get_extra_info("sockname")
        self.ports.add(port)
        self.processes = max(self.processes, len(running(CREW)))
        self.now.update([address, "all"])
        for name in (address, "all"):
            self.most[name] = max(self.most[name], self.now[name])
        if self.now["all"] >= self.awaited:
            self.full.set()
        try:
            await self.full.wait()
            await wire.say("220 mx.example.com ESMTP")
            await wire.reader.readline()
            await wire.say("250 mx.example.com")
            await wire.reader.read()
        finally:
            self.now.subtract([address, "all"])


@asynccontextmanager
async def world(
    counted: Counted, domains: int, at: Callable[[int], tuple[str, str]]
) -> AsyncIterator[tuple[tuple[str, int], Server, Server]]:
    """A name server, mail servers and web servers; `at` gives the addresses of both for a domain."""
    async with (
        nameserver.serving() as names,
        serving(counted, EVERYWHERE) as mail,
        serving(counted, EVERYWHERE) as web,
    ):
        for n in range(domains):
            names.put(f"d{n}.example.org", "MX", f"10 mx.d{n}.example.org.")
            names.put(f"_mta-sts.d{n}.example.org", "TXT", '"v=STSv1; id=1;"')
            names.put(f"mx.d{n}.example.org", "A", at(n)[0])
            names.put(f"mta-sts.d{n}.example.org", "A", at(n)[1])
        yield names.address, mail, web


def look(
    authority: Path, counted: Counted, at: Callable[[int], tuple[str, str]], limits: Limits, jobs: int = 1
) -> list[dict[str, Any]]:
    """The results of a run over twelve domains."""
    domains, found = 12, list[dict[str, Any]]()

    async def run() -> None:
        async with asyncio.timeout(3 * ENOUGH), world(counted, domains, at) as (names, mail, web):
            network = Network(
                Manner("probe.example.net", mail.port, ENOUGH),
                (names,),
                authority / "ca.pem",
                web.port,
                Scope(dane=False, allow_private=True),
                limits,
                jobs=jobs,
            )
            asked = {Domain(f"d{n}.example.org"): Asked() for n in range(domains)}
            await check(asked, network, found.append, now=NOW)
            assert counted.ports == {mail.port, web.port}

    asyncio.run(run())
    assert len(found) == domains
    return found


@pytest.mark.parametrize("jobs", [1, 2])
def test_mail_servers_and_web_servers_have_one_count(authority: Path, jobs: int) -> None:
    counted = Counted(3)
    found = look(authority, counted, lambda n: (f"127.0.1.{n}", f"127.0.2.{n}"), Limits(3, pause=0), jobs)
    assert {one["status"] for one in found} == {4}
    assert counted.most["all"] == 3


def test_more_processes_than_connections_are_not_begun(authority: Path) -> None:
    counted = Counted(2)
    look(authority, counted, lambda n: (f"127.0.1.{n}", f"127.0.2.{n}"), Limits(2, pause=0), 6)
    assert (counted.most["all"], counted.processes) == (2, 2)


def test_a_web_server_has_its_turn_like_a_mail_server(authority: Path) -> None:
    """Three addresses; mail and policies of four domains are at each."""
    counted = Counted(3)
    look(authority, counted, lambda n: (f"127.0.1.{n % 3}", f"127.0.1.{n % 3}"), Limits(64, pause=0))
    assert counted.most == {"all": 3, **{f"127.0.1.{n}": 1 for n in range(3)}}


def test_a_rule_that_breaks_at_one_domain_leaves_all_others_their_results(
    authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @rule("tlsrpt.broken", Severity.NOTE)
    def broken(observed: Observed) -> Iterator[Problem]:
        """Breaks."""
        if observed.seen.domain.startswith("d7."):
            raise IndexError("of our own making")
        yield from ()

    monkeypatch.setattr(rules, "SERVER", (*rules.SERVER, broken))
    found = look(authority, Counted(1), lambda n: (f"127.0.1.{n}", f"127.0.2.{n}"), Limits(pause=0))
    (failed,) = (one for one in found if one["status"] == 3)
    assert failed["domain"] == "d7.example.org"
    assert [finding["code"] for finding in failed["findings"]] == ["look.internal_error"]
    assert [one["status"] for one in found].count(4) == len(found) - 1
