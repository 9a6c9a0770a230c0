"""Changes of the good world that several families of cases share."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from tests import lists
from tests.conformance.case import Change, nothing
from tests.conformance.world import BEFORE, World
from tests.pairs import dated
from tests.personas import SIGNED, stamp
from tests.webserver import answer

NOW = lists.NOW
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
OLDER = BEFORE - 7 * DAY
GONE = answer("404 Not Found", b"", "Content-Length: 0")


def offer(data: bytes, *signers: str, at: datetime = SIGNED) -> Change:
    return lambda world: world.offer(data, *signers, at=at)


def several(*changes: Change) -> Change:
    def change(world: World) -> None:
        for each in changes:
            each(world)

    return change


def gone(world: World) -> None:
    world.answers(GONE, GONE)


def installed(timestamp: datetime, life: timedelta, since: timedelta = HOUR) -> Change:
    """Another list was installed before."""

    def change(world: World) -> None:
        shutil.rmtree(world.state / "versions")
        data = dated(timestamp, timestamp + life)
        world.install(world.pair(data, at=timestamp), timestamp, succeeded=since)

    return change


def at(now: datetime, then: Change = nothing) -> Change:
    def change(world: World) -> None:
        world.settings.now = stamp(now)
        then(world)

    return change


def changed(change: Callable[[Path], object], then: Change) -> Change:
    """The folder changed, and then something offered."""

    def both(world: World) -> None:
        change(world.state)
        then(world)

    return both


def unlink(*names: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for name in names:
            path = folder / name
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    return change


def write(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text)
