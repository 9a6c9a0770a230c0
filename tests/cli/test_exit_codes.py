"""The exit code of every command for every kind of end."""

import os
from pathlib import Path
from typing import Any

import pytest
import typer

from stpolicy.errors import Busy
from stpolicy.flows import validate as flow
from tests.program import NOW, Program, canonical_list, commands
from tests.repository import repository

LATER = "2026-12-01T00:00:00Z"
ENTRY = {"mode": "testing", "mxs": ["mx.example.com"]}
READING = ("validate", "fmt", "show example.com", "bump", "sign", "verify", "diff policy.json")
EDITING = (
    *("add example.net --mx a.example.net", "set example.com --mode enforce", "remove example.com"),
    *("alias add a --mx a.example.net", "alias set a --mode enforce", "alias remove a"),
)


def words(text: str, path: str | None = None) -> list[str]:
    """A command line; with a path, that is the list."""
    listed = ["--list", path] if text in EDITING else [path]
    return [*text.split(), *(word for word in (listed if path else []) if word)]


@pytest.fixture
def pinned(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever `verify` must be told before it looks at a list."""
    monkeypatch.setattr("stpolicy.cli._inputs.pins", lambda *_: None)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("validate", 0),
        ("validate --now 2026-12-01T00:00:00Z", 0),
        ("validate --now 2026-12-01T00:00:00Z --strict", 1),
        ("validate --now 2026-12-01T00:00:00Z --strict --ignore dates", 0),
        ("validate --now 2020-12-01T00:00:00Z", 1),
        ("validate broken.json", 1),
        ("validate --previous policy.json", 0),
        ("validate --previous newer.json", 1),
        ("validate --previous broken.json", 1),
        ("validate --previous no-such.json", 3),
        ("validate --previous git:HEAD", 3),
        ("validate --now yesterday", 2),
        ("validate --now 99999999999999999999", 2),
        ("validate --now 2026-11-01T00:00:00", 2),
        ("validate --select no.such", 2),
        ("validate --max-size 0", 2),
        ("validate a b", 2),
        ("validate - --previous -", 2),
        ("fmt", 0),
        ("fmt --check", 0),
        ("fmt --check loose.json", 1),
        ("fmt --diff loose.json", 0),
        ("fmt --check --diff loose.json", 1),
        ("fmt twice.json", 1),
        ("fmt broken.json", 1),
        ("diff newer.json", 0),
        ("diff newer.json --exit-code", 1),
        ("diff loose.json --exit-code", 0),
        ("diff broken.json", 1),
        ("diff policy.json broken.json", 1),
        ("diff", 2),
        ("diff - -", 2),
        ("diff a --format sarif", 2),
        ("show example.com", 0),
        ("show example.com --now 2027-01-01T00:00:00Z", 0),
        ("show example.org", 1),
        ("show example.com broken.json", 1),
        ("show", 2),
        ("add example.net --mx mx.example.net", 0),
        ("add example.com --mx mx.example.net", 1),
        ("add example.net", 2),
        ("add example.net --mx *.example.net", 2),
        ("add localhost --mx mx.example.net", 2),
        ("add", 2),
        ("remove example.com", 0),
        ("remove example.net", 1),
        ("set example.com", 2),
        ("set example.com --mode strict", 2),
        ("bump", 0),
        ("bump --now 2020-01-01T00:00:00Z", 1),
        ("bump --days 0", 2),
        ("bump --days 4000", 2),
        ("explain", 0),
        ("explain dates", 0),
        ("explain dates.stale", 0),
        ("explain dates.stail", 2),
        ("init new", 0),
        ("init .", 1),
        ("no-such-command", 2),
        ("validate --no-such-option", 2),
        ("keys", 2),
        ("alias", 2),
        ("--version", 0),
    ],
)
def test_code(program: Program, line: str, code: int) -> None:
    canonical_list(Path("policy.json"))
    canonical_list(Path("newer.json"), timestamp="2026-11-02T00:00:00Z", policies={})
    Path("loose.json").write_bytes(Path("policy.json").read_bytes().replace(b"  ", b"\t"))
    Path("broken.json").write_text("{")
    Path("twice.json").write_text(
        Path("policy.json")
        .read_text()
        .replace('com": {', 'com": {"mode":"testing","mxs":["a.b.com"]},"EXAMPLE.com": {')
    )
    before = {path: path.read_bytes() for path in Path().iterdir()}
    clock = ["--now", NOW] if line.startswith(("validate", "bump", "show")) and "--now" not in line else []
    ran = program(*line.split(), *clock)
    assert ran.code == code, ran
    if code:
        assert {path: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before
        assert ran.out or ran.err


@pytest.mark.parametrize("line", [*READING, *EDITING])
@pytest.mark.parametrize(
    "path", ["no-such.json", ".", "no-such-folder/policy.json", "policy.json/policy.json"]
)
def test_a_list_that_cannot_be_read_is_3(program: Program, pinned: None, line: str, path: str) -> None:
    canonical_list(Path("policy.json"))
    ran = program(*words(line, path))
    assert (ran.code, ran.out) == (3, "")
    assert path in ran.err


@pytest.mark.parametrize("line", [*READING, *EDITING, "publish --to .", "fmt --check"])
def test_a_list_that_nobody_may_read_is_3(
    program: Program, pinned: None, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    real = Path.open

    def refuse(path: Path, *how: Any) -> object:
        if path.name == "closed.json":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *how)

    canonical_list(Path("policy.json"))
    Path("closed.json").touch()
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    monkeypatch.setattr(Path, "open", refuse)
    ran = program(*words(line, "closed.json"))
    assert (ran.code, ran.out) == (3, "")
    assert "closed.json" in ran.err
    assert "next:" in ran.err


@pytest.mark.parametrize("line", [*READING, "publish --to ."])
@pytest.mark.parametrize("folder", [".", "/", "..", "lists", "lists/"])
def test_a_folder_is_no_list_and_that_is_said(program: Program, pinned: None, line: str, folder: str) -> None:
    canonical_list(Path("policy.json"))
    Path("lists").mkdir()
    ran = program(*words(line, folder))
    assert (ran.code, ran.out) == (3, "")
    assert "is a directory" in ran.err
    assert "next:" in ran.err


@pytest.mark.parametrize("line", [*READING[1:], *EDITING])
def test_a_list_that_is_none_is_1_and_named(program: Program, pinned: None, line: str) -> None:
    Path("broken.json").write_text("[\n 1")
    Path("policy.json").write_text("{}")
    Path("broken.json.asc").write_text("x")
    ran = program(*words(line, "broken.json"))
    assert ran.code == 1
    assert "broken.json" in ran.out + ran.err or line == "diff policy.json"


@pytest.mark.parametrize("name", commands())
def test_a_bad_configuration_is_2(program: Program, name: str) -> None:
    Path("bad.toml").write_text("nonsense = 1")
    needed = {"show": ["a.b"], "add": ["a.b"], "set": ["a.b"], "remove": ["a.b"], "diff": ["a"]}
    needed |= {"render": ["postfix"], "lookup": ["a.b"], "setup": ["https://a.b"]}
    needed |= {f"alias {verb}": ["x", "--mx", "mx.a.b"] for verb in ("add", "set")} | {"alias remove": ["x"]}
    ran = program(*name.split(), *needed.get(name, []), "--config", "bad.toml")
    assert ran.code == 2
    assert "nonsense" in ran.err


@pytest.mark.parametrize("line", ["validate -", "fmt -", "show example.com -", "diff - policy.json"])
def test_standard_input_is_read(program: Program, line: str) -> None:
    data = canonical_list(Path("policy.json")).read_bytes()
    assert program(*line.split(), stdin=data).code == 0
    assert program(*line.split(), stdin=b"nonsense").code == 1


@pytest.mark.parametrize("line", ["bump -", "sign -", *(f"{line} --list -" for line in EDITING)])
def test_standard_input_cannot_be_written_back(program: Program, line: str) -> None:
    assert program(*line.split()).code == 2


@pytest.mark.parametrize(
    ("raised", "code", "says"),
    [
        (RuntimeError("surprise\x1b[31m"), 3, "internal error: RuntimeError: surprise\\x1b[31m; --debug"),
        (MemoryError(), 3, "internal error"),
        (RecursionError("deep"), 3, "internal error"),
        (OSError(28, "No space left on device"), 3, "the system: No space left on device"),
        (OSError(5, "Input/output error", "disk"), 3, "disk: Input/output error"),
        (BrokenPipeError(32, "Broken pipe"), 3, "a program that we called"),
        (Busy("another run"), 75, "another run"),
        (KeyboardInterrupt(), 130, ""),
        (typer.Abort(), 130, ""),
        (typer.TyperException("no"), 2, "Error: no"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_whatever_is_raised_has_its_code(
    program: Program, monkeypatch: pytest.MonkeyPatch, raised: BaseException, code: int, says: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise raised

    canonical_list(Path("policy.json"))
    monkeypatch.setattr(flow, "validate", fail)
    quiet = program("validate")
    assert (quiet.code, quiet.out) == (code, "")
    assert says in quiet.err
    loud = program("validate", "--debug")
    assert loud.code == code
    assert ("Traceback" in loud.err) == isinstance(raised, Exception)


def test_debug_by_its_variable(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STPOLICY_VALIDATE_DEBUG", "1")
    ran = program("validate", "no-such.json")
    assert ran.code == 3
    assert "Traceback" in ran.err


@pytest.mark.parametrize(
    "option", [["--now", "never"], ["--select", "x"], ["--accept", "x:y"], ["--strict=x"]]
)
def test_misuse_is_seen_before_the_list_is_looked_for_and_stays_misuse_under_debug(
    program: Program, option: list[str]
) -> None:
    assert program("validate", *option, "--debug").code == 2


def test_a_word_that_is_nearly_right_is_suggested(program: Program) -> None:
    assert "'validate'" in program("vaildate").err
    assert "--format" in program("validate", "--fromat", "json").err
    assert "dates.stale" in program("explain", "dates.stail").err


def test_a_difference_to_a_revision_is_1_when_asked(program: Program, room: Path) -> None:
    repository(room)
    assert program("diff", "git:HEAD~1").code == 0
    assert program("diff", "git:HEAD~1", "--exit-code").code == 1
    assert program("diff", "git:HEAD", "--exit-code").code == 0
    assert program("diff", "git:nowhere").code == 3
