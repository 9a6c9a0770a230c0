"""Looks at addresses on the loopback interface, and the mail servers that they meet there."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

from stpolicy.checker.addresses import Addresses
from stpolicy.checker.looks import Limits, Looks, Terms
from stpolicy.checker.smtp import Manner
from stpolicy.checker.turns import Turns
from tests.checker.peer import ENOUGH, Wire
from tests.lists import NOW

HERE = "127.0.0.1"
SWIFT = Limits(pause=0, retry_after=0)
T = TypeVar("T")


def addresses(
    trusted: Path, port: int, limits: Limits = SWIFT, *, timeout: float = ENOUGH, probes: bool = False
) -> Addresses:
    terms = Terms(trusted, NOW, Manner("probe.example.net", port, timeout), limits, probes)
    return Addresses(Looks(terms).look, timeout, Turns(limits.concurrency, limits.per_host, limits.pause))


def run(work: Awaitable[T]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(3 * ENOUGH):
            return await work

    return asyncio.run(bounded())


async def clear(wire: Wire) -> None:
    """A server without STARTTLS."""
    await wire.say("220 mx.example.com ESMTP")
    await wire.answer("250 mx.example.com")


async def offering(wire: Wire) -> None:
    """A server that offers STARTTLS, and hangs up when it is asked for."""
    await wire.say("220 mx.example.com ESMTP")
    await wire.answer("250-mx.example.com", "250 STARTTLS")
    await wire.hear()
    wire.hang_up()


async def busy(wire: Wire) -> None:
    await wire.say("421 mx.example.com come back later")


async def closed(wire: Wire) -> None:
    await wire.say("554 mx.example.com go away")


async def silent(wire: Wire) -> None:
    await wire.hear()
