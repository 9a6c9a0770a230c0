"""An answer that takes a while to read: read once, however many ask, and kept for some time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from stpolicy.errors import Unavailable

T = TypeVar("T")


class Kept(Generic[T]):
    """What `read` gives. Who asks meanwhile gets the same; a failure is told to them, and not kept.

    A reading goes on for as long as it takes; nobody waits for one that has taken `longest` seconds.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[T]],
        span: timedelta,
        clock: Callable[[], datetime],
        longest: float,
    ) -> None:
        self._read, self._span, self._clock, self._longest = read, span, clock, longest
        self._reading: asyncio.Future[T] | None = None
        self._begun, self._late = clock(), 0.0

    @property
    def left(self) -> timedelta:
        """For how long it will be kept."""
        age = self._clock() - self._begun
        return self._span - age if timedelta() <= age < self._span else timedelta()

    async def get(self) -> T:
        """The answer; it may be as old as the span. Unavailable where it takes too long."""
        reading = self._reading
        if reading is None or (reading.done() and (_failed(reading) or not self.left)):
            reading, self._begun = asyncio.ensure_future(self._read()), self._clock()
            reading.add_done_callback(_failed)  # whoever asked may be gone
            self._reading = reading
            self._late = reading.get_loop().time() + self._longest
        try:
            async with asyncio.timeout_at(self._late):
                return await asyncio.shield(reading)
        except TimeoutError as late:
            raise Unavailable(f"the database took longer than {self._longest} s") from late


def _failed(reading: "asyncio.Future[T]") -> bool:
    return reading.cancelled() or reading.exception() is not None
