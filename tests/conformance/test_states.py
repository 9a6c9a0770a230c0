"""T24: from whatever lies in the folder, one run against a good server ends with the list installed."""

import random
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.conformance.clients import CLIENTS, Ran, Settings, client, ended, run
from tests.conformance.loaded import Loaded
from tests.conformance.world import BEFORE, OLD, WARM, World, begin, label
from tests.needs import lacking, needs

_LIST, _ASC = "current/policy.json", "current/policy.json.asc"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        _remove(path)


def _killed(folder: Path) -> None:
    """What runs leave that were killed outright."""
    for name in (".tmp-1/a/b", ".tmp-x"):
        (folder / "versions" / name).mkdir(parents=True, exist_ok=True)


def _absent(name: str) -> Callable[[Path], object]:
    return lambda folder: _remove(folder / name)


def _instead(name: str, make: Callable[[Path], object]) -> Callable[[Path], object]:
    """Something else in the place of what lies there; nothing where there is no place for it."""

    def change(folder: Path) -> None:
        path = folder / name
        _remove(path)
        if path.parent.is_dir():
            make(path)

    return change


def _file(name: str, data: bytes) -> Callable[[Path], object]:
    return _instead(name, lambda path: path.write_bytes(data))


def _folder(name: str) -> Callable[[Path], object]:
    """A folder in the place of a file, with something in it."""

    def make(path: Path) -> None:
        (path / "deeper").mkdir(parents=True)
        (path / "file").write_text("x")

    return _instead(name, make)


def _link(name: str, target: str) -> Callable[[Path], object]:
    return _instead(name, lambda path: path.symlink_to(target))


def _cut(name: str) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        if (folder / name).is_file():
            (folder / name).write_bytes((folder / name).read_bytes()[:100])

    return change


_NO_MARK = ': >"$1" && /bin/mount --bind "$1" "$1" && shift && exec "$@"'
"""In mounts of its own: what is mounted upon cannot be renamed over, not even by root."""

_FILES = (_LIST, _ASC, "mark", "state.json")
STATES: dict[str, Callable[[Path], object]] = {
    "nothing": shutil.rmtree,
    "an empty folder": _clear,
    "versions is a file": _file("versions", b"x"),
    "versions is a link to nowhere": _link("versions", "/nowhere/at/all"),
    "versions is empty": lambda folder: _clear(folder / "versions"),
    "a version is a file": lambda folder: _file(str((folder / "current").resolve()), b"x")(folder),
    "current is a folder": _folder("current"),
    "current is a file": _file("current", b"versions/x"),
    "current leads nowhere": _link("current", "versions/20260101T000000Z-0123456789ab"),
    "current leads to itself": _link("current", "current"),
    "current leads out": _link("current", ".."),
    "the lock is a folder": _folder(".lock"),
    "the lock leads nowhere": _link(".lock", "no/where"),
    "the lock of others is old": _link(".lock.pid", "4194305"),
    "a new link of a killed run": _link(".current.new", "versions/x"),
    "a new link that is a folder": _folder(".current.new"),
    "folders of killed runs": _killed,
    "mark.new is a folder": _folder("mark.new"),
    "state.json.new is a folder": _folder("state.json.new"),
    "mark leads to a folder": _link("mark", "versions"),
    "mark leads nowhere": _link("mark", "/nowhere/at/all"),
    "mark with numbers too large": _file(
        "mark", b"timestamp %s\nsigned 1\nsha256 %s\n" % (b"9" * 40, b"0" * 64)
    ),
    "mark in octal": _file("mark", b"timestamp 01\nsigned 01\nsha256 %s\n" % (b"0" * 64)),
    "mark with another line": _file("mark", b"timestamp 1\nsigned 1\nsha256 %s\nmore 1\n" % (b"0" * 64)),
    "state.json leads to a folder": _link("state.json", "versions"),
    "state.json of the year 10000": _file("state.json", b'{\n  "last_success": "99999-01-01T00:00:00Z"\n}\n'),
    "the list is a key": _file(_LIST, b"[" * 100000),
}
STATES |= {f"{name} is not there": _absent(name) for name in (*_FILES, "current", "versions", ".lock")}
STATES |= {f"{name} is empty": _file(name, b"") for name in _FILES}
STATES |= {f"{name} is garbage": _file(name, bytes(range(256)) * 9) for name in _FILES}
STATES |= {f"{name} is cut off": _cut(name) for name in _FILES}
STATES |= {f"{name} is a folder": _folder(name) for name in _FILES}


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("who", CLIENTS)
def test_t24_any_state_heals(who: str, name: str, world: World, loaded: Loaded, tmp_path: Path) -> None:
    begin(world, WARM)
    STATES[name](world.state)
    _heals(loaded.run if who == "update" else partial(run, client(who, tmp_path / "programs")), world)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("who", CLIENTS)
def test_t24_any_states_together_heal(who: str, seed: int, world: World, tmp_path: Path) -> None:
    begin(world, WARM)
    for name in random.Random(seed).sample([name for name in STATES if name != "nothing"], 5):
        try:
            STATES[name](world.state)
        except (OSError, RuntimeError):  # what it changes is gone or another thing already
            continue
    _heals(partial(run, client(who, tmp_path / "programs")), world)


def _heals(ask: Callable[[Settings], Ran], world: World) -> None:
    ran = ask(world.settings)
    assert (ran.code, ran.said, ran.state["reason"]) == (0, [], "installed")
    assert world.installed() == world.offered
    assert [name for name in world.leftovers() if name != ".lock.pid"] == []
    before = world.files()
    ran = ask(world.settings)
    assert (ran.code, ran.said, ran.state["reason"]) == (0, [], "unchanged")
    assert world.files() == before


@pytest.mark.parametrize("lost", ["mark is not there", "mark is empty"])
@pytest.mark.parametrize("who", CLIENTS)
def test_t3_mark_lost_and_then_the_pair(who: str, lost: str, world: World, tmp_path: Path) -> None:
    """One loss at a time: whatever is left refuses an older list."""
    asked = client(who, tmp_path / "programs")
    assert run(asked, world.settings).state["reason"] == "installed"
    STATES[lost](world.state)
    assert run(asked, world.settings).state["reason"] == "unchanged"
    for name in ("current", "versions"):
        STATES[f"{name} is not there"](world.state)
    world.offer(OLD, at=BEFORE)
    assert run(asked, world.settings).state["reason"] == "rolled_back"


@pytest.mark.parametrize("who", CLIENTS)
def test_r4_a_mark_that_cannot_be_written_again(who: str, world: World, tmp_path: Path) -> None:
    """Nothing is new, and yet not all is well."""
    apart = [needs("unshare", "util-linux"), "--mount"]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        lacking("no mounts of its own, which takes root")
    asked = client(who, tmp_path / "programs")
    begin(world, WARM)
    world.offer(OLD, at=BEFORE)
    (world.state / "mark").unlink()
    kept = [*apart, "/bin/sh", "-c", _NO_MARK, "sh", str(world.state / "mark")]
    ran = ended(asked.start(world.settings, before=kept), world.settings)
    assert (ran.code, ran.state["reason"], len(ran.said)) == (3, "disk", 1)
    assert ran.state["list"]["version"] == label(world.offered)


@pytest.mark.parametrize("what", ["the same", "torn", "a file", "a folder more", "a link"])
@pytest.mark.parametrize("who", CLIENTS)
def test_r2_what_lies_where_the_version_belongs(who: str, what: str, world: World, tmp_path: Path) -> None:
    begin(world, WARM)
    target = world.state / "versions" / label(world.offered)
    target.mkdir()
    (target / "policy.json").write_bytes(world.offered.data)
    (target / "policy.json.asc").write_bytes(world.offered.asc[: None if what == "the same" else 50])
    if what == "a file":
        shutil.rmtree(target)
        target.write_text("x")
    if what == "a link":
        shutil.rmtree(target)
        target.symlink_to("/nowhere")
    if what == "a folder more":
        (target / "deeper").mkdir()
    _heals(partial(run, client(who, tmp_path / "programs")), world)


@pytest.mark.parametrize("who", CLIENTS)
def test_r2_the_version_before_is_kept_and_older_ones_go(who: str, world: World, tmp_path: Path) -> None:
    begin(world, WARM)
    before = (world.state / "current").resolve().name
    versions = world.state / "versions"
    for name in ("20200101T000000Z-0123456789ab", "20200101T000000Z-0123456789ag", "of-the-admin"):
        (versions / name).mkdir()
    _heals(partial(run, client(who, tmp_path / "programs")), world)
    kept = {before, label(world.offered), "20200101T000000Z-0123456789ag", "of-the-admin"}
    assert {path.name for path in versions.iterdir()} == kept
