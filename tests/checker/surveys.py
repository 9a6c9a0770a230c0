"""A survey over names and mail servers that are made up; what it asks is written down. No network."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal, NoReturn, cast

from stpolicy.checker.dns import Resolver
from stpolicy.checker.survey import Scope, Survey
from stpolicy.model.names import Domain
from stpolicy.model.observation import (
    AddressObservation,
    Dns,
    DomainObservation,
    Exchange,
    MxAnswer,
    Records,
    Reply,
    Session,
    StsObservation,
)

AT = datetime(2026, 11, 1, tzinfo=UTC)
ABSENT = Records(Dns.NXDOMAIN)
MET = Session(Reply(220, ("mx",)))
EVERYTHING = Scope()


def raising(_: Domain, wrong: Exception) -> NoReturn:
    raise wrong


class Names:
    """DNS: the MX hosts of each domain, and the addresses of each host."""

    mute = ""
    """A type of question that is never answered."""

    def __init__(self, mx: Mapping[str, Iterable[str]], addresses: Mapping[str, Iterable[str]]) -> None:
        self._mx, self._addresses = mx, addresses
        self.asked: list[str] = []

    async def mx(self, domain: Domain) -> MxAnswer:
        await self.answering("MX")
        hosts = tuple(Exchange(10, host) for host in self._mx[domain])
        return MxAnswer(Dns.ANSWER, hosts, len(hosts))

    async def records(self, name: str, kind: Literal["A", "AAAA", "TXT", "TLSA"]) -> Records:
        self.asked.append(f"{name} {kind}")
        await self.answering(kind)
        found = tuple(a for a in self._addresses.get(name, ()) if (":" in a) is (kind == "AAAA"))
        return Records(Dns.ANSWER, found) if found and kind in ("A", "AAAA") else ABSENT

    async def answering(self, kind: str) -> None:
        """Goes on at once, or never."""
        if kind == self.mute:
            await asyncio.Event().wait()


class World:
    """A survey of such names, and what it did."""

    def __init__(
        self,
        mx: Mapping[str, Iterable[str]],
        addresses: Mapping[str, Iterable[str]],
        look: Callable[[str, str], Awaitable[Session]] | None = None,
        *,
        scope: Scope = EVERYTHING,
        rate: float = 0,
        share: int = 64,
    ) -> None:
        self.names, self.looked, self.fetched = Names(mx, addresses), [], []
        self.look, names = look, cast(Resolver, self.names)
        self.survey = Survey(names, self._looks, self._fetch, scope, rate=rate, share=share, now=AT)
        self._domains = list(map(Domain, mx))
        self.told: list[DomainObservation] = []

    breaks = ""
    looked: list[tuple[str, str]]
    fetched: list[str]

    async def _looks(self, host: str, address: str, _: object) -> AddressObservation:
        self.looked.append((host, address))
        await asyncio.sleep(0)
        return AddressObservation(address, await self.look(host, address) if self.look else MET)

    async def _fetch(self, domain: Domain) -> StsObservation:
        self.fetched.append(domain)
        await self.names.answering("MTA-STS")
        if domain == self.breaks:
            raise KeyError("of our own making")
        return StsObservation(ABSENT)

    def run(self, width: int = 8) -> dict[str, DomainObservation]:
        asyncio.run(self.survey.run(self._domains, width, lambda seen: seen, raising, self.told.append))
        return {found.domain: found for found in self.told}
