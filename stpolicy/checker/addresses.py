"""Looks at addresses of mail servers as a good neighbour does: in turn, and with patience that has an end."""

import asyncio
from collections.abc import Awaitable, Callable

from stpolicy.checker.looks import TOO_LONG
from stpolicy.checker.patience import DEAD, Patience
from stpolicy.checker.turns import Turns
from stpolicy.model.observation import AddressObservation, Session, Step

Look = Callable[[str, str, float], Awaitable[AddressObservation]]
"""(host name, address, seconds) -> what was seen there until then."""

_NAMELESS = (Step.CONNECT, Step.BANNER, Step.EHLO, Step.STARTTLS)
"""Here a server does not know yet by which name we found it: it does the same under any other."""


class Addresses:
    """Each call looks at one address under one host name. What does not answer is not asked again."""

    def __init__(self, look: Look, timeout: float, turns: Turns) -> None:
        """`timeout` is that of one connection; `turns` are shared with others who connect to addresses."""
        self._look = look
        self._turns = turns
        self._patience: Patience[Session] = Patience(timeout)

    async def look(self, host: str, address: str) -> AddressObservation:
        """What is seen of an address in the time that is left for it, under all its names."""
        patience = self._patience
        async with self._turns.at(address) as connected:
            if dead := patience.dead(address):
                return AddressObservation(address, dead)
            if not (left := patience.left(address)):
                return AddressObservation(address, TOO_LONG)
            async with connected:  # whoever waits here has lost nothing of its own time
                return await self._looked(host, address, left)

    async def _looked(self, host: str, address: str, left: float) -> AddressObservation:
        clock = asyncio.get_running_loop().time
        began = clock()
        seen = await self._look(host, address, left)
        self._patience.waited(address, clock() - began)
        ended = seen.session.ended
        if ended and ended.step in _NAMELESS and ended.fault in DEAD:
            self._patience.remember(address, seen.session)
        return seen
