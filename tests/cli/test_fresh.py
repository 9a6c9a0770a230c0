"""A first look, as somebody new would take it: nothing set up, an odd locale, a strict umask, no terminal."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.program import COMMAND, canonical_list, leftovers

BARE = {"PATH": os.environ["PATH"], "HOME": "", "LC_ALL": "C"}


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [*COMMAND, *arguments],
        env=BARE | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        umask=0o077,
        check=False,
    )


def test_a_loop_in_a_bare_world(room: Path) -> None:
    assert run("init", ".").returncode == 0
    assert run("add", "bücher.example.com", "--mx", "mx.example.com", "--mode", "enforce").returncode == 0
    judged = run("validate")
    assert judged.returncode == 0
    shown = run("show", "bücher.example.com").stdout.decode("utf-8")
    assert "xn--bcher-kva.example.com (bücher.example.com)" in shown
    ascii_only = run("show", "bücher.example.com", PYTHONIOENCODING="ascii").stdout.decode("ascii")
    assert "xn--bcher-kva.example.com (b\\xfccher.example.com)" in ascii_only
    assert stat.S_IMODE(Path("policy.json").stat().st_mode) == 0o644
    assert not [name for name in leftovers(room) if name not in (".github", ".pre-commit-config.yaml")]


@pytest.mark.parametrize(
    "arguments", [["validate"], ["sign"], ["show", "a.com"], ["fmt"], ["bump"]], ids=" ".join
)
def test_without_a_list_it_says_what_is_missing_and_what_to_do(room: Path, arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.startswith(b"stpolicy: policy.json is not there\n  next: ")


def test_a_name_that_is_no_utf8(room: Path) -> None:
    raw = os.fsencode(canonical_list(room / "policy.json"))
    Path(os.fsdecode(raw)).rename(room / os.fsdecode(b"l\xffst.json"))
    done = subprocess.run(
        [*COMMAND, "validate", os.fsdecode(b"l\xffst.json")], env=BARE, capture_output=True, check=False
    )
    assert done.returncode == 0
    assert b"l\\udcffst.json" in done.stderr


def test_a_folder_that_may_not_be_written(room: Path) -> None:
    canonical_list(room / "policy.json")
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    room.chmod(0o500)
    try:
        assert run("bump").returncode == 3
        assert run("validate").returncode == 0
    finally:
        room.chmod(0o700)
