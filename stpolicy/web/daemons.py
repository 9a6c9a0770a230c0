"""Threads that nobody waits for: what is asked of a mute database must not keep a process."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from time import monotonic
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LAST = 2
"""Seconds that calls under way have at the end."""


class Daemons(ThreadPoolExecutor):
    """As the library's, but that one joins its threads when Python ends, and keeps calls that were cancelled.

    It is one of them in name only, since asyncio takes nothing else for what all may use.
    """

    def __init__(self, most: int, name: str) -> None:
        super().__init__(most, name)
        self._most, self._name = most, name
        self._news = threading.Condition()
        self._calls: OrderedDict[Future[Any], Callable[[], Any]] = OrderedDict()
        self._daemons: list[threading.Thread] = []
        self._closed = False

    def submit(self, call: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> Future[T]:
        """Puts a call at the end."""
        done: Future[T] = Future()
        with self._news:
            if self._closed:
                raise RuntimeError("there are no threads any more")
            self._calls[done] = partial(call, *args, **named)
            if len(self._daemons) < self._most:
                name = f"{self._name}_{len(self._daemons)}"
                self._daemons.append(threading.Thread(target=self._work, name=name, daemon=True))
                self._daemons[-1].start()
            self._news.notify()
        done.add_done_callback(self._forget)
        return done

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no call any more; `wait` is for those under way, and not for ever."""
        with self._news:
            self._closed = True
            left = list(self._calls) if cancel_futures else []
            self._news.notify_all()
        for call in left:
            call.cancel()
        until = monotonic() + LAST
        for thread in self._daemons if wait else ():
            thread.join(max(0, until - monotonic()))

    def _forget(self, done: "Future[Any]") -> None:
        with self._news:
            self._calls.pop(done, None)

    def _work(self) -> None:
        while self._next():
            pass

    def _next(self) -> bool:
        """Does one call; false once there will be none."""
        with self._news:
            self._news.wait_for(lambda: self._calls or self._closed)
            if not self._calls:
                return False
            done, call = self._calls.popitem(last=False)
        if done.set_running_or_notify_cancel():
            try:
                done.set_result(call())
            except BaseException as wrong:  # noqa: BLE001  (it belongs to whoever asked)
                done.set_exception(wrong)
        return True
