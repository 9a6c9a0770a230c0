"""Looks at addresses of mail servers as a good neighbour does: in turn, and with patience that has an end."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace

from stpolicy.checker.looks import TOO_LONG
from stpolicy.checker.patience import DEAD, Account, Patience
from stpolicy.checker.turns import Turns
from stpolicy.model.observation import AddressObservation, Probe, Session, Step

Look = Callable[[str, str, float, bool], Awaitable[AddressObservation]]
"""(host name, address, seconds, whether to probe) -> what was seen there until then."""

Accounts = Callable[[], Collection[Account]]

_NAMELESS = (Step.CONNECT, Step.BANNER, Step.EHLO, Step.STARTTLS)
"""Here a server does not know yet by which name we found it: it does the same under any other."""


class Addresses:
    """Each call looks at one address under one host name. What does not answer is not asked again."""

    def __init__(self, look: Look, timeout: float, turns: Turns, *, strangers: bool = False) -> None:
        """`timeout` is that of one connection; `turns` are shared with others who connect to addresses.

        `strangers`: anybody may ask for any domain, also so as to use up the time of somebody's server.
        """
        self._look = look
        self._strangers = strangers
        self._turns = turns
        self._patience: Patience[Session] = Patience(timeout)
        self._probed: dict[str, Mapping[str, Probe]] = {}
        """What the probes of an address came to. A server knows no name when it takes or refuses a version,
        so no second name is worth three connections more."""
        self._answers: dict[tuple[tuple[str, Probe], ...], Mapping[str, Probe]] = {}

    async def look(self, host: str, address: str, accounts: Accounts = tuple) -> AddressObservation:
        """What is seen of an address in the time that is left for it, under all its names.

        `accounts` gives those of the domains that want it, which may become more while it waits.
        """
        patience = self._patience
        async with self._turns.at(address) as connected:
            if dead := patience.dead(address):
                return AddressObservation(address, dead)
            if not (left := patience.left(address, accounts() if self._strangers else ())):
                return AddressObservation(address, TOO_LONG)
            async with connected:  # whoever waits here has lost nothing of its own time
                return await self._looked(host, address, left, accounts)

    async def _looked(self, host: str, address: str, left: float, accounts: Accounts) -> AddressObservation:
        clock = asyncio.get_running_loop().time
        began, known = clock(), self._probed.get(address)
        seen = await self._look(host, address, left, known is None)
        self._patience.waited(address, clock() - began, accounts())
        if seen.session.banner and seen.session.banner.code == 220:
            self._patience.greeted(address)
        ended = seen.session.ended
        if ended and ended.step in _NAMELESS and ended.fault in DEAD:
            self._patience.remember(address, seen.session)
        if known and seen.session.offers_starttls:
            return replace(seen, probes=known)
        self._remember(address, seen.probes)
        return seen

    def _remember(self, address: str, probes: Mapping[str, Probe]) -> None:
        """Answers, not attempts; those that many addresses give are kept once."""
        if probes and Probe.NOT_TESTED not in probes.values():
            self._probed[address] = self._answers.setdefault(tuple(probes.items()), probes)
