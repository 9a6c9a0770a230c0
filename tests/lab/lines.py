"""Lines that a process writes, and waiting for one of them."""

import threading
from collections.abc import Callable
from typing import IO, TypeVar

T = TypeVar("T")


class Lines:
    """Reads a pipe to its end, in a thread; waiting is for a line, never for a while."""

    def __init__(self, stream: IO[str]) -> None:
        self.seen: list[str] = []
        self._news = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, args=[stream], daemon=True)
        self._reader.start()

    def wait(self, find: Callable[[list[str]], T | None], since: int = 0, seconds: float = 30) -> T:
        """What `find` finds in the lines from number `since` on, as soon as it finds something."""
        found: list[T] = []

        def known() -> bool:
            if (answer := find(self.seen[since:])) is not None:
                found.append(answer)
            return bool(found) or self._ended

        with self._news:
            self._news.wait_for(known, seconds)
            assert found, "waited in vain; it said:\n" + "\n".join(self.seen[since:])
        return found[0]

    def line(self, text: str, since: int = 0) -> str:
        """The first line with a text in it."""
        return self.wait(lambda lines: next((line for line in lines if text in line), None), since)

    def close(self) -> None:
        """To the end of the pipe; its writers must have ended."""
        self._reader.join(30)

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                with self._news:
                    self.seen.append(line.rstrip("\n"))
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()
