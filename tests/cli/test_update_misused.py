"""Settings that are wrong, or a folder that is lost, keep no list in force that has run out."""

import fcntl
import json
import os
import shutil
from pathlib import Path

import pytest

from stpolicy import store
from tests.cli.following import OWN, Maps, after, listed, overlay

WRONG = {
    "keyring": ["--keyring", "/nowhere"],
    "threshold": ["--threshold", "2"],
    "signer": ["--signer", "ABCD"],
    "url": ["--url", "http://list.invalid"],
    "ca-file": ["--ca-file", "/nowhere"],
    "map: relative": ["--map", "lmdb:relative"],
    "map: no type": ["--map", "static:none"],
}
LATE = after(days=40)


@pytest.fixture
def own(maps: Maps) -> Path:
    """A map is there, with a row of the list and one of the site's."""
    made = overlay("own.json", {"policies": {"b.com": OWN}})
    maps.following.offer(listed("a.com"))
    assert maps.update("--overlay", made).code == 0
    return made


def _asked(maps: Maps) -> tuple[bool, bool]:
    return maps.asked("a.com") != "", maps.asked("b.com") != ""


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_settings_keep_no_list_in_force(wrong: str, maps: Maps, own: Path) -> None:
    options = ["--overlay", own, *WRONG[wrong], "--format", "json"]
    assert (maps.update(*options).code, _asked(maps)) == (2, (True, True)), "the list is in force"
    ran = maps.update(*options, now=LATE)
    assert (ran.code, _asked(maps)) == (2, (False, True))
    told = json.loads(ran.out)
    assert (told["reason"], len(told["remarks"])) == ("configuration", 1)
    assert told["remarks"][0] in ran.err
    assert maps.following.state["reason"] == "configuration"
    made = maps.path.stat().st_ino
    assert json.loads(maps.update(*options, now=LATE).out)["remarks"] == []
    assert maps.path.stat().st_ino == made


def test_the_list_is_back_when_the_settings_are_mended(maps: Maps, own: Path) -> None:
    maps.update("--overlay", own, "--threshold", "2", now=LATE)
    assert maps.update("--overlay", own).code == 0
    assert _asked(maps) == (True, True)


def test_an_overlay_that_is_wrong_too_loses_no_own_row(maps: Maps, own: Path) -> None:
    own.write_text("{")
    assert maps.update("--overlay", own, "--threshold", "2", now=LATE).code == 2
    assert _asked(maps) == (False, True)


def test_with_wrong_settings_no_map_is_made(maps: Maps) -> None:
    maps.following.folder.mkdir()
    assert maps.update("--threshold", "2").code == 2
    assert not maps.path.parent.exists()
    assert maps.following.state["reason"] == "configuration"


def test_with_wrong_settings_no_folder_is_made(maps: Maps) -> None:
    assert maps.update("--threshold", "2").code == 2
    assert not maps.following.folder.exists()


def test_wrong_settings_while_another_run_is_at_work(maps: Maps, own: Path) -> None:
    with store.locked(maps.following.folder):
        assert maps.update("--overlay", own, "--threshold", "2", now=LATE).code == 2
    assert (_asked(maps), maps.following.state["reason"]) == ((True, True), "installed")


# The folder of the list is lost ----------------------------------------------------------------------


@pytest.fixture
def elsewhere(maps: Maps) -> Maps:
    """The map is in another folder."""
    maps.path = Path("elsewhere").absolute() / "policy"
    return maps


def _lose(maps: Maps) -> None:
    """As a disk that is not mounted, or cannot be written."""
    shutil.rmtree(maps.following.folder)
    maps.following.folder.write_text("no folder")


@pytest.mark.parametrize("wrong", [[], ["--threshold", "2"]])
def test_a_lost_folder_keeps_no_list_in_force(wrong: list[str], elsewhere: Maps, own: Path) -> None:
    """The map's own header says when its list runs out."""
    _lose(elsewhere)
    options = ["--overlay", own, *wrong]
    assert elsewhere.update(*options).code == (2 if wrong else 3)
    assert _asked(elsewhere) == (True, True), "the list is in force"
    ran = elsewhere.update(*options, "--format", "json", now=LATE)
    told = json.loads(ran.out)
    assert (ran.code, told["reason"]) == ((2, "configuration") if wrong else (1, "expired"))
    assert _asked(elsewhere) == (False, True)


def test_a_lost_folder_is_told_of_though_the_map_is_lost_with_it(maps: Maps, own: Path) -> None:
    _lose(maps)
    ran = maps.update("--overlay", own, "--format", "json")
    told = json.loads(ran.out)
    assert (ran.code, told["reason"]) == (3, "disk")
    assert str(maps.following.folder) in told["message"]


def test_two_that_have_lost_the_folder_make_no_map_together(elsewhere: Maps, own: Path) -> None:
    """With the folder its lock is lost; that on the folder of the map stands in for it."""
    _lose(elsewhere)
    other = os.open(elsewhere.path.parent, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    assert elsewhere.update("--overlay", own, now=LATE).code == 3
    assert _asked(elsewhere) == (True, True)
    os.close(other)
    assert elsewhere.update("--overlay", own, now=LATE).code == 1
    assert sorted(path.name for path in elsewhere.path.parent.iterdir()) == ["policy", "policy.db"]
