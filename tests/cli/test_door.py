"""The door, in this process: what it makes of signals, of streams and of whatever is raised."""

import io
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stpolicy import cli
from stpolicy.cli import _commands, _door
from stpolicy.errors import Misuse
from stpolicy.flows import validate as flow
from tests.program import Program, canonical_list


@pytest.fixture
def heeding() -> Iterator[None]:
    """Signals do here what they do in a process that a person started, however the tests were started."""
    usual: dict[int, Any] = {
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
        signal.SIGINT: signal.default_int_handler,
    }
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("heeding")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)], ids=str
)
def test_signals(program: Program, monkeypatch: pytest.MonkeyPatch, number: int, code: int) -> None:
    canonical_list(Path("policy.json"))
    monkeypatch.setattr(flow, "validate", lambda *_, **__: signal.raise_signal(number))
    ran = program("validate", "--debug")
    assert (ran.code, ran.out, ran.err) == (code, "", "")


def test_a_signal_that_the_caller_ignores_stays_ignored(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    canonical_list(Path("policy.json"))
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        monkeypatch.setattr("stpolicy.cli._door.say", lambda *_, **__: signal.raise_signal(signal.SIGHUP))
        assert program("validate").code == 0
    finally:
        signal.signal(signal.SIGHUP, before)


class Unread(io.TextIOWrapper):
    """Standard output to a pipe that nobody reads."""

    def __init__(self, folder: Path) -> None:
        super().__init__((folder / "out").open("wb"))

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.parametrize("words", [["explain"], ["--help"], ["--version"]], ids=str)
def test_output_that_nobody_reads(
    room: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    with Unread(room) as unread:
        monkeypatch.setattr(sys, "stdout", unread)
        assert _door.run(_commands.app, words) == 0
    assert capsys.readouterr().err == ""


class Full(Unread):
    """Standard output on a disk that is full."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_output_that_finds_no_room(
    room: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Full(room) as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert _door.run(_commands.app, ["explain"]) == 3
    assert "standard output: No space left on device" in capsys.readouterr().err


def test_a_result_for_a_device_leaves_the_device_in_place(program: Program) -> None:
    assert program("explain", "--output", os.devnull).out == ""
    assert Path(os.devnull).is_char_device()


def test_streams_that_are_closed(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    code = _door.run(_commands.app, ["fmt", "-"])
    opened = [sys.stdin, sys.stdout, sys.stderr]
    monkeypatch.undo()
    for stream in opened:
        assert stream.name == os.devnull
        stream.close()
    assert code == 1


@pytest.mark.parametrize(
    ("words", "code"), [(["--version"], 0), (["validate"], 3), (["nonsense"], 2)], ids=str
)
def test_main_exits_with_the_code(
    room: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int
) -> None:
    monkeypatch.setattr(sys, "argv", ["stpolicy", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == code


def test_completion_of_the_shell(room: Path, monkeypatch: pytest.MonkeyPatch, program: Program) -> None:
    monkeypatch.setenv("_STPOLICY_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "stpolicy val")
    monkeypatch.setenv("COMP_CWORD", "1")
    ran = program()
    assert ran.code == 0
    assert "validate" in ran.out


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2030-01-31T12:00:00Z", "2030-01-31T12:00:00+00:00"),
        ("2030-01-31T12:00:00.123456789+02:00", "2030-01-31T10:00:00.123456+00:00"),
        ("2030-01-31t12:00:00.5z", "2030-01-31T12:00:00.500000+00:00"),
        ("0", "1970-01-01T00:00:00+00:00"),
    ],
)
def test_now(given: str, expected: str) -> None:
    assert _door.now(given).isoformat() == expected


@pytest.mark.parametrize(
    "given", ["", "now", "2030-01-31", "2030-01-31T12:00:00", "-1", "٣", "9007199254740992", "9" * 5000]
)
def test_what_is_no_moment(given: str) -> None:
    with pytest.raises(Misuse):
        _door.now(given)


def test_the_clock_is_asked_when_no_moment_is_given() -> None:
    assert _door.now(None).tzinfo is not None
