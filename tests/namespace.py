"""A network, mounts and processes apart from ours (namespaces(7)), which are gone when their keeper is."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from tests.needs import lacking, needs

T = TypeVar("T")

_KEEPER = 'ip link set lo up && mount --bind "$1" /etc/resolv.conf && echo ready && exec cat'
"""Ends with its standard input, so that nothing outlives whoever runs the tests, whatever ends that."""

_CLONE_NEWNET = 0x40000000


class Namespace:
    """A process in it is run by `run` or `start`; a thread of ours visits it in `within`."""

    def __init__(self, keeper: int, environment: dict[str, str]) -> None:
        self.keeper, self.environment = keeper, environment
        self._spaces = Path(f"/proc/{keeper}/ns")

    def command(self, command: Sequence[str | Path], folder: Path | None = None) -> list[str]:
        """A command, to be run in there."""
        spaces = {"net": "net", "mount": "mnt", "pid": "pid_for_children"}
        entering = [f"--{kind}={self._spaces / name}" for kind, name in spaces.items()]
        return ["nsenter", *entering, "env", f"--chdir={folder or '/'}", *map(str, command)]

    def run(
        self,
        command: Sequence[str | Path],
        *,
        text: str = "",
        folder: Path | None = None,
        **environment: str,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end; `text` is its standard input. What it says stays as it is, CR too."""
        done = subprocess.run(
            self.command(command, folder),
            input=text.encode(),
            env=self.environment | environment,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    def start(self, command: Sequence[str | Path]) -> subprocess.Popen[str]:
        """Starts a command that goes on; it says everything on its standard output."""
        return subprocess.Popen(
            self.command(command),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )

    def end(self, started: subprocess.Popen[str]) -> None:
        """Ends what `start` started."""
        for process in descendants(started.pid):
            with suppress(ProcessLookupError):  # it went with its parent
                os.kill(process, signal.SIGTERM)
        started.wait(30)

    def within(self, make: Callable[[], T]) -> T:
        """What a function gives that a thread calls in there: a socket stays where it was made."""

        def visit() -> T:
            space = os.open(self._spaces / "net", os.O_RDONLY)
            try:
                library = ctypes.CDLL(None, use_errno=True)
                if library.setns(space, _CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            finally:
                os.close(space)
            return make()

        with ThreadPoolExecutor(1) as visitor:
            return visitor.submit(visit).result()


def descendants(process: int) -> list[int]:
    """The children of a process, and theirs."""
    found = []
    for children in Path("/proc").glob(f"{process}/task/*/children"):
        for child in map(int, children.read_text().split()):
            found += [child, *descendants(child)]
    return found


def running(words: str) -> list[int]:
    """Our own descendants whose command has these words; other tests have processes that go on."""
    found = []
    for process in descendants(os.getpid()):
        with suppress(OSError):  # it has ended meanwhile
            if words.encode() in Path(f"/proc/{process}/cmdline").read_bytes():
                found.append(process)
    return found


@contextmanager
def opened(resolver: Path, environment: dict[str, str]) -> Iterator[Namespace]:
    """A namespace with a loopback interface and nothing else, whose /etc/resolv.conf is `resolver`."""
    for program, package in (("unshare", "util-linux"), ("nsenter", "util-linux"), ("ip", "iproute2")):
        needs(program, package)
    apart = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    keeper = subprocess.Popen(
        [*apart, "sh", "-c", _KEEPER, "sh", str(resolver)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert keeper.stdin
    assert keeper.stdout
    with keeper:
        said = keeper.stdout.readline().strip()
        if said != "ready":
            keeper.stdin.close()
            lacking(f"no namespaces for a network of its own, which takes root: {said}")
        try:
            yield Namespace(keeper.pid, environment)
        finally:
            keeper.stdin.close()
