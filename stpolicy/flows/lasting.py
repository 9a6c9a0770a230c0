"""Work that goes on for as long as a service lives, whatever happens to it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from stpolicy.errors import Unavailable

T = TypeVar("T")

AGAIN = 1.0
"""Seconds until work that has failed is begun again, and between two looks whether a database is back."""

_log = logging.getLogger(__name__)


async def lasting(work: Callable[[], Awaitable[None]]) -> None:
    """Begins the work again whenever it ends, until this is cancelled."""
    while True:
        try:
            await work()
        except Unavailable as wrong:
            _log.warning("%s", wrong.message)
        except Exception:  # noqa: BLE001  (a task that nobody waits for would end unseen)
            _log.exception("work that goes on has failed, and is begun again")
        task = asyncio.current_task()
        if task and task.cancelling():
            raise asyncio.CancelledError  # what failed was its end
        await asyncio.sleep(AGAIN)


async def insisted(call: Callable[[], T]) -> T:
    """What a call (in a thread) gives, however long its database is away."""
    while True:
        try:
            return await asyncio.to_thread(call)
        except Unavailable as wrong:
            _log.warning("%s", wrong.message)
        await asyncio.sleep(AGAIN)
