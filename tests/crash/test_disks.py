"""R4 with real disks: full at every page, and read only."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.crash import clients
from tests.crash.clients import CLIENTS
from tests.crash.matrix import begin
from tests.crash.trial import after_fault, healed
from tests.crash.world import COLD, WARM, World, edition, look
from tests.needs import lacking
from tests.personas import SIGNED, People

PAGE = 4096
UPDATE = CLIENTS["update"]


def mount(*words: str | Path) -> None:
    """Mounts something, which takes root."""
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        lacking(f"nothing can be mounted here: {done.stderr.strip()}")


@pytest.fixture(scope="module")
def starts(base: World) -> dict[str, World]:
    return {start: begin(base, UPDATE, start, "lmdb") for start in (WARM, COLD)}


@pytest.fixture
def on_disk(starts: dict[str, World], tmp_path: Path) -> Iterator[Callable[[str], World]]:
    """A world at a start, on a disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mount("-t", "tmpfs", "-o", "size=64k", "stpolicy-test", place)

    def at(start: str) -> World:
        there = replace(starts[start], disk=place)
        there.reset()
        return there

    try:
        yield at
    finally:
        subprocess.run(["umount", "--recursive", "--lazy", place], check=True)


def fill(world: World, pages: int) -> Path:
    """Leaves so many pages free."""
    ballast = world.disk / "ballast"
    free = subprocess.run(
        ["stat", "--file-system", "--format", "%f", world.disk], capture_output=True, text=True, check=True
    )
    ballast.write_bytes(bytes(PAGE * (int(free.stdout) - pages)))
    return ballast


def heals(world: World) -> None:
    ran = clients.run(UPDATE, world)
    assert list(healed(world, look(world), ran)) == []


@pytest.mark.parametrize(
    ("start", "pages"), [(WARM, 0), (WARM, 1), (WARM, 3), (WARM, 5), (COLD, 0), (COLD, 6)]
)
def test_r4_a_full_disk(on_disk: Callable[[str], World], start: str, pages: int) -> None:
    """64 KiB, and only so many pages of it free; list, signature, mark and state take one each."""
    there = on_disk(start)
    ballast = fill(there, pages)
    ran = clients.run(UPDATE, there)
    seen = look(there)
    assert list(after_fault(there, seen)) == []
    assert ran.code == 3
    assert ran.err
    assert seen.leftovers == ()
    assert seen.is_of(there.before if pages < 3 else there.new)
    ballast.unlink()
    heals(there)


def test_r4_a_list_larger_than_the_disk(on_disk: Callable[[str], World], people: People) -> None:
    there = on_disk(WARM)
    there.offer(edition(people, "new", SIGNED, padding=65536))
    ran = clients.run(UPDATE, there)
    assert ran.code == 3
    assert "No space left on device" in ran.err
    seen = look(there)
    assert seen.is_of(there.old)
    assert seen.verifies
    assert (seen.mark, seen.rows, seen.leftovers) == (there.old.mark, there.old.rows, ())
    there.offer(there.new)
    heals(there)


@pytest.mark.parametrize("name", ["state", "maps"])
def test_r4_a_folder_that_is_read_only(on_disk: Callable[[str], World], name: str) -> None:
    there = on_disk(WARM)
    folder = there.disk / name
    mount("--bind", folder, folder)
    mount("-o", "remount,ro,bind", folder)
    ran = clients.run(UPDATE, there)
    subprocess.run(["umount", folder], check=True)
    seen = look(there)
    assert list(after_fault(there, seen)) == []
    assert ran.code == 3
    assert "Read-only file system" in ran.err
    assert seen.is_of(there.old if name == "state" else there.new)
    assert seen.rows == there.old.rows
    heals(there)
