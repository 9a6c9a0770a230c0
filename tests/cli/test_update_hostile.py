"""What a hostile reader of `update` tried: each of these once did something else."""

import json
import os
import shutil
from pathlib import Path

import pytest

from stpolicy import store
from tests.cli.following import ENFORCE, OWN, Following, Maps, after, listed, overlay
from tests.pairs import LATER, dated
from tests.personas import SIGNED
from tests.program import Ran


def test_the_day_of_one_overlay_passes_and_another_decides(maps: Maps) -> None:
    first = overlay("one.json", {"policies": {"a.com": OWN}})
    second = overlay("two.json", {"exclude": {"a.com": {"until": after(days=1)}}})
    both = ["--overlay", first, "--overlay", second]
    maps.following.offer(listed("a.com"))
    assert maps.update(*both).code == 0
    assert maps.asked("a.com") == ""
    assert maps.update(*both, now=after(days=1)).code == 0
    assert "match=own.a.com" in maps.asked("a.com")


def test_settings_are_read_after_the_splay(maps: Maps, monkeypatch: pytest.MonkeyPatch) -> None:
    own = overlay("own.json", {"policies": {"a.com": OWN}})
    maps.following.offer(listed("a.com"))

    def change(_seconds: float) -> None:
        overlay("own.json", {"exclude": {"a.com": {}}})

    monkeypatch.setattr("time.sleep", change)
    assert maps.update("--overlay", own, "--splay", "9").code == 0
    assert maps.asked("a.com") == ""


def test_t8_a_mark_is_forgotten_though_nothing_is_new(following: Following) -> None:
    following.install()
    mark = following.folder / "mark"
    mark.write_text(f"timestamp 4102444800\nsigned 1\nsha256 {'0' * 64}\n")
    assert following.update().code == 1
    assert following.update("--reset-state").code == 0
    assert following.update() == Ran(0, "", "")


def test_t3_an_older_pair_in_the_place_of_the_newest_is_not_rendered(maps: Maps) -> None:
    maps.following.offer(listed("old.com"))
    maps.update()
    older = (maps.following.folder / "current").readlink()
    maps.following.offer(dated(LATER, policies={"new.com": ENFORCE}), at=LATER)
    maps.update()
    link = maps.following.folder / "current"
    link.unlink()
    link.symlink_to(older)
    maps.following.server.answers.clear()
    assert maps.update().code == 3
    assert (maps.asked("old.com"), maps.asked("new.com") != "") == ("", True)


@pytest.mark.parametrize("field", ["expires", "timestamp"])
def test_t24_dates_in_the_state_decide_nothing(maps: Maps, field: str) -> None:
    maps.following.offer(listed("a.com"))
    maps.update()
    path = maps.following.folder / "state.json"
    state = json.loads(path.read_text())
    state["list"][field] = "4102444800"
    path.write_text(json.dumps(state))
    if field == "expires":
        assert maps.update(now=after(days=15)).code == 1
        assert maps.asked("a.com") == ""
    else:
        maps.following.offer(dated(LATER), at=LATER)
        assert maps.update().code == 0


def test_a_map_that_does_not_follow_is_seen_by_monitoring(maps: Maps) -> None:
    maps.following.offer(listed("a.com"))
    maps.update()
    maps.following.offer(dated(LATER), at=LATER)
    assert maps.update("--overlay", overlay("bad.json", [])).code == 2
    assert maps.following.state["reason"] == "configuration"
    assert maps.following.installed == dated(LATER), "the list is installed all the same"
    ran = maps.following.program(
        "status", "--dir", maps.following.folder, "--format", "nagios", "--now", after(hours=1)
    )
    assert (ran.code, "[configuration]" in ran.out) == (1, True)


def test_an_installed_list_that_may_not_be_used_is_not_rendered(maps: Maps) -> None:
    """As the client in shell may have installed it."""
    maps.following.offer(listed("a.com"))
    maps.update()
    other = dated(LATER, policies={"A.com": OWN, "a.com": ENFORCE})
    asc = maps.following.people.alice.sign(other, at=LATER)
    maps.following.offer(other, at=LATER)
    store.install(
        maps.following.folder,
        "20261101T114000Z",
        {"policy.json": other, "policy.json.asc": asc},
        ("mark", b"x"),
    )
    ran = maps.update()
    assert (ran.code, maps.asked("a.com").split(" ")[1]) == (3, "match=mx.a.com")


def test_a_state_that_cannot_be_written_is_said(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    following.install()

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("stpolicy.store.replace", full)
    ran = following.update()
    assert (ran.code, "No space left" in ran.err) == (3, True)
    assert following.update(now=after(days=15)).code == 1, "that the list has run out outranks it"


def test_a_postconf_that_fails_leaves_the_map(maps: Maps, monkeypatch: pytest.MonkeyPatch) -> None:
    maps.following.offer(listed("a.com"))
    rendering = ["--render", "postfix", "--map", f"hash:{maps.path}"]
    assert maps.following.update(*rendering).code == 0
    before = maps.asked("a.com")
    bin_ = Path("bin")
    bin_.mkdir()
    (bin_ / "postconf").write_text("#!/bin/sh\nexit 1\n")
    (bin_ / "postconf").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_.absolute()}:{os.environ['PATH']}")
    maps.following.offer(dated(LATER, policies={"a.com": ENFORCE}), at=LATER)
    ran = maps.following.update(*rendering)
    assert (ran.code, maps.asked("a.com")) == (3, before)
    assert maps.following.installed != listed("a.com"), "the list is followed"


def test_t26_folders_do_not_depend_on_the_umask(maps: Maps) -> None:
    before = os.umask(0o077)
    try:
        maps.following.offer(listed("a.com"))
        maps.update()
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in (maps.following.folder, maps.path.parent)}
    assert (modes, maps.path.stat().st_mode & 0o777) == ({0o755}, 0o644)


def test_two_lists_of_one_moment_and_an_older_signature(following: Following) -> None:
    following.install(at=LATER)
    following.offer(dated(SIGNED, policies={"b.com": ENFORCE}), at=SIGNED)
    assert following.update().code == 1
    assert following.state["reason"] == "rolled_back"


def test_a_lost_folder_of_versions_is_no_pair(following: Following) -> None:
    following.install()
    shutil.rmtree(following.folder / "versions")
    assert following.update() == Ran(0, "", "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--overlay", "/dev/zero"], "/dev/zero: an overlay has at most 4194304 bytes"),
        (["--facts", "/dev/zero"], "/dev/zero: domain results have at most 4096 bytes"),
        (["--keyring", "/dev/zero"], "/dev/zero: a key ring has at most 4096 bytes"),
    ],
)
def test_files_without_an_end(
    maps: Maps, options: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stpolicy.document.results.LARGEST", 4096)
    monkeypatch.setattr("stpolicy.openpgp.LARGEST_RING", 4096)
    maps.following.offer(listed("a.com"))
    ran = maps.update(*options)
    assert ran.code == 2
    assert said in ran.err
    assert maps.asked("a.com") == ""


def test_a_host_that_no_resolver_takes(following: Following) -> None:
    ran = following.update(url=f"https://{'a' * 300}.org")
    assert ran.code == 3
    assert "cannot be fetched" in ran.err
    assert "internal error" not in ran.err
