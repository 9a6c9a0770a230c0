"""How far long work is: a bar on a terminal, nothing elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress


class Bar:
    """Counts what is done, and what of it has failed."""

    def __init__(self, progress: "Progress | None" = None, total: int = 0) -> None:
        self._progress = progress
        self._failed = 0
        if progress:
            progress.add_task("", total=total, failed=0, rate=0)

    def step(self, *, failed: bool) -> None:
        """One more is done."""
        self._failed += failed
        if self._progress:
            (task,) = self._progress.tasks
            self._progress.update(task.id, advance=1, failed=self._failed, rate=task.speed or 0)


@contextmanager
def bar(total: int, *, wanted: bool) -> Iterator[Bar]:
    """A bar on standard error, gone when the work is done; or one that draws nothing."""
    if not wanted:
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.0f}/s"),
        TextColumn("{task.fields[failed]} failed"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bar(progress, total)


def is_wanted(asked: bool | None, total: int, *, quiet: bool) -> bool:
    """Whether to draw: as was asked, else on a terminal, when there is more than one thing to do."""
    return asked if asked is not None else total > 1 and sys.stderr.isatty() and not quiet
