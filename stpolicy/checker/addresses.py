"""Looks at addresses of mail servers as a good neighbour does: one connection at a time to each."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from stpolicy.checker import legacy, smtp
from stpolicy.checker.smtp import Manner
from stpolicy.checker.tls import Client
from stpolicy.checker.turns import Turns
from stpolicy.model.observation import OLD, AddressObservation, Fault, Probe, Session, Step, Unreachable

HOST_DEADLINE = 4
"""How many times the deadline of one connection everything may take that is done with one address."""

_DEAD = frozenset({Fault.REFUSED, Fault.NO_ROUTE, Fault.TIME_OUT})
_NOTHING = Session(ended=Unreachable(Step.CONNECT, Fault.TIME_OUT, "took too long in all"))
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


@dataclass(slots=True)
class _Looking:
    """What is known of an address so far, so that it outlives the deadline."""

    host: str
    address: str
    session: Session = _NOTHING
    probes: dict[str, Probe] = field(default_factory=dict)


class Addresses:
    """Each call looks at one address under one host name. What does not answer is not asked again."""

    def __init__(self, terms: Terms, turns: Turns | None = None) -> None:
        """`turns` are shared with others who look at the same addresses."""
        self._client = Client(terms.ca_file, terms.now)
        self._manner = terms.manner
        self._limits = limits = terms.limits
        self._probes = terms.probes
        self._turns = turns or Turns(limits.concurrency, limits.per_host, limits.pause)
        self._dead: dict[str, Unreachable] = {}

    async def look(self, host: str, address: str) -> AddressObservation:
        """The main look, then the probes, which have a budget of their own. Never raises."""
        async with self._turns.at(address) as slots:
            if dead := self._dead.get(address):
                return AddressObservation(address, Session(ended=dead))
            looking = _Looking(host, address)
            async with slots:  # whoever waits here has lost nothing of its own time
                await self._bounded(looking)
            ended = looking.session.ended
            if ended and ended.step in (Step.CONNECT, Step.BANNER) and ended.fault in _DEAD:
                self._dead[address] = ended
        return AddressObservation(address, looking.session, looking.probes)

    async def _bounded(self, looking: _Looking) -> None:
        """In time or not, what is known by then is told; and no host ends the run of all the others."""
        try:
            async with asyncio.timeout(HOST_DEADLINE * self._manner.timeout):
                await self._whole(looking)
        except TimeoutError:
            pass
        except Exception as wrong:  # noqa: BLE001  (a fault of ours, which is told of as one)
            said = f"internal error: {type(wrong).__name__}: {wrong}"
            looking.session = replace(looking.session, ended=Unreachable(Step.CONNECT, Fault.OURS, said))

    async def _whole(self, looking: _Looking) -> None:
        manner, limits = self._manner, self._limits
        for left in range(limits.retries, -1, -1):
            looking.session = await smtp.look(looking.host, looking.address, manner, self._client)
            ended = looking.session.ended
            if not left or ended is None or not ended.transient:
                break
            await asyncio.sleep(limits.retry_after)
        if self._probes and looking.session.offers_starttls:
            looking.probes = _UNTESTED
            await asyncio.sleep(limits.pause)
            looking.probes = await legacy.probe(
                looking.host, looking.address, manner, timeout=manner.timeout, pause=limits.pause
            )
