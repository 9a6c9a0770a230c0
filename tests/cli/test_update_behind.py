"""A pair behind the mark, and the map: it keeps its rows until it runs out, and takes no newer list's."""

import shutil
from pathlib import Path

import pytest

from tests.cli.following import ENFORCE, Maps, after, listed, overlay
from tests.pairs import LATER, dated
from tests.program import Ran


def _newer(maps: Maps) -> None:
    maps.following.offer(dated(LATER, policies={"new.com": ENFORCE}), at=LATER)


@pytest.fixture
def crashed(maps: Maps) -> Maps:
    """A run that was ended between the mark and the switch; since then nobody answers."""
    maps.following.offer(listed("old.com", "own.com"))
    assert maps.update().code == 0
    folder = maps.following.folder
    state = (folder / "state.json").read_bytes()
    older = (folder / "current").readlink()
    maps_before = Path("maps-before")
    shutil.copytree(maps.path.parent, maps_before)
    _newer(maps)
    assert maps.update().code == 0
    (folder / "current").unlink()
    (folder / "current").symlink_to(older)
    shutil.rmtree(maps.path.parent)
    shutil.copytree(maps_before, maps.path.parent)
    (folder / "state.json").write_bytes(state)
    maps.following.server.answers.clear()
    return maps


def test_its_list_stays_in_force_and_nothing_is_said(crashed: Maps) -> None:
    assert crashed.update() == Ran(3, "", "")
    current = crashed.following.folder / "current"
    assert crashed.following.state["list"]["version"] == current.readlink().name
    assert crashed.asked("old.com") != ""


def test_what_is_decided_here_changes_meanwhile(crashed: Maps) -> None:
    own = overlay("own.json", {"exclude": {"own.com": {}}})
    assert crashed.update("--overlay", own).code == 3
    assert (crashed.asked("old.com") != "", crashed.asked("own.com")) == (True, "")


def test_its_rows_leave_the_map_when_it_runs_out(crashed: Maps) -> None:
    assert crashed.update(now=after(days=15)).code == 1
    assert crashed.following.state["reason"] == "expired"
    assert crashed.asked("old.com") == ""


def test_a_map_that_is_lost_is_made_of_it(crashed: Maps) -> None:
    shutil.rmtree(crashed.path.parent)
    assert crashed.update().code == 3
    assert crashed.asked("old.com") != ""


@pytest.mark.parametrize("header", [True, False])
def test_a_map_of_a_newer_list_stays(header: bool, maps: Maps) -> None:
    """Also where its text does not say of which list it is."""
    Path("t.j2").write_text('{{ lines | join("\\n") }}\n')
    options = [] if header else ["--template", "t.j2"]
    maps.following.offer(listed("old.com"))
    assert maps.update(*options).code == 0
    older = (maps.following.folder / "current").readlink()
    _newer(maps)
    assert maps.update(*options).code == 0
    (maps.following.folder / "current").unlink()
    (maps.following.folder / "current").symlink_to(older)
    maps.following.server.answers.clear()
    assert maps.update(*options, "--overlay", overlay("own.json", {})).code == 3
    assert (maps.asked("old.com"), maps.asked("new.com") != "") == ("", True)


def test_the_newest_list_heals_it(crashed: Maps) -> None:
    _newer(crashed)
    assert crashed.update() == Ran(0, "", "")
    assert (crashed.asked("old.com"), crashed.asked("new.com") != "") == ("", True)


def test_no_other_command_takes_it_for_the_newest(crashed: Maps) -> None:
    following = crashed.following
    options = ["--dir", following.folder, *following.believing, "--now", after(hours=1)]
    assert following.program("lookup", "old.com", *options).code == 1
    assert following.program("render", "postfix", "--mta-version", "3.7", *options).code == 1
