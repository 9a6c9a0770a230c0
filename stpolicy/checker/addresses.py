"""Looks at addresses of mail servers as a good neighbour does: one connection at a time to each."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stpolicy.checker import legacy, smtp
from stpolicy.checker.smtp import Manner
from stpolicy.checker.tls import Client
from stpolicy.model.observation import OLD, AddressObservation, Fault, Probe, Session, Step, Unreachable

HOST_DEADLINE = 4
"""How many times the deadline of one connection everything may take that is done with one address."""

_DEAD = frozenset({Fault.REFUSED, Fault.NO_ROUTE, Fault.TIME_OUT})
_UNTESTED = dict.fromkeys(OLD, Probe.NOT_TESTED)


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard may be knocked. `pause` and `retry_after` are in seconds, `rate` in new hosts a second."""

    concurrency: int = 64
    """Connections at once, in all."""
    per_host: int = 1
    """Connections at once to one address."""
    pause: float = 0.1
    """Between two connections to one address."""
    rate: float = 0
    """0: as many as there are."""
    retries: int = 0
    """Of a look that came to nothing for a reason that may pass."""
    retry_after: float = 5


@dataclass(frozen=True, slots=True)
class Terms:
    """All that looking at addresses takes; `ca_file` None is Mozilla's roots."""

    ca_file: Path | None
    now: datetime
    manner: Manner
    limits: Limits
    probes: bool = True
    """Whether old versions and weak ciphers are tried too."""


class Addresses:
    """Each call looks at one address under one host name. What does not answer is not asked again."""

    def __init__(self, terms: Terms) -> None:
        self._client = Client(terms.ca_file, terms.now)
        self._manner = terms.manner
        self._limits = limits = terms.limits
        self._probes = terms.probes
        self._slots = asyncio.Semaphore(limits.concurrency)
        self._turns: dict[str, tuple[asyncio.Semaphore, list[None]]] = {}
        self._dead: dict[str, Unreachable] = {}

    async def look(self, host: str, address: str) -> AddressObservation:
        """The main look, then the probes, which have a budget of their own."""
        session = Session(ended=Unreachable(Step.CONNECT, Fault.TIME_OUT, "took too long in all"))
        probes = _UNTESTED if self._probes else {}
        async with self._turn(address):
            if dead := self._dead.get(address):
                return AddressObservation(address, Session(ended=dead))
            try:
                async with asyncio.timeout(HOST_DEADLINE * self._manner.timeout):
                    session = await self._session(host, address)
                    if probes and session.offers_starttls:
                        await asyncio.sleep(self._limits.pause)
                        async with self._slots:
                            probes = await self._probed(host, address)
            except TimeoutError:
                pass  # what is known by then is told
            ended = session.ended
            if ended and ended.step in (Step.CONNECT, Step.BANNER) and ended.fault in _DEAD:
                self._dead[address] = ended
        return AddressObservation(address, session, probes if session.offers_starttls else {})

    async def _probed(self, host: str, address: str) -> dict[str, Probe]:
        timeout, pause = self._manner.timeout, self._limits.pause
        return await legacy.probe(host, address, self._manner, timeout=timeout, pause=pause)

    async def _session(self, host: str, address: str) -> Session:
        for left in range(self._limits.retries, -1, -1):
            async with self._slots:
                session = await smtp.look(host, address, self._manner, self._client)
            if not left or session.ended is None or not session.ended.transient:
                break
            await asyncio.sleep(self._limits.retry_after)
        return session

    @asynccontextmanager
    async def _turn(self, address: str) -> AsyncIterator[None]:
        """Waits until fewer are at this address; whoever waits holds no other slot."""
        turn, users = self._turns.setdefault(address, (asyncio.Semaphore(self._limits.per_host), []))
        users.append(None)
        try:
            async with turn:
                yield
        finally:
            users.pop()
            if not users:
                del self._turns[address]
