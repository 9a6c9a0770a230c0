"""Many domains to their observations: bounded, each host once, each domain told of as soon as it is done."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

from stpolicy.checker import dane, until
from stpolicy.checker.addresses import Accounts
from stpolicy.checker.dns import Kind, Resolver, is_global
from stpolicy.checker.once import Once
from stpolicy.checker.shares import Share, Takers
from stpolicy.checker.until import EVER, Until
from stpolicy.errors import StpolicyError
from stpolicy.model.names import Domain, host_fault
from stpolicy.model.observation import (
    AddressObservation,
    Dns,
    DomainObservation,
    Fault,
    HostObservation,
    MxAnswer,
    Records,
    Session,
    Step,
    StsObservation,
    Unreachable,
)

MOST_ADDRESSES = 16
"""Of one host and one family, where big providers have 8; that there are more, `mx.addresses_unseen` says."""

MOST_LOOKS = 64
"""Of one domain, divided among its hosts, where Postfix tries five addresses (smtp_mx_address_limit)."""

Look = Callable[[str, str, Accounts], Awaitable[AddressObservation]]
"""(host name, address, for whom) -> what was seen there."""

Fetch = Callable[[Domain], Awaitable[StsObservation]]
"""A domain -> its MTA-STS."""

OnEvent = Callable[[str, bool], None]
"""(a mail server of the domain, or empty for its MTA-STS; whether it has been looked at, or is about to)."""

FAMILIES: tuple[Literal["A", "AAAA"], ...] = ("A", "AAAA")
T = TypeVar("T")

_NOT_ASKED = Records(Dns.NOT_ASKED)


def _unheard(_name: str, _seen: bool) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at."""

    families: tuple[Literal["A", "AAAA"], ...] = FAMILIES
    mta_sts: bool = True
    dane: bool = True
    allow_private: bool = False


class Survey:
    """One run. What is looked at is shared: once, however many domains lead to it."""

    def __init__(
        self,
        resolver: Resolver,
        look: Look,
        fetch: Fetch,
        scope: Scope,
        *,
        rate: float,
        share: int,
        now: datetime,
    ) -> None:
        """`rate` is in new hosts a second, 0 for no bound."""
        self._resolver = resolver
        self._look = look
        self._fetch = fetch
        self._scope = scope
        self._pace = _Pace(rate)
        self.share = share
        """Connections to mail servers that one domain has at once."""
        self._now = now
        self._names = Once(self._name)
        self._addresses = Once(self._address)
        self.connected = False
        """Whether any connection has come about."""

    async def run(
        self,
        domains: Iterable[Domain],
        width: int,
        judge: Callable[[DomainObservation], T],
        failed: Callable[[Domain, Exception], T],
        emit: Callable[[T], None],
    ) -> None:
        """Looks at `width` domains at a time; what is made of each is given to `emit`, in no order.

        One at which we fail ends no other look: what `failed` makes of it is given instead. StpolicyError,
        which is not about one domain, ends the run.
        """
        waiting = iter(spread(domains))

        async def work() -> None:
            for domain in waiting:
                try:
                    found = judge(await self.domain(domain))
                except StpolicyError:
                    raise
                except Exception as wrong:  # noqa: BLE001  (of what we never thought of)
                    found = failed(domain, wrong)
                emit(found)

        await asyncio.gather(*(work() for _ in range(width)))

    async def domain(
        self, domain: Domain, on_event: OnEvent = _unheard, end: Until = EVER
    ) -> DomainObservation:
        """Everything that the scope asks for; what is not there at the end says so, and the rest stands.

        A look that another domain waits for too goes on.
        """
        mx, mta_sts, tlsrpt = await asyncio.gather(
            self._mail_servers(domain, on_event, end),
            self._mta_sts(domain, on_event, end),
            self._tlsrpt(domain, end),
        )
        answer, hosts = mx
        return DomainObservation(domain, self._now, answer, hosts, mta_sts, tlsrpt)

    async def _mail_servers(
        self, domain: Domain, on_event: OnEvent, end: Until
    ) -> tuple[MxAnswer, tuple[HostObservation, ...]]:
        answer = await end.of(self._resolver.mx(domain), until.MX)
        names = dict.fromkeys(mx.host for mx in answer.exchanges if mx.host and not host_fault(mx.host))
        for name in names:
            on_event(name, False)

        share, most = Share(self.share), MOST_LOOKS // max(len(names), 1)

        async def told(name: str) -> HostObservation:
            seen = await self._host(name, share, most, end)
            on_event(name, True)
            return seen

        return answer, tuple(await asyncio.gather(*map(told, names)))

    async def _mta_sts(self, domain: Domain, on_event: OnEvent, end: Until) -> StsObservation | None:
        if not self._scope.mta_sts:
            return None
        on_event("", False)
        seen = await end.of(self._fetch(domain), until.MTA_STS)
        on_event("", True)
        return seen

    async def _tlsrpt(self, domain: Domain, end: Until) -> Records | None:
        if not self._scope.mta_sts:
            return None
        return await end.of(self._resolver.records(f"_smtp._tls.{domain}", "TXT"), until.RECORDS)

    async def _host(self, host: str, share: Share, most: int, end: Until) -> HostObservation:
        a, aaaa, tlsa = await end.of(self._names.of(host, share), (until.RECORDS,) * 3)
        found = _chosen(a.values, aaaa.values, most)
        looks = (
            end.of(self._addresses.of((host, address), share), until.address(address)) for address in found
        )
        return HostObservation(host, a, aaaa, tlsa, tuple(await asyncio.gather(*looks)))

    async def _name(self, host: str, _: Takers) -> tuple[Records, Records, Records]:
        """A, AAAA and TLSA records."""
        await self._pace.turn()
        a, aaaa = await asyncio.gather(*(self._records(host, family) for family in FAMILIES))
        tlsa = await dane.tlsa(host, self._resolver, (a, aaaa)) if self._scope.dane else _NOT_ASKED
        return a, aaaa, tlsa

    async def _records(self, host: str, family: Kind) -> Records:
        return await self._resolver.records(host, family) if family in self._scope.families else _NOT_ASKED

    async def _address(self, at: tuple[str, str], takers: Takers) -> AddressObservation:
        host, address = at
        if not self._scope.allow_private and not is_global(address):
            refused = Unreachable(Step.CONNECT, Fault.NOT_GLOBAL, "is no address of the global internet")
            return AddressObservation(address, Session(ended=refused))
        async with takers.place():
            seen = await self._look(host, address, lambda: takers.accounts)
        ended = seen.session.ended
        self.connected |= ended is None or ended.step is not Step.CONNECT
        return seen


def _chosen(a: Sequence[str], aaaa: Sequence[str], most: int) -> tuple[str, ...]:
    """So many of a host's addresses at most, of both families if it has them."""
    four, six = a[:MOST_ADDRESSES], aaaa[:MOST_ADDRESSES]
    sixes = max(most // 2, most - len(four))
    return *four[: most - len(six[:sixes])], *six[:sixes]


class _Pace:
    """Lets through a number a second, each in turn; all of them when the rate is 0."""

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate if rate else 0
        self._next = 0.0

    async def turn(self) -> None:
        if self._gap:
            moment = asyncio.get_running_loop().time()
            self._next = max(self._next + self._gap, moment)
            await asyncio.sleep(self._next - moment)


def spread(domains: Iterable[Domain]) -> Iterator[Domain]:
    """The domains in an order without neighbours: those of one provider do not all wait for the same host."""
    return iter(sorted(domains, key=lambda domain: (zlib.crc32(domain.encode()), domain)))
