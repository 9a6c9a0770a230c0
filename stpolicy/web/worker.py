"""A process that only runs scans, for a database that several share."""

import asyncio
from collections.abc import Callable

from stpolicy.web.service import opened
from stpolicy.web.settings import Settings


async def work(settings: Settings, begun: Callable[[], None]) -> None:
    """Works until it is cancelled; `begun` is called once it does."""
    async with opened(settings):
        begun()
        await asyncio.Event().wait()
