"""Running a program: found, bounded, in an environment of our own."""

import shutil
from pathlib import Path

import pytest

from stpolicy.errors import StpolicyError
from stpolicy.mta._program import Ran, program, run


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def tool(folder: Path, text: str, name: str = "tool") -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return name


def test_code_and_both_streams(tools: Path) -> None:
    name = tool(tools, 'cat; echo "$1" >&2; exit 7')
    assert run([name, "a b"], data=b"in\xff\n") == Ran(7, "in\udcff\n", "a b\n")


def test_the_environment_is_not_ours(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_CONFIG", "/elsewhere")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    name = tool(tools, 'echo "$MAIL_CONFIG|$LC_ALL|$EXTRA|$HOME"')
    assert run([name], environment={"EXTRA": "x"}).out == "|C|x|\n"


def test_what_hangs_is_ended(tools: Path) -> None:
    name = tool(tools, "exec sleep 600")
    with pytest.raises(StpolicyError, match=r"0\.2 s"):
        run([name], deadline=0.2)


def test_what_a_signal_ended_has_no_answer(tools: Path) -> None:
    with pytest.raises(StpolicyError, match="signal 9"):
        run([tool(tools, "kill -9 $$")])


@pytest.mark.parametrize("words", [["no-such-program"], ["no/such/program"]])
def test_what_is_not_installed_is_named(words: list[str], tools: Path) -> None:
    with pytest.raises(StpolicyError, match="is not installed") as raised:
        run(words)
    assert raised.value.mend


@pytest.mark.parametrize("word", ["a\0b", "x" * 3_000_000], ids=["nul", "too long"])
def test_words_that_no_program_takes(word: str, tools: Path) -> None:
    with pytest.raises(StpolicyError, match="tool cannot be run"):
        run([tool(tools, "exit 0"), word])


def test_postfix_is_found_where_the_path_does_not_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    asked: list[str | None] = []

    def which(name: str, *, path: str | None = None) -> str:
        asked.append(path)
        return f"/usr/sbin/{name}"

    monkeypatch.setattr(shutil, "which", which)
    assert program("postconf") == "/usr/sbin/postconf"
    assert asked == ["/nowhere:/usr/sbin:/sbin"]


def test_without_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PATH")
    assert program("sh")
