"""The command `sign` when something goes wrong meanwhile: nothing is overwritten, nothing is left behind."""

import os
import shutil
import signal
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from tests import lists
from tests.cli.test_sign import ASC, POLICY, by, refused
from tests.pairs import believing, dated, place, snapshot
from tests.personas import LIST, SIGNED, People, running, wait
from tests.program import COMMAND, NOW, Program, heed

STALE = dated(SIGNED - timedelta(days=2))


def _around_gpg(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gpg that does something else first, whenever it is to sign."""
    folder.mkdir()
    real = shutil.which("gpg")
    program = folder / "gpg"
    program.write_text(f'#!/bin/sh\ncase "$*" in *--detach-sign*)\n{script}\n;; esac\nexec {real} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.mark.parametrize("name", ["policy.json", "policy.json.asc"])
@pytest.mark.parametrize("stale", [False, True])
def test_g18_a_file_is_changed_while_it_is_signed(
    name: str, stale: bool, room: Path, people: People, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = STALE if stale else LIST
    place(room, people.alice, data=data, at=SIGNED - timedelta(days=2))
    _around_gpg(room.parent / "bin", f"echo edited > {room / name}", monkeypatch)
    other = {"policy.json": ASC, "policy.json.asc": POLICY}[name]
    kept = other.read_bytes()
    ran = program("sign", *by(people.alice))
    assert ran.code == 3
    assert Path(name).read_bytes() == b"edited\n"
    assert other.read_bytes() == kept
    assert sorted(path.name for path in room.iterdir()) == ["policy.json", "policy.json.asc"]


@pytest.mark.parametrize("name", ["policy.json", "policy.json.asc"])
def test_a_file_vanishes_while_it_is_signed(
    name: str, room: Path, people: People, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(room, people.alice)
    _around_gpg(room.parent / "bin", f"rm {room / name}", monkeypatch)
    assert program("sign", *by(people.alice)).code == 3
    assert not Path(name).exists()


def test_a_signature_appears_while_it_is_signed(
    room: Path, people: People, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    POLICY.write_bytes(STALE)
    _around_gpg(room.parent / "bin", f"echo mine > {room / 'policy.json.asc'}", monkeypatch)
    assert program("sign", *by(people.alice)).code == 3
    assert (POLICY.read_bytes(), ASC.read_bytes()) == (STALE, b"mine\n")


def test_g19_a_gpg_that_never_answers_is_ended(
    room: Path, people: People, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(room, people.alice)
    fifo = room.parent / "fifo"
    os.mkfifo(fifo)
    _around_gpg(room.parent / "bin", f"cat {fifo}", monkeypatch)
    ran = refused(program, 3, *by(people.alice, "--gpg-timeout", "1"))
    assert "--gpg-timeout" in ran.err
    assert_none_runs(room.parent)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_t25_ended_by_a_signal_while_gpg_waits(
    number: int, code: int, room: Path, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(room, people.alice)
    before = snapshot(room)
    begun, never = room.parent / "begun", room.parent / "never"
    os.mkfifo(begun)
    os.mkfifo(never)
    _around_gpg(room.parent / "bin", f"echo > {begun}; cat {never}", monkeypatch)
    process = subprocess.Popen(
        [*COMMAND, "sign", *by(people.alice)],
        stderr=subprocess.PIPE,
        preexec_fn=heed,  # noqa: PLW1509  (there are no threads)
    )
    begun.read_bytes()
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (code, b"")
    assert snapshot(room) == before
    assert_none_runs(room.parent)


def assert_none_runs(folder: Path) -> None:
    """No process that has something of this folder on its command line is left."""
    for process in running(str(folder)):
        wait(process)
    assert running(str(folder)) == {}


def test_g18_a_gpg_that_fails_after_it_has_signed(
    room: Path, people: People, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(room, people.alice, data=STALE, at=SIGNED - timedelta(days=2))
    _around_gpg(room.parent / "bin", f'{shutil.which("gpg")} "$@"; exit 2', monkeypatch)
    refused(program, 3, *by(people.alice))


def test_a_gpg_that_signs_something_else(
    room: Path, people: People, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(room, people.alice, data=STALE, at=SIGNED - timedelta(days=2))
    script = f'echo other | {shutil.which("gpg")} "$@"; exit $?'
    _around_gpg(room.parent / "bin", script, monkeypatch)
    assert "does not verify" in refused(program, 3, *by(people.alice)).err


def test_no_gpg(room: Path, people: People, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    place(room, people.alice)
    monkeypatch.setenv("PATH", str(room))
    assert "gnupg" in refused(program, 3, *by(people.alice)).err


def test_standard_input_cannot_be_signed(people: People, program: Program) -> None:
    assert program("sign", "-", *by(people.alice), stdin=LIST).code == 2


@pytest.mark.parametrize("name", ["-x", "--output=y", "\n[GNUPG:] SIG_CREATED D 22 10 00", "a:b"], ids=ascii)
def test_g8_names_of_files_are_only_names(name: str, room: Path, people: People, program: Program) -> None:
    Path(name).write_bytes(LIST)
    assert program("sign", *by(people.alice), "--", name).code == 0
    assert sorted(path.name for path in room.iterdir()) == sorted([name, f"{name}.asc"])
    assert program("verify", *believing(people, people.alice), "--now", NOW, "--", name).code == 0


def test_no_list(room: Path, people: People, program: Program) -> None:
    refused(program, 3, *by(people.alice))


def test_the_signature_is_not_written_over_the_list(room: Path, people: People, program: Program) -> None:
    POLICY.write_bytes(LIST)
    Path("link").symlink_to("policy.json")
    refused(program, 2, *by(people.alice, "--output", "policy.json"))
    refused(program, 2, *by(people.alice, "--output", "link"))


@pytest.mark.parametrize("output", ["none/sig.asc", ".", "policy.json/sig.asc"])
def test_r4_a_signature_that_cannot_be_written_leaves_the_list(
    output: str, room: Path, people: People, program: Program
) -> None:
    POLICY.write_bytes(STALE)
    refused(program, 3, *by(people.alice, "--output", output))


def test_r4_a_full_disk(
    room: Path, people: People, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list has been written already when there is no room left for its signature."""
    place(room, people.alice, data=STALE, at=SIGNED - timedelta(days=2))
    real, calls = os.fsync, iter(range(9))

    def full(descriptor: int) -> None:
        if next(calls):
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    assert "No space left" in refused(program, 3, *by(people.alice)).err
    assert sorted(path.name for path in room.iterdir()) == ["policy.json", "policy.json.asc"]


@pytest.mark.parametrize("crash", ["after the list", "before everything"])
def test_r1_ended_between_the_two_files(
    crash: str, room: Path, people: People, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is left, the next `sign` makes a good pair of it."""
    place(room, people.alice, data=STALE, at=SIGNED - timedelta(days=2))
    real, calls = Path.replace, iter(range(9))

    def ended(self: Path, target: Path) -> Path:
        if next(calls) == (crash == "after the list"):
            raise KeyboardInterrupt
        return real(self, target)

    who = [*believing(people, people.alice), "--now", NOW]
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", ended)
        assert program("sign", *by(people.alice)).code == 130
    assert (program("verify", *who).code == 0) is (crash == "before everything")
    assert sorted(path.name for path in room.iterdir()) == ["policy.json", "policy.json.asc"]
    assert program("sign", *by(people.alice)).code == 0
    assert program("verify", *who).code == 0


def test_modes_and_links_are_kept(room: Path, people: People, program: Program) -> None:
    real = room.parent / "real.json"
    real.write_bytes(dated(lists.NOW - timedelta(days=1)))
    real.chmod(0o640)
    POLICY.symlink_to(real)
    assert program("sign", *by(people.alice)).code == 0
    assert POLICY.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert program("verify", *believing(people, people.alice), "--now", NOW).code == 0
    assert list(snapshot(room)) != []
