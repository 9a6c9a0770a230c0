"""The moment at which a domain is judged by what has been seen of it until then."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from stpolicy.model.observation import (
    AddressObservation,
    Dns,
    Fault,
    MxAnswer,
    Records,
    Session,
    Step,
    StsObservation,
    Unreachable,
)

T = TypeVar("T")

_TOLD = "there was no time left for it"
RECORDS = Records(Dns.TIME_OUT, message=_TOLD)
MX = MxAnswer(Dns.TIME_OUT, message=_TOLD)
MTA_STS = StsObservation(RECORDS)
_SESSION = Session(ended=Unreachable(Step.CONNECT, Fault.NO_TIME, _TOLD))


def address(literal: str) -> AddressObservation:
    """Of an address at which a look has not begun, or not ended."""
    return AddressObservation(literal, _SESSION)


@dataclass(frozen=True, slots=True)
class Until:
    """A moment by the clock of the loop; None for a domain that has all the time that it takes."""

    moment: float | None = None

    async def of(self, work: Awaitable[T], late: T) -> T:
        """What the work comes to; `late` where it has not by then, and the work is cancelled."""
        limit = asyncio.timeout_at(self.moment)
        try:
            async with limit:
                return await work
        except TimeoutError:
            if not limit.expired():
                raise
            return late


EVER = Until()
