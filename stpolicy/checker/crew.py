"""Several processes that look at addresses, so that handshakes use all cores.

They look when they are told to; who keeps the manners stays here. What is asked and answered crosses a pipe
to our own child as pickles, each after its length in four bytes.
"""

import asyncio
import pickle
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from stpolicy.checker.looks import Looks, Terms
from stpolicy.errors import StpolicyError
from stpolicy.model.observation import AddressObservation

_CHILD = "import sys; sys.path[:] = {path!r}; from stpolicy.checker.crew import serve; serve()"
"""Ours and no other stpolicy, wherever the command was started."""


class _Member:
    """One process, and the questions that it has not answered yet."""

    def __init__(self, child: Process) -> None:
        self._child = child
        self._open: dict[int, asyncio.Future[AddressObservation]] = {}
        self._asked = 0
        self._listening = asyncio.create_task(self._listen())

    def send(self, what: object) -> None:
        if self._child.stdin is None or self._listening.done():
            raise _ended()
        self._child.stdin.write(_framed(what))

    @property
    def busy(self) -> int:
        return len(self._open)

    async def look(self, host: str, address: str, seconds: float, probe: bool) -> AddressObservation:
        self._asked += 1
        number = self._asked
        answer: asyncio.Future[AddressObservation] = asyncio.get_running_loop().create_future()
        self._open[number] = answer
        try:
            self.send((number, host, address, seconds, probe))
            return await answer
        finally:
            del self._open[number]

    async def end(self) -> None:
        self._listening.cancel()
        with suppress(ProcessLookupError):
            self._child.kill()
        await self._child.wait()

    async def _listen(self) -> None:
        if self._child.stdout is None:
            raise AssertionError
        try:
            while (said := await _frame(self._child.stdout)) is not None:
                number, seen = said
                if number in self._open and not self._open[number].done():
                    self._open[number].set_result(seen)
        finally:
            for answer in self._open.values():
                if not answer.done():
                    answer.set_exception(_ended())


def _ended() -> StpolicyError:
    return StpolicyError("a process that looked at mail servers has ended", "try again with --jobs 1")


class Crew:
    """Gives each look to the process that has the fewest."""

    def __init__(self, members: list[_Member]) -> None:
        self._members = members

    async def look(self, host: str, address: str, seconds: float, probe: bool) -> AddressObservation:
        """See Looks.look."""
        return await min(self._members, key=lambda member: member.busy).look(host, address, seconds, probe)


@asynccontextmanager
async def crew(terms: Terms, jobs: int) -> AsyncIterator[Crew]:
    """So many processes; they end with the context, or with us."""
    code = _CHILD.format(path=[path for path in sys.path if path])
    members = []
    try:
        for _ in range(jobs):
            # A session of its own: what a terminal sends is for us, and we end it.
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-c", code, stdin=PIPE, stdout=PIPE, start_new_session=True
            )
            members.append(_Member(child))
            members[-1].send(terms)
        yield Crew(members)
    finally:
        await asyncio.gather(*(member.end() for member in members))


def serve() -> None:
    """What a process of the crew does, until its parent closes the pipe."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # they are sent to all of us; the parent ends us in order
    asyncio.run(_serve())


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    asked = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asked), sys.stdin)
    transport, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, sys.stdout)
    terms: Terms | None = await _frame(asked)
    if terms is None:
        return
    looks = Looks(terms)
    under_way: set[asyncio.Task[None]] = set()

    async def answer(number: int, host: str, address: str, seconds: float, probe: bool) -> None:
        transport.write(_framed((number, await looks.look(host, address, seconds, probe))))

    while (question := await _frame(asked)) is not None:
        task = asyncio.create_task(answer(*question))
        under_way.add(task)
        task.add_done_callback(under_way.discard)


def _framed(what: object) -> bytes:
    data = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
    return len(data).to_bytes(4, "big") + data


async def _frame(reader: asyncio.StreamReader) -> Any:
    """What was sent next; None at the end."""
    try:
        length = int.from_bytes(await reader.readexactly(4), "big")
        return pickle.loads(await reader.readexactly(length))  # noqa: S301  (from our own child, or parent)
    except asyncio.IncompleteReadError:
        return None
