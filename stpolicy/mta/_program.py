"""Runs a program of the mail server: a list of words, a deadline, an environment of our own."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from stpolicy.errors import StpolicyError

_SBIN = "/usr/sbin:/sbin"
"""Where Postfix has its programs, and where the paths of people and of cron often do not lead."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program came to."""

    code: int
    out: str
    err: str


def is_installed(name: str) -> bool:
    """Whether a program of Postfix is here."""
    return shutil.which(name, path=_path()) is not None


def program(name: str) -> str:
    """Where a program of Postfix is; StpolicyError when it is not installed."""
    found = shutil.which(name, path=_path())
    if found is None:
        raise StpolicyError(
            f"{name} is not installed", "run this where Postfix is, or add its folder to PATH"
        )
    return found


def run(
    command: list[str],
    *,
    deadline: float = 30,
    environment: Mapping[str, str] | None = None,
    data: bytes = b"",
) -> Ran:
    """Runs a command that gets `data` on standard input; `deadline` in seconds.

    Of our environment only the path is handed on: MAIL_CONFIG and other variables would decide for a
    program what an argument says here. StpolicyError when it is missing, hangs or is ended by a signal;
    what any other exit code means, the caller knows.
    """
    name = os.path.basename(command[0])  # noqa: PTH119  (the word that people know)
    try:
        done = subprocess.run(
            [name, *command[1:]],  # the name, not the path: Postfix's programs put it before what they say
            executable=program(command[0]),
            input=data,
            capture_output=True,
            timeout=deadline,
            check=False,
            env={"PATH": _path(), "LC_ALL": "C", **(environment or {})},
        )
    except subprocess.TimeoutExpired as wrong:
        raise StpolicyError(f"{name} did not answer within {deadline:g} s") from wrong
    except (OSError, ValueError) as wrong:
        raise StpolicyError(f"{name} cannot be run: {getattr(wrong, 'strerror', wrong)}") from wrong
    if done.returncode < 0:
        raise StpolicyError(f"{name} was ended by signal {-done.returncode}")
    return Ran(done.returncode, _text(done.stdout), _text(done.stderr))


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:{_SBIN}"


def _text(data: bytes) -> str:
    """Paths may hold any byte; they stay what they are."""
    return data.decode("utf-8", "surrogateescape")
