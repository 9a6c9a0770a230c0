"""R5: eight clients at once, each of them slow at every rename, and not all of them offered the same list."""

from datetime import timedelta

import pytest

from tests.crash import clients
from tests.crash.clients import CLIENTS
from tests.crash.conftest import possible
from tests.crash.matrix import begin
from tests.crash.world import WARM, World, edition, look
from tests.needs import needs
from tests.personas import SIGNED, People

EIGHT = 8
SLOW = "inject=rename,renameat,renameat2:delay_exit=400000"


TEAMS = [("update",), ("update", "script")] if "script" in CLIENTS else [("update",)]


@pytest.mark.parametrize("team", TEAMS, ids=" and ".join)
def test_r5_eight_at_once(base: World, people: People, team: tuple[str, ...]) -> None:
    """One is at work; who comes meanwhile is told so, and nobody puts halves of two pairs together."""
    for name in team:
        possible(CLIENTS[name].around)
    kind = "lmdb" if all(CLIENTS[name].renders for name in team) else None
    there = begin(base, CLIENTS["update"], WARM, kind)
    there.reset()
    newest = edition(people, "newest", SIGNED + timedelta(minutes=10))
    urls = [there.offer(there.new), there.offer(newest, "/newest")]
    before = [needs("strace", "strace"), "-f", "-o", "/dev/null", "-e", SLOW]
    running = [
        clients.start(CLIENTS[team[number // 2 % len(team)]], there, before=before, url=urls[number % 2])
        for number in range(EIGHT)
    ]
    ran = [clients.ended(process) for process in running]
    codes = [one.code for one in ran]
    assert set(codes) <= {0, 1, 75}, ran
    assert {0, 75} <= set(codes), ran
    assert all(one.err for one in ran if one.code), ran
    seen = look(there)
    [here] = [edition for edition in (there.new, newest) if seen.is_of(edition)]
    assert seen.verifies
    assert seen.mark == here.mark
    assert seen.rows == (here.rows if kind else frozenset())
    if 0 in codes[1::2]:
        assert here == newest
    assert 1 not in codes or here == newest  # refused as older than that
    assert not [name for name in seen.leftovers if name.startswith((".", "versions/."))]
