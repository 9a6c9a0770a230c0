"""Everything that is done with one address under one host name: the main look, and the probes after it."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from stpolicy.checker import legacy, smtp
from stpolicy.checker.smtp import Manner
from stpolicy.checker.tls import Client
from stpolicy.model.observation import OLD, AddressObservation, Fault, Probe, Session, Step, Unreachable

TOO_LONG = Session(ended=Unreachable(Step.CONNECT, Fault.TIME_OUT, "took too long in all"))
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
    """Or the pause, if that is longer."""


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
    manner: Manner
    session: Session = TOO_LONG
    probes: dict[str, Probe] = field(default_factory=dict)


class Looks:
    """Looks whenever it is told to; whose turn it is, others know."""

    def __init__(self, terms: Terms) -> None:
        self._client = Client(terms.ca_file, terms.now)
        self._terms = terms

    async def look(self, host: str, address: str, seconds: float, probe: bool) -> AddressObservation:
        """The main look, then the probes if wanted, which have a budget of their own. Never raises.

        In time or not, what is known after so many seconds is told; and no host ends the run of all others.
        """
        manner = self._terms.manner
        looking = _Looking(host, address, replace(manner, timeout=min(manner.timeout, seconds)))
        try:
            async with asyncio.timeout(seconds):
                await self._whole(looking, probe=probe and self._terms.probes)
        except TimeoutError:
            pass
        except Exception as wrong:  # noqa: BLE001  (a fault of ours, which is told of as one)
            said = f"internal error: {type(wrong).__name__}: {wrong}"
            looking.session = replace(looking.session, ended=Unreachable(Step.CONNECT, Fault.OURS, said))
        return AddressObservation(address, looking.session, looking.probes)

    async def _whole(self, looking: _Looking, *, probe: bool) -> None:
        manner, limits = looking.manner, self._terms.limits
        for left in range(limits.retries, -1, -1):
            looking.session = await smtp.look(looking.host, looking.address, manner, self._client)
            ended = looking.session.ended
            if not left or ended is None or not ended.transient:
                break
            await asyncio.sleep(max(limits.retry_after, limits.pause))
        if probe and looking.session.offers_starttls:
            looking.probes = _UNTESTED
            await asyncio.sleep(limits.pause)
            looking.probes = await legacy.probe(
                looking.host, looking.address, manner, timeout=manner.timeout, pause=limits.pause
            )
