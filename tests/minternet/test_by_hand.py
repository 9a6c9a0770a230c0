"""What `make minternet` prints: commands that somebody with nothing but a clone can run."""

import os
import shlex
import subprocess

from tests.minternet.__main__ import _prepare
from tests.minternet.world import ROOT, Crowd, World

BARE = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": str(ROOT), "HOME": os.devnull}
"""Of a shell that has no environment of Python switched on."""


def test_the_commands_that_it_names_are_there(internet: World) -> None:
    said = _prepare(internet, Crowd(0, 0))
    run = str(internet.folder / "in")
    commands = [shlex.split(line) for line in said.splitlines() if line.startswith(f"    {run} ")]
    ours = [command for command in commands if "stpolicy" in command]
    assert [command[command.index("stpolicy") + 1] for command in ours] == ["check", "serve"]
    for command in ours:
        done = subprocess.run([*command, "--help"], env=BARE, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("Usage: ")
