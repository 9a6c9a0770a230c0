"""R2: what a rename leads to lies on the disk before it. To kill a client shows no fsync that is missing."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.clients import CLIENTS
from tests.crash.conftest import possible
from tests.crash.matrix import begin
from tests.crash.strace import Line, traced
from tests.crash.world import WARM, World

_SYNC = re.compile(r"f(?:data)?sync\(\d+<([^<>]*)>\) = 0")
_WRITE = re.compile(r"p?write(?:v|64)?\(\d+<([^<>]*)>")
_RENAME = re.compile(r'rename(?:at2?)?\([^"]*"([^"]*)", [^"]*"([^"]*)".* = 0$')

PAIR = {"staged/policy.json", "staged/policy.json.asc", "staged"}
SWITCH = (("version", PAIR), ("mark", {"versions", "mark.new"}), ("current", {"."}))
"""What is put in place, in this order; and what must be on the disk by then, since the one before it."""

MAP = (("maps/policy.lmdb", {".", "maps/.policy.new", "maps/.policy.new.lmdb"}), ("maps/policy", set[str]()))
ORDER = {
    "update": (*SWITCH, *MAP, ("state.json", {"maps", "state.json.new"}), ("end", {"."})),
    "script": (*SWITCH, ("state.json", {".", "state.json.new"}), ("end", set[str]())),
}
"""Of the script the last one is not made durable: the state decides nothing."""


def _short(world: World, path: str, staged: str) -> str:
    """A path as the table has it."""
    if staged and Path(path).is_relative_to(staged):
        return str(Path("staged", Path(path).relative_to(staged)))
    if Path(path) == world.state / "versions" / world.new.label:
        return "version"
    for folder, name in ((world.maps, "maps"), (world.state, "")):
        if Path(path).is_relative_to(folder):
            return str(Path(name, Path(path).relative_to(folder)))
    return ""


def _order(world: World, lines: list[Line]) -> Iterator[tuple[str, set[str]]]:
    """Each rename, and what was synced since the one before it, and not written to after that."""
    renames = [found for line in lines if (found := _RENAME.match(_call(line)))]
    (staged,) = [found[1] for found in renames if _short(world, found[2], "") == "version"]
    synced: set[str] = set()
    for line in lines:
        if found := _SYNC.match(_call(line)):
            synced.add(_short(world, found[1], staged))
        elif found := _WRITE.match(_call(line)):
            synced.discard(_short(world, found[1], staged))
        elif (found := _RENAME.match(_call(line))) and _is_kept(name := _short(world, found[2], staged)):
            yield name, synced
            synced = set()
    yield "end", synced


def _call(line: Line) -> str:
    return line.text.partition(" ")[2]


def _is_kept(name: str) -> bool:
    """Whether it is what readers find, and not in a folder of this run alone."""
    return bool(name) and ".tmp-" not in name


@pytest.mark.parametrize("name", ORDER)
def test_r2_what_is_put_in_place_lies_on_the_disk(name: str, base: World) -> None:
    client = CLIENTS[name]
    possible(client.around)
    world = begin(base, client, WARM, "lmdb" if client.renders else None)
    found = list(_order(world, traced(client, world, base.folder / "scratch")))
    assert [target for target, _ in found] == [target for target, _ in ORDER[name]]
    missing = {
        target: needed - synced
        for (target, needed), (_, synced) in zip(ORDER[name], found, strict=True)
        if not needed <= synced
    }
    assert missing == {}
