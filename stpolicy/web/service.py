"""The parts of the service, put together: what HTTP asks, and what a worker runs."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from stpolicy.errors import StpolicyError, Unavailable
from stpolicy.flows.jobs import Embedded, Jobs, Run, Shared
from stpolicy.flows.lasting import lasting
from stpolicy.flows.rounds import Rounds
from stpolicy.flows.scan import Scanner
from stpolicy.flows.served import Pair, Served
from stpolicy.flows.submit import MOST_WAITING, Submitted, domain_of, submit
from stpolicy.ledger import Ledger, address
from stpolicy.ledger.alone import alone
from stpolicy.model.policy import PolicyList
from stpolicy.model.scanned import State
from stpolicy.web import _clock
from stpolicy.web.excluded import Excluded
from stpolicy.web.kept import Kept
from stpolicy.web.limits import Limit
from stpolicy.web.newest import Newest
from stpolicy.web.places import Places
from stpolicy.web.settings import Settings
from stpolicy.web.statistics import FOR, statistics
from stpolicy.web.threads import LONGEST, Threads, threads
from stpolicy.web.watch import Watch

_TIDY_EVERY = 600
"""Seconds."""
_WELL = 3
"""Seconds: a database that takes longer for a count does not answer. Prometheus waits for ten in all."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Service:
    """What the handlers of requests use."""

    settings: Settings
    ledger: Ledger
    jobs: Jobs
    excluded: Excluded
    served: Served | None
    threads: Threads
    clock: Callable[[], datetime] = _clock.now
    watch: Watch = field(init=False)
    newest: Newest = field(init=False)
    counts: Kept[dict[State, int]] = field(init=False)
    """Of scans, read by one at a time: who watches over the service must not wait for others who do."""
    statistics: Kept[dict[str, Any]] = field(init=False)
    places: Places = field(default_factory=Places)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _renewing: "asyncio.Task[Pair | None] | None" = None

    def __post_init__(self) -> None:
        """Makes what reads the ledger."""
        ledger, steady = self.ledger, self.threads.steady
        self.watch = Watch(ledger, steady)
        self.newest = Newest(ledger, self.threads.reads)
        self.counts = Kept(partial(steady.run, ledger.counts), timedelta(), self.clock, _WELL)
        self.statistics = Kept(lambda: steady.run(statistics, ledger, self.clock()), FOR, self.clock, LONGEST)

    async def pair(self) -> Pair | None:
        """The verified pair in force now, or the last one that verified."""
        served = self.served
        if served is None or served.is_known(self.clock()):
            return served.pair if served else None
        begins = self._renewing is None or self._renewing.done()
        if self._renewing is None or begins:
            self._renewing = asyncio.create_task(self.threads.steady.run(served.renew, self.clock()))
        if begins or served.pair is None:
            await asyncio.shield(self._renewing)  # who goes must let nobody begin beside it
        return served.pair

    def policies(self) -> PolicyList | None:
        """The list of the last pair that verified, without another look."""
        pair = self.served.pair if self.served else None
        return pair.policies if pair else None

    async def submit(self, name: str, client: str, allow: Callable[[], None]) -> Submitted:
        """The scan that answers for a domain, for a client; see flows.submit."""
        domain = domain_of(name)
        await self.pair()  # names are held against the list of now
        now = self.clock()
        excluded = self.excluded.domains()
        done = await self.threads.asks.run(submit, domain, self.ledger, excluded, allow, now=now)
        if done.new:
            with suppress(Unavailable):  # it waits in the ledger, and is found there
                await self.jobs.offer(done.scan.id, client)
        return done


@asynccontextmanager
async def opened(settings: Settings, *, clock: Callable[[], datetime] = _clock.now) -> AsyncIterator[Service]:
    """The service, at work; in the end what is under way waits again. Busy where another has its database."""
    url = address(settings.database)
    with alone(url), closing(Ledger(url)) as ledger:
        async with threads() as rooms, _working(settings, ledger, rooms, clock) as service:
            yield service


@asynccontextmanager
async def _working(
    settings: Settings, ledger: Ledger, rooms: Threads, clock: Callable[[], datetime]
) -> AsyncIterator[Service]:
    served = Served(settings.folder, settings.who, clock()) if settings.who else None
    excluded = Excluded(settings.exclude)
    rounds = Rounds(settings.network, clock, settings.at_once)
    jobs: Jobs = Shared(ledger) if ledger.shared else Embedded(ledger, MOST_WAITING)
    service = Service(settings, ledger, jobs, excluded, served, rooms, clock)

    await rooms.steady.run(prepare, ledger)
    if await service.pair() is None and served:
        _log.warning("%s; no list is served until there is one", served.fault)
    await jobs.start(_runner(service, rounds), settings.at_once)
    others = [asyncio.create_task(lasting(work)) for work in (service.watch.run, partial(_tidy, service))]
    try:
        yield service
    finally:
        service.stopping.set()
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await jobs.stop()
        await rounds.end()


def _runner(service: Service, rounds: Rounds) -> Run:
    """Runs a scan by the list of then, and tells those who wait for it."""
    scanner = Scanner(service.ledger, rounds, service.policies, service.clock, service.excluded.domains)

    async def run(id_: str) -> None:
        await service.pair()
        await scanner.run(id_)
        service.watch.wake()

    return run


def check(settings: Settings) -> None:
    """Raises, as one sentence and before anything is begun, what `opened` would stumble over."""
    Excluded(settings.exclude)
    url = address(settings.database)
    with alone(url), closing(Ledger(url)) as ledger:
        prepare(ledger)
        Limit(settings.limit, ledger, _clock.now)


def prepare(ledger: Ledger) -> None:
    """Makes sure of the tables; StpolicyError where only a person may change a database that others use."""
    if not ledger.shared:
        ledger.upgrade()
    elif not ledger.is_current:
        raise StpolicyError(
            "the tables of the database are not those that this version needs",
            "stpolicy db upgrade --database URL",
        )


async def _tidy(service: Service) -> None:
    """Takes out what is too old, now and then."""
    run = service.threads.steady.run
    while True:
        now = service.clock()
        with suppress(Unavailable):  # another time
            await run(service.ledger.prune, now - timedelta(days=service.settings.keep))
            await run(service.ledger.prune_hits, now)
        await asyncio.sleep(_TIDY_EVERY)
