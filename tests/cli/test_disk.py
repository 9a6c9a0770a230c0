"""A disk that fails: the old file stays as it was, and nothing else is left."""

import errno
import os
import stat
from pathlib import Path

import pytest

from tests.program import NOW, Program, canonical_list, leftovers

WRITING = [
    "fmt loose.json",
    "add example.net --mx mx.example.net",
    "set example.com --mode enforce",
    "remove example.com",
    "alias add a --mx mx.example.net",
    "bump",
    "validate --output out",
    "validate --output new",
    "diff loose.json --output out",
    "show example.com --output out",
    "explain --output out",
    "init new",
]


def no_space(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("call", ["os.fsync", "os.fchmod", "pathlib.Path.replace", "tempfile.mkstemp"])
@pytest.mark.parametrize("line", WRITING)
def test_nothing_changes_when_a_write_fails(
    program: Program, monkeypatch: pytest.MonkeyPatch, line: str, call: str
) -> None:
    canonical_list(Path("policy.json"))
    Path("loose.json").write_bytes(Path("policy.json").read_bytes().replace(b"  ", b"\t"))
    Path("out").write_text("before")
    before = contents(Path())
    monkeypatch.setattr(call, no_space)
    ran = program(*line.split())
    assert (ran.code, ran.out) == (3, "")
    assert "No space left on device" in ran.err
    assert contents(Path()) == before
    assert leftovers(Path()) == []


def test_init_that_fails_half_way_leaves_nothing(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.fsync, []

    def third_fails(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 5:
            no_space()
        real(descriptor)

    monkeypatch.setattr(os, "fsync", third_fails)
    assert program("init", "new").code == 3
    assert contents(Path("new")) == {}


def test_a_list_that_somebody_else_writes_meanwhile_is_left_to_them(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stpolicy.flows import edit as flow

    path, real = canonical_list(Path("policy.json")), flow.edit

    def slow(*arguments: object, **named: object) -> flow.Edited:
        edited = real(*arguments, **named)  # type: ignore[arg-type]
        path.write_text("theirs")
        return edited

    monkeypatch.setattr(flow, "edit", slow)
    ran = program("bump", "--now", NOW)
    assert ran.code == 3
    assert path.read_text() == "theirs"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_the_mode_of_the_list_is_kept(program: Program, mode: int) -> None:
    path = canonical_list(Path("policy.json"))
    path.chmod(mode)
    assert program("bump", "--now", NOW).code == 0
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_symbolic_link_stays_one(program: Program) -> None:
    Path("lists").mkdir()
    canonical_list(Path("lists/real.json"))
    Path("policy.json").symlink_to("lists/real.json")
    assert program("add", "example.net", "--mx", "mx.example.net").code == 0
    assert Path("policy.json").is_symlink()
    assert "example.net" in Path("lists/real.json").read_text()
    assert leftovers(Path("lists")) == []


def test_a_result_replaces_a_file_and_follows_a_link(program: Program) -> None:
    canonical_list(Path("policy.json"))
    Path("link").symlink_to("report")
    assert program("validate", "--format", "json", "-o", "link", "--now", NOW).out == ""
    assert Path("link").is_symlink()
    assert '"findings": []' in Path("report").read_text()


def test_a_result_for_a_folder_that_is_not_there_is_3(program: Program) -> None:
    canonical_list(Path("policy.json"))
    assert program("validate", "--output", "no/such/folder").code == 3
