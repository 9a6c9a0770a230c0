"""Runs the program in this process, as the door does, and looks at what came of it."""

import io
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import typer.main

from stpolicy.cli import _commands, _door
from tests import lists

COMMAND = [sys.executable, "-m", "stpolicy"]
"""The program in a process of its own."""

APP: Any = typer.main.get_command(_commands.app)
"""What Typer builds for every run, which takes longer than most runs; built once here."""

NOW = f"{lists.NOW:%Y-%m-%dT%H:%M:%SZ}"
CODES = frozenset({0, 1, 2, 3, 75, 129, 130, 143})


@dataclass(frozen=True)
class Ran:
    """What a run came to."""

    code: int
    out: str
    err: str


class Program:
    """Call it with arguments, as text or paths."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object, stdin: bytes = b"") -> Ran:
        self._capsys.readouterr()
        with mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin))):
            code = _door.run(APP, [str(argument) for argument in arguments])
        out, err = self._capsys.readouterr()
        assert code in CODES
        asked = "--debug" in arguments or any(name.endswith("_DEBUG") for name in os.environ)
        assert "Traceback" not in out + err or asked
        return Ran(code, out, err)


def canonical_list(path: Path, **changed: object) -> Path:
    """Writes a small canonical list in which nothing is wrong, but for what the arguments say."""
    from stpolicy.flows.edit import fmt
    from stpolicy.model.file import File

    path.write_bytes(fmt(File("list", lists.data(**changed)), largest=1 << 20).after)  # type: ignore[arg-type]
    return path


def heed() -> None:
    """To be run in a child: it heeds signals, however the tests were started (nohup, in the background)."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def leftovers(folder: Path) -> list[str]:
    """Names of temporary files that a run left."""
    return [name for name in os.listdir(folder) if name.startswith(".") and name != ".git"]  # noqa: PTH208


def commands() -> dict[str, Any]:
    """Every command as the parser knows it, `keys new` under that name."""
    found: dict[str, Any] = {}
    for name, command in APP.commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {key}": sub for key, sub in inner.items()} if inner else {name: command}
    return found


LATER = {"queue"}
"""Commands that documents may speak of and that are not here yet; once they are, they are parsed too."""


def parse(words: Sequence[str]) -> None:
    """Reads a command line as a run would, to the point where it would begin; words after `stpolicy`."""
    called = next(known for known in commands() if list(words[: len(known.split())]) == known.split())
    commands()[called].make_context(called, list(words[len(called.split()) :]))
