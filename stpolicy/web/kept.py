"""An answer that takes a while to read: read once, however many ask, and kept for some time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """What `read` gives. Who asks meanwhile gets the same; a failure is told to them, and not kept."""

    def __init__(
        self, read: Callable[[], Awaitable[T]], span: timedelta, clock: Callable[[], datetime]
    ) -> None:
        self._read, self._span, self._clock = read, span, clock
        self._reading: asyncio.Future[T] | None = None
        self._begun = clock()

    @property
    def left(self) -> timedelta:
        """For how long it will be kept."""
        age = self._clock() - self._begun
        return self._span - age if timedelta() <= age < self._span else timedelta()

    async def get(self) -> T:
        """The answer; it may be as old as the span."""
        reading = self._reading
        if reading is None or (reading.done() and (_failed(reading) or not self.left)):
            reading, self._begun = asyncio.ensure_future(self._read()), self._clock()
            reading.add_done_callback(_failed)  # whoever asked may be gone
            self._reading = reading
        return await asyncio.shield(reading)


def _failed(reading: "asyncio.Future[T]") -> bool:
    return reading.cancelled() or reading.exception() is not None
