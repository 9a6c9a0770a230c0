"""The clients behind one tiny interface: settings in; exit code, speech and state.json out."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.needs import needs

CLIENTS = ("script", "update")
"""Who is asked every case. `update` is the other name."""

SCRIPT = Path(__file__).parents[2] / "scripts" / "update_and_verify.sh"
_TOOLS: tuple[str, ...] = (
    "cat",
    "chmod",
    "cmp",
    "cp",
    "cut",
    "date",
    "expr",
    "find",
    "head",
    "ln",
    "ls",
    "mkdir",
    "mkfifo",
)
_TOOLS += ("mv", "od", "rm", "sed", "sh", "sleep", "sync", "tail", "tr", "wc")
"""What the script may use of a system's standard utilities, and no other."""

_OPTIONAL = ("curl", "flock", "sha1sum", "sha256sum")
_PACKAGES = {"curl": "curl", "wget": "wget", "gpgv": "gpgv", "openssl": "openssl", "busybox": "busybox"}
_PACKAGES |= {"mawk": "mawk", "gawk": "gawk", "original-awk": "original-awk", "dash": "dash", "bash": "bash"}


@dataclass
class Settings:
    """What an administrator sets."""

    folder: Path
    keyring: Path
    urls: list[str] = field(default_factory=list)
    signers: list[str] = field(default_factory=list)
    threshold: str = "1"
    ca_file: Path | None = None
    timeout: str = "20"
    max_size: str = "100000"
    allow_http: bool = False
    now: str = ""
    post_update: str = ""
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ran:
    """What a run came to. `state` is state.json, empty when there is none."""

    code: int
    said: list[str]
    state: dict[str, Any]


class Client(Protocol):
    """A program that keeps a folder up to date."""

    name: str

    def start(self, settings: Settings, before: Sequence[str] = ()) -> "subprocess.Popen[bytes]":
        """Starts a run; `before` are words that come before the command."""
        ...


def run(client: Client, settings: Settings) -> Ran:
    """Runs a client to its end."""
    return ended(client.start(settings), settings)


def ended(process: "subprocess.Popen[bytes]", settings: Settings) -> Ran:
    """What a run came to that was started earlier."""
    out, err = process.communicate(timeout=120)
    return came_to(process.returncode, out, err, settings)


def came_to(code: int, out: bytes, err: bytes, settings: Settings) -> Ran:
    """What a run came to that ended so and said this."""
    state = settings.folder / "state.json"
    known = json.loads(state.read_bytes()) if state.is_file() else {}
    if (
        out
    ):  # of `update` alone, which was asked for it; it agrees with the file, unless the lock was not ours
        told = json.loads(out)
        assert code in (2, 75) or told["reason"] == known.get("reason", "disk")
    assert b"Traceback" not in err
    return Ran(code, err.decode().splitlines(), known)


def _popen(command: Sequence[str], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        ["/usr/bin/env", "--default-signal", *command],  # however the tests were started
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd="/",
    )


class Script:
    """The script, in a shell, with an awk, and with no other programs than it says that it needs."""

    def __init__(
        self,
        programs: Path,
        name: str = "script",
        *,
        shell: str = "dash",
        awk: str = "mawk",
        fetcher: str = "curl",
        hasher: str = "sha256sum",
        busybox: bool = False,
        without: Sequence[str] = (),
    ) -> None:
        self.name = name
        self._programs = programs
        words = shell.split()
        self._command = [_find(words[0]), *words[1:], str(SCRIPT)]
        wanted = {tool: tool for tool in (*_TOOLS, *_OPTIONAL)} | {"awk": awk, "gpgv": "gpgv"}
        if fetcher != "curl":
            wanted |= {fetcher: fetcher}
            del wanted["curl"]
        if hasher != "sha256sum":
            wanted |= {hasher: hasher}
            del wanted["sha256sum"], wanted["sha1sum"]
        for tool in without:
            wanted.pop(tool)
        if programs.exists():
            return
        programs.mkdir(parents=True)
        for tool, program in wanted.items():
            of_busybox = busybox and tool not in ("gpgv", "curl", "wget", "flock")  # Debian's has no flock
            (programs / tool).symlink_to(_find("busybox" if of_busybox else program))

    def instead(self, tool: str, text: str) -> None:
        """Puts a shell script in the place of a program; the real one is in $REAL."""
        real = os.path.realpath(self._programs / tool)
        (self._programs / tool).unlink()
        (self._programs / tool).write_text(f"#!/bin/sh\nREAL={real}\n{text}\n")
        (self._programs / tool).chmod(0o755)

    def start(self, settings: Settings, before: Sequence[str] = ()) -> "subprocess.Popen[bytes]":
        told = {
            "URL": " ".join(settings.urls),
            "SIGNER": " ".join(settings.signers),
            "KEYRING": str(settings.keyring),
            "THRESHOLD": settings.threshold,
            "DIR": str(settings.folder),
            "CA_FILE": str(settings.ca_file or ""),
            "TIMEOUT": settings.timeout,
            "MAX_SIZE": settings.max_size,
            "ALLOW_HTTP": "1" if settings.allow_http else "",
            "NOW": settings.now,
            "POST_UPDATE": settings.post_update,
        }
        environment = {f"STPOLICY_{name}": value for name, value in told.items()}
        return _popen(
            [*before, *self._command], {"PATH": str(self._programs), **environment, **settings.environment}
        )


class Update:
    """`stpolicy update`."""

    name = "update"

    def command(self, settings: Settings) -> tuple[list[str], dict[str, str]]:
        """What is run, and its environment."""
        options = ["--dir", settings.folder, "--keyring", settings.keyring, "--threshold", settings.threshold]
        options += [word for url in settings.urls for word in ("--url", url)]
        options += [word for signer in settings.signers for word in ("--signer", signer)]
        options += ["--timeout", settings.timeout, "--max-size", settings.max_size, "--format", "json"]
        options += ["--ca-file", settings.ca_file] if settings.ca_file else []
        options += ["--now", settings.now] if settings.now else []
        options += ["--allow-http"] if settings.allow_http else []
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SCRIPT.parents[1])}
        command = [sys.executable, "-m", "stpolicy", "update", *map(str, options)]
        return command, environment | settings.environment

    def start(self, settings: Settings, before: Sequence[str] = ()) -> "subprocess.Popen[bytes]":
        command, environment = self.command(settings)
        return _popen([*before, *command], environment)


def client(name: str, folder: Path) -> Client:
    """The client of this name; `folder` is for the programs that it sees."""
    if name == "update":
        return Update()
    return Script(folder / name.replace(" ", "_"), name, **VARIANTS.get(name, {}))


def own_script(folder: Path, **host: object) -> Script:
    """The script on a host of one test's own; `folder` is where its programs go."""
    return Script(folder / "programs" / "own", **host)  # type: ignore[arg-type]


VARIANTS: dict[str, dict[str, Any]] = {
    "script, bash as sh": {"shell": "bash --posix"},
    "script, bash": {"shell": "bash", "awk": "gawk"},
    "script, busybox": {"shell": "busybox ash", "busybox": True},
    "script, gawk": {"awk": "gawk"},
    "script, original awk": {"awk": "original-awk"},
    "script, wget": {"fetcher": "wget"},
    "script, openssl": {"hasher": "openssl"},
    "script, no flock": {"without": ["flock"]},
}
"""Hosts on which the script must do the same; asked a part of the cases."""


def _find(program: str) -> str:
    if program in _PACKAGES:
        return needs(program, _PACKAGES[program])
    found = shutil.which(program)
    assert found, program
    return found
