"""What many domains have in common, asked once: a task while it is under way, and packed afterwards."""

import asyncio
import pickle
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from stpolicy.checker.shares import Share, Takers

K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Asking(Generic[T]):
    task: "asyncio.Task[T]"
    takers: Takers


class Once(Generic[K, T]):
    """Answers by what was asked; a K is that."""

    def __init__(self, ask: Callable[[K, Takers], Awaitable[T]]) -> None:
        """`ask` is told for whom, and may take a place of theirs."""
        self._ask = ask
        self._known: dict[K, _Asking[T] | bytes] = {}

    async def of(self, what: K, share: Share) -> T:
        """The answer. Who is cancelled ends the asking if nobody else waits for it."""
        known = self._known.get(what)
        if isinstance(known, bytes):
            return _unpacked(known)
        if known is None:
            known = self._known[what] = self._begun(what)
        known.takers.join(share)
        try:
            return await asyncio.shield(known.task)
        finally:
            if not known.takers.leave(share) and not known.task.done():
                known.task.cancel()
                del self._known[what]

    def _begun(self, what: K) -> "_Asking[T]":
        takers = Takers()
        task = asyncio.ensure_future(self._ask(what, takers))
        asking = _Asking(task, takers)
        task.add_done_callback(partial(self._pack, what))
        return asking

    def _pack(self, what: K, done: "asyncio.Future[T]") -> None:
        """Keeps what another domain may ask for in a tenth of the room."""
        if not done.cancelled() and done.exception() is None:
            self._known[what] = zlib.compress(pickle.dumps(done.result(), pickle.HIGHEST_PROTOCOL), 1)


def _unpacked(data: bytes) -> T:  # type: ignore[type-var]
    found: T = pickle.loads(zlib.decompress(data))  # noqa: S301  (it never left this process)
    return found
