"""Names of strangers lead to a server that is slow but good: its own domain is looked at all the same."""

import asyncio
import ssl
from typing import cast

import pytest

from stpolicy.checker._policy import Ended, Fetch
from stpolicy.checker.addresses import Addresses
from stpolicy.checker.dns import Resolver
from stpolicy.checker.https import Servers
from stpolicy.checker.looks import TOO_LONG
from stpolicy.checker.survey import Scope, Survey
from stpolicy.checker.turns import Turns
from stpolicy.model.names import Domain
from stpolicy.model.observation import AddressObservation, Session, StsObservation
from tests.checker.surveys import ABSENT, AT, MET, Names

THERE = "192.88.98.1"
STRANGERS = [f"stranger{n}.example" for n in range(10)]
OWN = "owner.example"
TIMEOUT, SLOW = 60, 30


def surveyed(
    domains: dict[str, list[str]], session: Session, *, strangers: bool = True
) -> dict[str, list[Session]]:
    """What is seen of each domain in turn: each look takes half of the deadline of a connection."""
    passed = 0.0

    async def look(_: str, address: str, __: float, ___: bool) -> AddressObservation:
        nonlocal passed
        passed += SLOW
        return AddressObservation(address, session)

    async def fetch(_: Domain) -> StsObservation:
        return StsObservation(ABSENT)

    async def main() -> dict[str, list[Session]]:
        asyncio.get_running_loop().time = lambda: passed  # type: ignore[method-assign]
        names = Names(domains, {host: [THERE] for hosts in domains.values() for host in hosts})
        at = Addresses(look, TIMEOUT, Turns(1, 1, 0), strangers=strangers).look
        survey = Survey(cast(Resolver, names), at, fetch, Scope(), rate=0, share=3, now=AT)
        found = [await survey.domain(Domain(domain)) for domain in domains]
        return {one.domain: [look.session for host in one.hosts for look in host.looks] for one in found}

    return asyncio.run(main())


def test_names_of_strangers_do_not_use_up_the_time_of_a_server_that_greets() -> None:
    found = surveyed({**{name: [f"mx.{name}"] for name in STRANGERS}, OWN: [f"mx.{OWN}"]}, MET)
    assert set(map(tuple, found.values())) == {(MET,)}


def test_the_names_of_one_domain_use_up_its_own_time() -> None:
    hosts = {name: [f"mx{n}.{name}" for n in range(10)] for name in (STRANGERS[0], OWN)}
    found = surveyed(hosts, MET)
    most = 4 * TIMEOUT // SLOW
    assert [sessions.count(MET) for sessions in found.values()] == [most, most]
    assert [sessions.count(TOO_LONG) for sessions in found.values()] == [10 - most] * 2


@pytest.mark.parametrize(("session", "strangers"), [(Session(), True), (MET, False)])
def test_an_address_where_no_server_greets_has_one_time_for_all_and_so_has_each_in_a_list(
    session: Session, strangers: bool
) -> None:
    """A list may have thousands of domains there, and its run has no end of its own for each."""
    found = surveyed({name: [f"mx.{name}"] for name in STRANGERS}, session, strangers=strangers)
    assert list(found.values()).count([session]) == 4 * TIMEOUT // SLOW


class SlowPolicy(Fetch):
    """A policy for which a server takes half of the time that one may take; status 0 is for no answer."""

    passed = 0.0
    """Seconds that all have taken."""

    def __init__(self, answer: int) -> None:
        """`answer` is the status of HTTP."""
        super().__init__("mta-sts.example", 443, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), TIMEOUT)
        self._answer = answer

    async def at(self, address: str, share: float, timeout: float) -> None:
        SlowPolicy.passed += SLOW
        self.status = self._answer


@pytest.mark.parametrize(
    ("status", "strangers", "most"), [(200, True, 10), (404, True, 10), (200, False, 8), (0, True, 8)]
)
def test_policies_of_strangers_do_not_use_up_the_time_of_a_server_that_answers(
    status: int, strangers: bool, most: int
) -> None:
    async def main() -> int:
        asyncio.get_running_loop().time = lambda: SlowPolicy.passed  # type: ignore[method-assign]
        servers, refused = Servers(Turns(1, 1, 0), TIMEOUT, strangers=strangers), 0
        for _ in range(10):
            try:
                await servers.fetched(SlowPolicy(status), [THERE])
            except Ended:
                refused += 1
        return 10 - refused

    assert asyncio.run(main()) == most
