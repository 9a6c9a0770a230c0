"""A run that a signal ends: its exit code, and nothing half-written."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.program import COMMAND, canonical_list, heed, leftovers

_SITE = """
import os, sys
def stop(descriptor):
    sys.stderr.write("writing\\n")
    sys.stderr.flush()
    sys.stdin.read()
os.fsync = stop
"""


@pytest.fixture
def paused(room: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list, in a world where a write waits just before its file would be put in place."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(_SITE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    return canonical_list(room / "policy.json")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)], ids=str
)
@pytest.mark.parametrize("line", ["bump", "add example.net --mx mx.example.net", "validate --output r"])
def test_signal_leaves_the_old_file_and_no_other(
    paused: Path, number: signal.Signals, code: int, line: str
) -> None:
    before = paused.read_bytes()
    process = subprocess.Popen(
        [*COMMAND, *line.split()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed,  # noqa: PLW1509  (there are no threads)
    )
    assert process.stderr
    assert process.stderr.readline() == b"writing\n"
    assert len(leftovers(paused.parent)) == 1
    process.send_signal(number)
    _, said = process.communicate()
    assert process.returncode == code
    assert said == b""
    assert paused.read_bytes() == before
    assert [path.name for path in paused.parent.iterdir()] == ["policy.json"]


def test_a_hangup_that_the_caller_ignores_is_ignored(paused: Path) -> None:
    process = subprocess.Popen(
        ["nohup", *COMMAND, "bump"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stderr
    assert process.stderr.readline() == b"writing\n"
    process.send_signal(signal.SIGHUP)
    process.stdin.close()
    assert process.wait() == 0
    assert process.stdout
    process.stdout.close()
    process.stderr.close()
    assert not leftovers(paused.parent)


def test_an_interrupt_while_the_program_loads_shows_no_traceback(room: Path) -> None:
    code = (
        "import builtins, stpolicy.cli as cli; real = builtins.__import__\n"
        "def interrupted(name, *rest):\n"
        "    if name == 'typer': raise KeyboardInterrupt\n"
        "    return real(name, *rest)\n"
        "builtins.__import__ = interrupted; cli.main()\n"
    )
    done = subprocess.run([COMMAND[0], "-c", code], capture_output=True, check=False)
    assert done.returncode == 130
    assert done.stderr == b""


def test_handlers_of_a_caller_in_the_same_process_are_put_back(room: Path) -> None:
    from stpolicy.cli import _commands, _door

    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]
    _door.run(_commands.app, ["--version", "--output", os.devnull])
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)] == before
