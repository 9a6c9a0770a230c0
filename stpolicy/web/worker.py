"""A process that only runs scans, for a database that several share."""

import asyncio

from stpolicy.web.service import opened
from stpolicy.web.settings import Settings


async def work(settings: Settings) -> None:
    """Works until it is cancelled."""
    async with opened(settings):
        await asyncio.Event().wait()
