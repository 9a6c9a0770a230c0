"""`make demo`: the whole loop on the shipped list, with nothing left behind."""

import os
import subprocess
import sys
from pathlib import Path

from tests.needs import needs

ROOT = Path(__file__).parent.parent
STEPS = ["keys new", "keys export", "validate", "sign", "verify", "diff", "show", "publish"]


def folder_of_the_program() -> str:
    return str(Path(sys.executable).parent)


def visible() -> list[Path]:
    """What lies in the checkout, but for what tools keep there."""
    return [path for path in ROOT.iterdir() if not path.name.startswith(".")]


def agents() -> set[str]:
    """gpg-agents that run for a home of the demo."""
    found = set()
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"gpg-agent" in words[0] and any(word.startswith(b"/tmp/stp.") for word in words):
            found.add(str(process))
    return found


def test_demo(tmp_path: Path) -> None:
    needs("gpg", "gnupg")
    before = {path: path.stat().st_mtime_ns for path in visible()}
    agents_before = agents()
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "LC_ALL": "C"}
    done = subprocess.run(
        ["sh", "scripts/demo.sh", folder_of_the_program()],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown = [
        line.removeprefix("$ stpolicy ") for line in done.stdout.splitlines() if line.startswith("$ stpolicy")
    ]
    assert [next(step for step in STEPS if line.startswith(step)) for line in shown] == STEPS
    assert list(tmp_path.iterdir()) == []
    assert agents() <= agents_before
    assert {path: path.stat().st_mtime_ns for path in visible()} == before
