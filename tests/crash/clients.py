"""The clients behind one tiny interface: a command and its environment for a world."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests import lists
from tests.crash.world import World
from tests.personas import stamp

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "update_and_verify.sh"


@dataclass(frozen=True)
class Client:
    """A program that keeps a folder up to date. What is run, and where, is asked for a world and a URL."""

    name: str
    command: Callable[[World, str], list[str]]
    environment: Callable[[World, str], dict[str, str]]
    renders: bool = False
    """Whether it makes a map, too."""
    hears_all: bool = True
    """Whether it sees each failure of a program that it runs for what it is, and runs them in one order.

    To a shell, a gpgv that was killed has refused, and what a pipe ends with is unknown.
    """
    around: tuple[str, ...] = ()
    """Words before everything else."""


@dataclass(frozen=True)
class Ran:
    """What a run came to; the code is that which a shell would see."""

    code: int
    err: str


def _update(world: World, url: str) -> list[str]:
    options = ["--url", url, "--signer", world.signer, "--keyring", world.ring, "--dir", world.state]
    options += ["--ca-file", world.authority, "--now", stamp(lists.NOW), "--timeout", "60"]
    if world.kind:
        options += ["--render", "postfix", "--map", world.table, "--mta-version", "3.7"]
    return [os.path.realpath(sys.executable), "-m", "stpolicy", "update", *map(str, options)]


def _packages(world: World, url: str) -> dict[str, str]:
    """Packages are found by path: a shim, or what starts a virtual environment, would be traced too."""
    path = [str(ROOT), *(entry for entry in sys.path if entry.endswith("-packages"))]
    return {"PYTHONPATH": os.pathsep.join(path)}


def _settings(world: World, url: str) -> dict[str, str]:
    settings = {
        "URL": url,
        "DIR": world.state,
        "SIGNER": world.signer,
        "KEYRING": world.ring,
        "CA_FILE": world.authority,
        "NOW": stamp(lists.NOW),
        "TIMEOUT": 60,
    }
    return {f"STPOLICY_{key}": str(value) for key, value in settings.items()}


_ALONE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
"""The names of the script's temporary files have the number of its process in them.

So it runs where that is always the same; and when it is killed, so is all that it has started, as at the
end of a machine.
"""

CLIENTS = {"update": Client("update", _update, _packages, renders=True)}
if SCRIPT.is_file():
    CLIENTS["script"] = Client(
        "script",
        lambda world, url: [os.path.realpath("/bin/sh"), str(SCRIPT)],
        _settings,
        hears_all=False,
        around=(*_ALONE, "/bin/sh", "-c", '"$@"; exit "$?"', "sh"),
    )


def start(
    client: Client,
    world: World,
    *,
    before: Sequence[str] = (),
    programs: Path | None = None,
    url: str = "",
) -> "subprocess.Popen[bytes]":
    """Starts a run; `before` are words before the command, `programs` a folder that is first in the path."""
    url = url or f"{world.server.url}/policy.json"
    path = f"{world.programs}:{os.environ.get('PATH', os.defpath)}"
    environment = {
        "PATH": f"{programs}:{path}" if programs else path,
        "HOME": str(world.folder),
        "LC_ALL": "C.UTF-8",
        **client.environment(world, url),
    }
    return subprocess.Popen(
        ["/usr/bin/env", "--default-signal", *client.around, *before, *client.command(world, url)],
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def ended(process: "subprocess.Popen[bytes]") -> Ran:
    """What a run came to."""
    _, err = process.communicate(timeout=120)
    code = process.returncode
    return Ran(code if code >= 0 else 128 - code, err.decode("utf-8", "replace"))


def run(client: Client, world: World, *, before: Sequence[str] = (), programs: Path | None = None) -> Ran:
    """Runs a client to its end."""
    return ended(start(client, world, before=before, programs=programs))
