"""update: what a mail server follows a list with."""

import errno
import hashlib
import json
import shutil
from datetime import timedelta

import pytest

from stpolicy import store
from tests.cli.following import Following
from tests.pairs import LATER, dated, snapshot
from tests.personas import LIST, SIGNED
from tests.program import Ran
from tests.webserver import answer, ok


def test_a_first_list(following: Following) -> None:
    following.offer()
    assert following.update() == Ran(0, "", "")
    assert following.installed == LIST
    assert following.state["reason"] == "installed"
    assert sorted(path.name for path in following.folder.iterdir()) == [
        ".lock",
        "current",
        "mark",
        "state.json",
        "versions",
    ]


def test_r16_nothing_new(following: Following) -> None:
    following.offer()
    following.update()
    before = snapshot(following.folder / "versions")
    following.server.requests.clear()
    following.server.conditional = {"/policy.json", "/policy.json.asc"}
    assert following.update() == Ran(0, "", "")
    assert following.state["reason"] == "unchanged"
    assert ["If-None-Match" in head for head in following.server.requests] == [True, True]
    assert snapshot(following.folder / "versions") == before


def test_a_newer_list(following: Following) -> None:
    following.offer()
    following.update()
    newer = dated(LATER)
    following.offer(newer, at=LATER)
    assert following.update("--verbose").err.startswith("stpolicy: installed: the list of 2")
    assert following.installed == newer


def test_t2_an_older_list(following: Following) -> None:
    newer = dated(LATER)
    following.offer(newer, at=LATER)
    following.update()
    following.offer()
    ran = following.update("--format", "json")
    assert (ran.code, json.loads(ran.out)["reason"]) == (1, "rolled_back")
    assert following.installed == newer
    assert "stays, in force until" in ran.err


def test_t8_an_older_list_when_the_mark_is_forgotten(following: Following) -> None:
    following.offer(dated(LATER), at=LATER)
    following.update()
    following.offer()
    ran = following.update("--reset-state")
    assert (ran.code, following.installed) == (0, LIST)
    assert "forgotten" in ran.err


def test_a_fault_of_the_network_that_passes_is_silent(following: Following) -> None:
    following.offer()
    following.update()
    following.server.answers["/policy.json"] = answer("503 Busy", b"")
    assert following.update() == Ran(3, "", "")
    assert following.state["reason"] == "network"
    loud = following.update(now=f"{SIGNED + timedelta(hours=49):%Y-%m-%dT%H:%M:%SZ}")
    assert (loud.code, loud.out) == (3, "")
    assert "503" in loud.err


def test_nothing_is_installed_and_nobody_answers(following: Following) -> None:
    ran = following.update()
    assert ran.code == 3
    assert "no list is installed" in ran.err


def test_t9_the_installed_list_runs_out(following: Following) -> None:
    following.offer()
    following.update()
    late = f"{SIGNED + timedelta(days=20):%Y-%m-%dT%H:%M:%SZ}"
    ran = following.update("--format", "json", now=late)
    assert (ran.code, json.loads(ran.out)["reason"]) == (1, "expired")
    following.server.answers.clear()
    ran = following.update("--format", "json", now=late)
    assert (ran.code, json.loads(ran.out)["reason"]) == (1, "expired")


def test_t16_a_torn_pair_is_fetched_three_times(following: Following) -> None:
    following.offer()
    following.server.answers["/policy.json"] = ok(dated(LATER))
    ran = following.update("--format", "json")
    assert (ran.code, json.loads(ran.out)["reason"]) == (1, "bad_signature")
    assert len(following.server.requests) == 6


def test_t20_a_bad_mirror_stops_nothing(following: Following) -> None:
    following.offer()
    ran = following.update(
        "--url",
        f"{following.server.url}/nowhere",
        "--url",
        following.server.url,
        url=f"{following.server.url}/other",
    )
    assert ran == Ran(0, "", "")


def test_r16_what_has_changed_is_fetched_once(following: Following) -> None:
    """The answer to the conditional request is the new pair."""
    following.install()
    following.server.requests.clear()
    following.offer(dated(LATER), at=LATER)
    assert following.update() == Ran(0, "", "")
    assert (following.installed, len(following.server.requests)) == (dated(LATER), 2)


def test_wrong_settings_are_told_of(following: Following) -> None:
    following.install()
    ran = following.update("--signer", "0123", "--format", "json")
    assert (ran.code, json.loads(ran.out)["reason"]) == (2, "configuration")
    assert (following.state["reason"], following.state["list"] is not None) == ("configuration", True)
    assert following.update() == Ran(0, "", "")


def test_r5_another_run_is_at_work(following: Following) -> None:
    following.install()
    with store.locked(following.folder):
        ran = following.update("--format", "json")
    assert (ran.code, json.loads(ran.out)) == (75, json.loads(ran.out) | {"reason": "busy", "exit": 75})
    assert following.state["reason"] == "installed"


def test_a_pair_behind_the_mark_is_not_confirmed(following: Following) -> None:
    """Somebody has put an older pair in the place of the newest, and offers it too."""
    following.install(dated(LATER), at=LATER)
    mark = (following.folder / "mark").read_bytes()
    shutil.rmtree(following.folder / "versions")
    (following.folder / "mark").unlink()
    following.install()
    (following.folder / "mark").write_bytes(mark)
    assert following.update().code == 1
    assert following.state["reason"] == "rolled_back"


def test_r4_a_folder_that_cannot_be(following: Following) -> None:
    following.offer()
    following.folder.write_text("a file")
    ran = following.update("--format", "json")
    told = json.loads(ran.out)
    assert (ran.code, told["exit"], told["reason"], told["list"]) == (3, 3, "disk", None)
    assert following.server.requests == []
    assert following.folder.read_text() == "a file"


@pytest.mark.parametrize(("days", "code", "reason"), [(0, 3, "disk"), (20, 1, "expired")])
def test_r4_a_folder_that_cannot_be_locked(
    days: int, code: int, reason: str, following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    following.install()

    def full(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", full)
    ran = following.update("--format", "json", now=f"{SIGNED + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}")
    told = json.loads(ran.out)
    assert (ran.code, told["reason"], told["list"]["sha256"]) == (
        code,
        reason,
        hashlib.sha256(LIST).hexdigest(),
    )
    assert following.state["reason"] == "installed", "what another run may be writing is left alone"
