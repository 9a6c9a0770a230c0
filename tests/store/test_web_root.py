"""A web root that is switched as one, whatever ends who switches it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stpolicy import store
from stpolicy.errors import StpolicyError
from stpolicy.store import files, versions

OLD, NEW = {"a": b"old a", "b": b"old b"}, {"a": b"new a", "b": b"new b"}


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_t26_a_web_root(folder: Path, umask_077: None) -> None:
    name = store.publish(folder, "20261101T000000Z", OLD)
    assert store.current(folder) == name
    assert name.startswith("20261101T000000Z-")
    assert {file: (folder / file).read_bytes() for file in OLD} == OLD
    assert str((folder / "a").readlink()) == "current/a"
    assert str((folder / "current").readlink()) == f"versions/{name}"
    assert [_mode(folder / place) for place in ("versions", "current", "a")] == [0o755, 0o755, 0o644]


def test_publishing_again_changes_nothing(folder: Path) -> None:
    store.publish(folder, "20261101T000000Z", {"a": b"20261101T000000Z", "b": b"20261101T000000Z"})
    store.publish(folder, "20261102T000000Z", OLD)
    before = {str(path): path.lstat() for path in folder.rglob("*")}
    store.publish(folder, "20261102T000000Z", OLD)
    assert {str(path): path.lstat() for path in folder.rglob("*")} == before


def test_the_version_before_is_kept_and_no_more(folder: Path) -> None:
    names = [
        store.publish(folder, f"2026110{number + 1}T000000Z", {"a": b"%d" % number}) for number in range(4)
    ]
    assert sorted(path.name for path in (folder / "versions").iterdir()) == names[2:]


def _torn(folder: Path, name: str) -> None:
    (folder / "versions" / name / "b").write_bytes(b"torn")


def _empty(folder: Path, name: str) -> None:
    for path in (folder / "versions" / name).iterdir():
        path.unlink()


def _dangling(folder: Path, name: str) -> None:
    (folder / "current").unlink()
    (folder / "current").symlink_to("versions/gone")


def _half(folder: Path, name: str) -> None:
    (folder / "versions" / ".tmp-x").mkdir()
    (folder / "versions" / ".tmp-x" / "a").write_bytes(b"half")
    (folder / ".current.new").symlink_to("versions/half")
    (folder / ".a.new").symlink_to("half")


def _a_file(folder: Path, name: str) -> None:
    (folder / "current").unlink()
    _empty(folder, name)
    (folder / "versions" / name).rmdir()
    (folder / "versions" / name).write_bytes(b"")


def _no_links(folder: Path, name: str) -> None:
    (folder / "current").unlink()
    (folder / "a").unlink()


LEFT = [_torn, _empty, _dangling, _half, _a_file, _no_links]


@pytest.mark.parametrize("left", LEFT)
@pytest.mark.parametrize("files", [OLD, NEW], ids=["again", "newer"])
def test_t24_what_a_crash_left_is_healed(
    left: Callable[[Path, str], None], files: dict[str, bytes], folder: Path
) -> None:
    name = store.publish(folder, "20261102T000000Z", OLD)
    left(folder, name)
    store.publish(folder, "20261102T000000Z" if files is OLD else "20261103T000000Z", files)
    assert {file: (folder / file).read_bytes() for file in files} == files
    assert not list(folder.rglob(".*"))


@pytest.mark.parametrize("name", ["a", "b", "current"])
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_in_the_way_is_not_removed(name: str, kind: str, folder: Path) -> None:
    thing = folder / name
    if kind == "file":
        thing.write_bytes(b"somebody's")
    else:
        thing.mkdir()
    with pytest.raises(StpolicyError, match="no link of ours"):
        store.publish(folder, "20261102T000000Z", OLD)
    assert thing.is_dir() if kind == "folder" else thing.read_bytes() == b"somebody's"
    assert name == "current" or store.current(folder) is None


def test_versions_that_is_a_file(folder: Path) -> None:
    (folder / "versions").write_bytes(b"")
    with pytest.raises(OSError, match="exists"):
        store.publish(folder, "20261102T000000Z", OLD)


def test_r2_what_was_written_is_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that lies: the file is shorter than what was written."""
    store.publish(folder, "20261102T000000Z", OLD)
    real = files.create
    monkeypatch.setattr(versions, "create", lambda path, data: real(path, data[:3]))
    with pytest.raises(StpolicyError, match="does not hold"):
        store.publish(folder, "20261103T000000Z", NEW)
    assert (folder / "a").read_bytes() == OLD["a"]
    assert len(list((folder / "versions").iterdir())) == 1


def test_r4_a_full_disk(tmp_path: Path) -> None:
    """A real one, where we may mount it."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system cannot be mounted: run the tests as root")
    try:
        store.publish(folder, "20261102T000000Z", OLD)
        with pytest.raises(OSError, match="No space left"):
            store.publish(folder, "20261103T000000Z", {"a": b"x" * 30000, "b": b"x" * 40000})
        assert {file: (folder / file).read_bytes() for file in OLD} == OLD
        assert len(list((folder / "versions").iterdir())) == 1
        store.publish(folder, "20261104T000000Z", NEW)
        assert {file: (folder / file).read_bytes() for file in NEW} == NEW
    finally:
        subprocess.run(["umount", str(folder)], check=True)


CRASH = """
import os, sys
from pathlib import Path
from stpolicy import store
left = int(sys.argv[2])
def hook(event, arguments):
    global left
    if event in ("open", "os.mkdir", "os.rename", "os.symlink", "os.remove", "os.rmdir", "os.chmod"):
        if sys.argv[1] in str(arguments):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), 9)
files = {"a": b"new a", "b": b"new b"}
sys.addaudithook(hook)
store.publish(Path(sys.argv[1]), "20261103T000000Z", files)
"""


def test_r2_killed_at_every_step(folder: Path) -> None:
    """A reader finds all of the old or all of the new, and the next run heals."""
    crashes, seen, code = 0, set(), -9
    while code == -9:
        root = folder / str(crashes)
        root.mkdir()
        store.publish(root, "20261102T000000Z", OLD)
        code = subprocess.run([sys.executable, "-c", CRASH, str(root), str(crashes)], check=False).returncode
        found = {file: (root / file).read_bytes() for file in OLD}
        assert found in (OLD, NEW), f"after step {crashes}"
        seen.add(found == NEW)
        store.publish(root, "20261103T000000Z", NEW)
        assert {file: (root / file).read_bytes() for file in NEW} == NEW
        assert not list(root.rglob(".*")), f"after step {crashes}"
        assert len(list((root / "versions").iterdir())) <= 2
        crashes += 1
    assert code == 0
    assert crashes > 15
    assert seen == {False, True}
