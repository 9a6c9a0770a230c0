"""System calls that touch what a client keeps: recorded once, then each of them made to fail.

`when=` counts by name of the call and by process, and after the paths that are asked for. So a point is a
call, a path and a number, in one process: the client's own, or the n-th run of a program that it starts,
which is reached by a stand-in on the path.
"""

import os
import re
import shlex
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.crash import clients
from tests.crash.clients import Client, Ran
from tests.crash.world import World
from tests.needs import needs

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|\d<([^<>]*)>')
_CALL = re.compile(r"([\d.]+) (\w+)\((.*)")
_NOTHING = ["-e", "trace=execve"]
_QUIET = "--quiet=attach,path-resolution,personality,thread-execve"


@dataclass(frozen=True)
class Point:
    """One call: the `number`-th of its name that touches `path` in one process."""

    program: str
    """Which program makes it; empty for the client itself."""
    run: int
    """Which run of the program; of the client, 1 for a process that it has forked."""
    call: str
    path: str
    number: int

    @property
    def is_own(self) -> bool:
        """Whether it is the client's own process that makes it."""
        return not self.program and not self.run

    def __str__(self) -> str:
        who = f"{self.program}#{self.run} " if self.program else ""
        return f"{who}{self.call} {self.path} #{self.number}"


@dataclass(frozen=True)
class Fault:
    """What happens at a point instead of the call, in strace's words."""

    name: str
    inject: str
    calls: frozenset[str] = frozenset()
    """At which calls it can happen; at all of them when empty."""

    def fits(self, point: Point) -> bool:
        return not self.calls or point.call in self.calls


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("KILL", "signal=KILL"),
        Fault("TERM", "signal=TERM"),
        Fault("ENOSPC", "error=ENOSPC"),
        Fault("EIO", "error=EIO"),
        Fault("EROFS", "error=EROFS"),
        Fault("LIE", "retval=7", frozenset({"write", "pwrite64"})),
    )
}
"""LIE is a disk that says that it has written seven bytes, and has not."""


@dataclass(frozen=True)
class Record:
    """The points of a good run in the order of time, and those that cannot be reached.

    The latter are of a process that the client's shell has forked, where one that was forked before it
    does the same: the fault would be there.
    """

    points: tuple[Point, ...]
    shadowed: tuple[Point, ...]


@dataclass(frozen=True)
class Line:
    """One call as strace tells of it: when, in which process, and the paths that are named in it."""

    at: float
    process: int
    call: str
    touched: tuple[str, ...]
    text: str


def traced(client: Client, world: World, scratch: Path) -> list[Line]:
    """The calls of a good run with paths in them, in the order of time."""
    strace = needs("strace", "strace")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    world.reset()
    before = [strace, "-f", "-ff", "-ttt", "-y", _QUIET, "-o", str(scratch / "trace")]
    ran = clients.run(client, world, before=before)
    assert ran == Ran(0, ""), ran
    return sorted(_lines(scratch), key=lambda line: line.at)


def record(client: Client, world: World, scratch: Path) -> Record:
    """What a good run does to the folders of a world."""
    world.reset()
    real = _Real(world)
    lines = traced(client, world, scratch)
    programs = _programs(lines)
    counts: Counter[tuple[int, str, str]] = Counter()
    found: dict[tuple[object, ...], Point] = {}
    shadowed: list[Point] = []
    for line in lines:
        if line.call == "execve":
            continue
        names = {name for path in line.touched for name in real.names(path)}
        for name in names:
            counts[line.process, line.call, name] += 1
        ours = [path for path in line.touched if real.is_ours(path)]
        if ours:
            path = ours[-1]
            program, run = programs[line.process]
            point = Point(program, run, line.call, path, counts[line.process, line.call, path])
            key = (program, run if program else 0, line.call, path, point.number)
            if key in found:
                shadowed.append(point)
            found.setdefault(key, point)
    return Record(tuple(found.values()), tuple(shadowed))


class _Real:
    """Which names strace takes for one: that which is asked for, and where it led to when it began."""

    def __init__(self, world: World) -> None:
        self._folders = [world.state, world.maps] if world.kind else [world.state]
        self._where: dict[str, str] = {}
        for folder in self._folders:
            for path in (folder, *folder.rglob("*"), *folder.glob("current/*")):
                self._where[str(path)] = str(path.resolve())

    def is_ours(self, path: str) -> bool:
        return any(Path(path).is_relative_to(folder) for folder in self._folders)

    def names(self, path: str) -> set[str]:
        """Every name that would have been asked for, had this path been touched."""
        return {path} | {name for name, where in self._where.items() if where == path}


def _lines(scratch: Path) -> Iterator[Line]:
    for file in scratch.glob("trace.*"):
        for text in file.read_text("utf-8", "replace").splitlines():
            found = _CALL.match(text)
            if found:
                asked, _, _ = found[3].rpartition(" = ")  # what comes back is not known when it begins
                touched = [path for pair in _QUOTED.findall(asked) for path in pair if path]
                if found[2] == "rename":  # of its two paths, strace asks for the first only
                    del touched[1:]
                yield Line(float(found[1]), int(file.suffix[1:]), found[2], tuple(touched), text)


def _programs(lines: list[Line]) -> dict[int, tuple[str, int]]:
    """By process: the name of the program that it became, and which run of it; of others, nothing."""
    found: dict[int, tuple[str, int]] = {line.process: ("", 1) for line in lines}
    found[lines[0].process] = ("", 0)
    runs: Counter[str] = Counter()
    first = True
    for line in lines:
        if line.call == "execve" and line.text.endswith(" = 0"):
            if not first:
                name = Path(line.touched[0]).name
                runs[name] += 1
                found[line.process] = (name, runs[name])
            first = False
    return found


def inject(client: Client, world: World, point: Point, fault: Fault, scratch: Path) -> tuple[Ran, bool]:
    """Runs a client with one fault at one point: what came of it, and whether the fault did happen."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    log = scratch / "log"
    words = [needs("strace", "strace"), "-f", "-b", "execve", _QUIET, "-o", str(log)]
    words += ["-P", point.path, "-e", f"trace={point.call}"]
    words += ["-e", f"inject={point.call}:{fault.inject}:when={point.number}"]
    if point.program:
        programs = _stand_in(scratch, point, words)
        # Under strace as well, which starts processes of its own: the next one has the number it had.
        ran = clients.run(client, world, before=[*words[:6], os.devnull, *_NOTHING], programs=programs)
    else:
        ran = clients.run(client, world, before=words)
    said = log.read_text("utf-8", "replace") if log.exists() else ""
    return ran, bool(re.search(r"\(INJECTED\)|killed by SIGKILL|--- SIGTERM ", said))


def _stand_in(scratch: Path, point: Point, words: list[str]) -> Path:
    """A folder with a program that calls the real one, and under strace when it is the run that is meant."""
    folder = scratch / "programs"
    folder.mkdir()
    real = needs(point.program, point.program)
    count = scratch / "runs"
    text = f"""#!/bin/sh
echo >>{shlex.quote(str(count))}
if [ "$(/usr/bin/wc -l <{shlex.quote(str(count))})" -eq {point.run} ]; then
    exec {shlex.join(words)} {real} "$@"
fi
exec {real} "$@"
"""
    (folder / point.program).write_text(text)
    (folder / point.program).chmod(0o755)
    return folder
