"""Files that are replaced as one switch, and locks."""

import os
import subprocess
from pathlib import Path

import pytest

from stpolicy import store
from stpolicy.errors import Busy, StpolicyError
from tests.needs import needs


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_t26_a_new_file_is_for_everybody(folder: Path, umask_077: None) -> None:
    store.write(folder / "x", b"1")
    assert ((folder / "x").read_bytes(), _mode(folder / "x")) == (b"1", 0o644)


def test_the_mode_of_a_file_is_kept(folder: Path) -> None:
    (folder / "x").touch(0o600)
    (folder / "x").chmod(0o640)
    store.write(folder / "x", b"1")
    assert _mode(folder / "x") == 0o640


def test_links_are_followed(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "x").symlink_to("sub/real")
    store.write(folder / "x", b"1")
    assert (folder / "sub" / "real").read_bytes() == b"1"
    assert (folder / "x").is_symlink()


@pytest.mark.parametrize("name", ["none/x", "file/x", "sub"])
def test_r4_places_where_nothing_can_be_written(name: str, folder: Path) -> None:
    (folder / "file").write_bytes(b"1")
    (folder / "sub").mkdir()
    with pytest.raises((OSError, StpolicyError), match="rectory"):
        store.write_all({folder / "file": b"2", folder / name: b"2"})
    assert (folder / "file").read_bytes() == (b"2" if name == "sub" else b"1")
    assert sorted(path.name for path in folder.iterdir()) == ["file", "sub"]


def test_r4_nothing_is_switched_before_everything_is_on_the_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = os.fsync, iter(range(9))

    def full(descriptor: int) -> None:
        if next(calls) == 1:
            raise OSError(28, "No space left on device")
        real(descriptor)

    (folder / "a").write_bytes(b"1")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        store.write_all({folder / "a": b"2", folder / "b": b"2"})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"a": b"1"}


def test_nothing_there_is_not_an_error(folder: Path) -> None:
    assert store.read_if_there(folder / "x", 9) is None
    assert store.read_if_there(folder / "x" / "y", 9) is None


def test_what_is_no_regular_file_is_not_read(folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    (folder / "endless").symlink_to("/dev/zero")
    for path in (folder, folder / "fifo", folder / "endless"):
        with pytest.raises(StpolicyError):
            store.read_if_there(path, 9)


def test_no_more_is_read_than_is_wanted(folder: Path) -> None:
    (folder / "x").write_bytes(b"x" * 99)
    assert store.read_if_there(folder / "x", 9) == b"x" * 10


def test_a_link_is_followed_for_one_file_and_replaced_among_several(folder: Path) -> None:
    (folder / "a").write_bytes(b"a")
    (folder / "link").symlink_to("a")
    store.write(folder / "link", b"b")
    assert (folder / "a").read_bytes() == b"b"
    assert (folder / "link").is_symlink()
    store.write_all({folder / "link": b"c"})
    assert (folder / "a").read_bytes() == b"b"
    assert not (folder / "link").is_symlink()


def test_r5_a_lock_keeps_others_out(folder: Path) -> None:
    with store.locked(folder), pytest.raises(Busy), store.locked(folder):
        pass
    with store.locked(folder):
        pass
    assert (folder / ".lock").exists()


def test_r6_the_lock_of_flock_1(folder: Path) -> None:
    flock = needs("flock", "util-linux")
    with store.locked(folder):
        done = subprocess.run([flock, "-n", str(folder / ".lock"), "true"], check=False)
    assert done.returncode == 1
    subprocess.run([flock, "-n", str(folder / ".lock"), "true"], check=True)
