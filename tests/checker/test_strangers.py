"""Names of strangers lead to a server that is slow but good: its own domain is looked at all the same."""

import asyncio
from typing import cast

import pytest

from stpolicy.checker.addresses import Addresses
from stpolicy.checker.dns import Resolver
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
