"""What a case is: one thing changed in a good world, and what a run must come to."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from tests.conformance.world import COLD, WARM, World
from tests.personas import SIGNED

Change: TypeAlias = Callable[[World], object]

EXIT = {"installed": 0, "unchanged": 0, "configuration": 2, "busy": 75}
EXIT |= dict.fromkeys(("network", "clock", "disk", "internal"), 3)
"""Exit codes of reasons; every other reason is a refusal, 1."""


@dataclass(frozen=True)
class Case:
    """`asked` are the requests: j the list, a its signature, J and A those of the other mirror, ? any other;
    None: however many. `marks`: the mark is written anew, from the pair that is installed.

    `said` is how many lines people get to read; None leaves it to the reason. `signed` is the date of the
    signature that the mark must hold after an installation.
    """

    change: Change
    reason: str
    asked: str | None = "ja"
    starts: tuple[str, ...] = (COLD, WARM)
    said: int | None = None
    signed: datetime | None = SIGNED
    marks: bool = False

    @property
    def code(self) -> int:
        return EXIT.get(self.reason, 1)

    def lines(self, start: str) -> int:
        """How many lines a run says."""
        if self.said is not None:
            return self.said
        if self.reason in ("network", "clock"):
            return 1 if start == COLD else 0  # cron hears of a fault that may pass when no list is there
        return 0 if self.code == 0 else 1

    def marking(self) -> "Case":
        """The same, with the mark lost before."""
        return replace(self, marks=True)

    def only(self, *starts: str) -> "Case":
        return replace(self, starts=starts)


def nothing(_: World) -> None:
    """No change."""
