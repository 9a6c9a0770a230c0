"""`stpolicy update` without its start, which is most of its cost: forked from a process that has loaded it.

All else is as ever: a process of its own, with its own exit code, its own speech and its own end. Signals,
and several runs at once, are for `clients.Update`, which starts as cron starts it.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from tests.conformance.clients import Ran, Settings, Update, came_to


class Loaded:
    """Runs `update`, one after the other. `folder` is for what the runs say."""

    def __init__(self, process: "subprocess.Popen[bytes]", folder: Path) -> None:
        self._process = process
        self._out, self._err = folder / "out", folder / "err"

    def run(self, settings: Settings) -> Ran:
        """One run, to its end."""
        command, environment = Update().command(settings)
        told = [command[3:], environment, str(self._out), str(self._err)]
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return came_to(code, self._out.read_bytes(), self._err.read_bytes(), settings)


@contextmanager
def loading(folder: Path) -> Iterator[Loaded]:
    """A process that has loaded the program."""
    _, environment = Update().command(Settings(folder, folder))
    command = ["/usr/bin/env", "--default-signal", sys.executable, "-m", __name__]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/"
    ) as process:
        yield Loaded(process, folder)


_ENOUGH = 120
"""Seconds that no run takes unless it hangs."""

_NEEDED = ("cli.update", "fetch", "flows.decide", "flows.update", "output.update")
"""What a run imports that installs a list; what is forgotten here costs time alone."""


def _load() -> None:
    import_module("requests")
    for name in _NEEDED:
        import_module(f"stpolicy.{name}")


def _serve() -> None:
    """Forks for each line that comes, and answers with the exit code."""
    for line in iter(sys.stdin.readline, ""):
        arguments, environment, out, err = json.loads(line)
        child = os.fork()
        if not child:
            _become(out, err, environment)
            sys.argv = ["stpolicy", *arguments]
            return
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    sys.exit(0)


def _become(out: str, err: str, environment: dict[str, str]) -> None:
    """Takes the standard streams and the environment of a run, which ends in time."""
    for number, path in enumerate((os.devnull, out, err)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    signal.alarm(_ENOUGH)


if __name__ == "__main__":
    _load()
    _serve()
    import stpolicy.cli

    stpolicy.cli.main()
