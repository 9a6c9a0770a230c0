"""Surveys for who is asked one domain after another: each is shared for a while, then the next begins."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from stpolicy.checker.looks import Looks, Terms
from stpolicy.checker.survey import Survey
from stpolicy.flows.check import Network, surveying, turns_of

LIFE = timedelta(seconds=60)
"""For so long, a mail server that several domains share is looked at once, and a dead address stays dead."""


@dataclass(slots=True)
class Round:
    """One survey, and who uses it."""

    survey: Survey
    begun: datetime
    closing: AsyncExitStack
    users: int = 0


class Rounds:
    """One after another over the same network, with one count of who is connected where."""

    def __init__(self, network: Network, clock: Callable[[], datetime], at_once: int) -> None:
        """So many domains take part at once, and each has its share of all connections."""
        self._network, self._clock = network, clock
        self._share = max(1, network.limits.concurrency // max(1, at_once) - 1)  # one is for its MTA-STS
        self._turns = turns_of(network.limits)
        self._current: Round | None = None

    @asynccontextmanager
    async def take_part(self) -> AsyncIterator[Round]:
        """The round of now; it goes on for who takes part, even when a new one has begun."""
        taken = self._current
        if taken is None or not timedelta() <= self._clock() - taken.begun < LIFE:
            taken = await self._begin()
        taken.users += 1
        try:
            yield taken
        finally:
            taken.users -= 1
            if not taken.users and taken is not self._current:
                await taken.closing.aclose()

    async def _begin(self) -> Round:
        network, now = self._network, self._clock()
        terms = Terms(network.ca_file, now, network.manner, network.limits, network.probes)
        async with AsyncExitStack() as closing:
            survey = await closing.enter_async_context(
                surveying(network, Looks(terms).look, self._turns, now=now, share=self._share)
            )
            begun = Round(survey, now, closing.pop_all())
        await self.end(begun)
        return begun

    async def end(self, following: Round | None = None) -> None:
        """Ends the round of now, once nobody takes part in it any more."""
        retired, self._current = self._current, following
        if retired and not retired.users:
            await retired.closing.aclose()
