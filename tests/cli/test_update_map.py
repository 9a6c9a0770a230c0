"""What becomes of a map while something is wrong: with the reload, with the settings, with the state."""

import os
import shutil
from pathlib import Path

import pytest

from stpolicy import store
from tests.cli.following import ENFORCE, OWN, Maps, after, listed, overlay
from tests.pairs import LATER, dated
from tests.program import Ran


def _postfix(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `postfix` that counts reloads, which fail without a file `up` beside it; `down`: it does not run."""
    bin_ = Path("bin").absolute()
    bin_.mkdir()
    (bin_ / "postfix").write_text(
        f'#!/bin/sh\ncase "$*" in *status) [ ! -e {bin_}/down ]; exit ;; esac\n'
        f'echo "$*" >>{bin_}/runs\n[ -e {bin_}/up ]\n'
    )
    (bin_ / "postfix").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    return bin_


def test_a_reload_that_fails_is_tried_again_and_the_map_is_not_made_again(
    maps: Maps, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_ = _postfix(monkeypatch)
    maps.following.offer(listed("a.com"))
    inodes = set()
    for _ in range(3):
        ran = maps.update("--reload")
        assert (ran.code, maps.following.state["reason"]) == (3, "internal")
        inodes.add(maps.path.stat().st_ino)
    assert len(inodes) == 1
    (bin_ / "up").touch()
    for _ in range(2):
        assert maps.update("--reload") == Ran(0, "", "")
    assert maps.path.stat().st_ino in inodes
    assert (bin_ / "runs").read_text() == "reload\n" * 4


def test_a_reload_that_waits_is_done_without_a_pair_too(maps: Maps, monkeypatch: pytest.MonkeyPatch) -> None:
    bin_ = _postfix(monkeypatch)
    maps.following.offer(listed("a.com"))
    assert maps.update("--reload").code == 3
    shutil.rmtree(maps.following.folder / "versions")
    maps.following.server.answers.clear()
    assert maps.update("--reload").code == 3
    (bin_ / "up").touch()
    assert maps.update("--reload").code == 3
    assert maps.following.state["reason"] == "network"
    assert maps.following.state["map"]["reload_pending"] is False


def test_a_reload_that_fails_does_not_hide_a_refusal(maps: Maps, monkeypatch: pytest.MonkeyPatch) -> None:
    _postfix(monkeypatch)
    maps.following.offer(listed("a.com"))
    assert maps.update("--reload").code == 3
    ran = maps.update("--reload", now=after(days=15))
    assert (ran.code, maps.following.state["reason"]) == (1, "expired")
    assert maps.following.state["map"]["reload_pending"] is True


def test_a_postfix_that_does_not_run_needs_no_reload(maps: Maps, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads the map when it starts."""
    (_postfix(monkeypatch) / "down").touch()
    monkeypatch.setattr("os.geteuid", lambda: 0)
    maps.kind = "texthash"
    maps.following.offer(listed("a.com"))
    assert maps.update() == Ran(0, "", "")
    assert maps.following.state["map"]["reload_pending"] is False


def test_who_may_not_ask_whether_postfix_runs_is_told_that_the_reload_failed(
    maps: Maps, monkeypatch: pytest.MonkeyPatch
) -> None:
    (_postfix(monkeypatch) / "down").touch()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    maps.following.offer(listed("a.com"))
    assert maps.update("--reload").code == 3
    assert maps.following.state["map"]["reload_pending"] is True


def test_a_reload_that_is_not_asked_for_any_more_is_not_tried(
    maps: Maps, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_ = _postfix(monkeypatch)
    maps.following.offer(listed("a.com"))
    assert maps.update("--reload").code == 3
    assert maps.update() == Ran(0, "", "")
    assert (bin_ / "runs").read_text() == "reload\n"


def _broken(how: str) -> list[str]:
    """Makes it so that no map can be made, and returns the options that name what is broken."""
    own = Path("own.json")
    match how:
        case "overlay: not there":
            own.unlink()
        case "overlay: a folder":
            own.unlink()
            own.mkdir()
        case "overlay: no object":
            own.write_text("[]")
        case "facts":
            return ["--overlay", "own.json", "--facts", "nowhere"]
        case "template":
            return ["--overlay", "own.json", "--template", "nowhere"]
    return ["--overlay", "own.json"]


BROKEN = ("overlay: not there", "overlay: a folder", "overlay: no object", "facts", "template")
TEMPLATE = '{{ lines | join("\n") }}\n'


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("lost", [(), ("state.json",), ("versions", "state.json")])
def test_a_list_that_runs_out_leaves_the_map_whatever_is_broken(
    how: str, lost: tuple[str, ...], maps: Maps
) -> None:
    """What was decided here stays, while nobody can say what is decided now."""
    own = {"policies": {"b.com": OWN, "bücher.de": OWN}, "exclude": {"c.com": {"reason": "from the list:"}}}
    overlay("own.json", own)
    maps.following.offer(listed("a.com", "b.com", "c.com"))
    assert maps.update("--overlay", "own.json").code == 0
    options = _broken(how)
    assert maps.update(*options).code == 2
    assert maps.asked("a.com") != "", "the list is in force"
    for name in lost:
        store.discard(maps.following.folder / name)
    maps.following.server.answers.clear()
    domains = ["a.com", "b.com", "bücher.de", "xn--bcher-kva.de", "c.com"]
    assert maps.update(*options, now=after(days=15)).code == 1
    assert maps.following.state["reason"] == "expired"
    assert [maps.asked(domain) != "" for domain in domains] == [False, True, True, True, False]
    assert maps.following.state["map"]["counts"]["overlay"] == 2
    made = maps.path.stat().st_ino
    maps.update(*options, now=after(days=15))
    assert maps.path.stat().st_ino == made


def test_an_overlay_that_is_mended_counts_again(maps: Maps) -> None:
    own = overlay("own.json", {"policies": {"b.com": OWN}})
    maps.following.offer(listed("a.com"))
    maps.update("--overlay", own)
    own.write_text("{")
    maps.update("--overlay", own, now=after(days=15))
    overlay("own.json", {"policies": {"c.com": OWN}})
    maps.update("--overlay", own, now=after(days=15))
    assert [maps.asked(f"{name}.com") != "" for name in "abc"] == [False, False, True]


def test_a_new_list_that_cannot_be_rendered_and_the_one_in_the_map_runs_out(maps: Maps) -> None:
    own = overlay("own.json", {"policies": {"b.com": OWN}})
    maps.following.offer(listed("a.com"))
    maps.update("--overlay", own)
    own.write_text("{")
    newer = dated(LATER, policies={"n.com": ENFORCE})
    maps.following.offer(newer, at=LATER)
    ran = maps.update("--overlay", own, now=after(days=14))
    assert (ran.code, maps.following.installed) == (2, newer)
    assert [maps.asked(f"{name}.com") != "" for name in "abn"] == [False, True, False]
    assert maps.following.state["reason"] == "configuration"


def test_a_list_runs_out_while_nothing_can_be_verified(maps: Maps, monkeypatch: pytest.MonkeyPatch) -> None:
    own = overlay("own.json", {"policies": {"b.com": OWN}})
    maps.following.offer(listed("a.com"))
    assert maps.update("--overlay", own).code == 0
    bin_ = Path("bin").absolute()
    bin_.mkdir()
    (bin_ / "gpgv").write_text("#!/bin/sh\nkill -9 $$\n")
    (bin_ / "gpgv").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    for days, code in ((13, 3), (14, 1)):
        assert maps.update("--overlay", own, now=after(days=days)).code == code
        assert [maps.asked(f"{name}.com") != "" for name in "ab"] == [code == 3, True]


@pytest.mark.parametrize("text", [None, "in force until 2099-01-01T00:00:00Z"])
def test_a_text_that_was_touched_keeps_no_list_in_force(text: str | None, maps: Maps) -> None:
    """What Postfix reads is still what the last run made, and when that runs out is known."""
    maps.following.offer(listed("a.com"))
    assert maps.update().code == 0
    if text is None:
        maps.path.unlink()
    else:
        until = maps.path.read_text().partition("in force until ")[2].partition(",")[0]
        maps.path.write_text(maps.path.read_text().replace(f"in force until {until}", text))
    shutil.rmtree(maps.following.folder / "versions")
    maps.following.server.answers.clear()
    for days, left in ((13, True), (15, False)):
        maps.update(now=after(days=days))
        assert (maps.asked("a.com") != "") is left


BY_ROWS = "{% for row in rows %}\n{{ row.key }} {{ row.value }}\n{% endfor %}\n"


def test_own_rows_that_nobody_can_tell_from_those_of_the_list_go_with_them(maps: Maps) -> None:
    own = overlay("own.json", {"policies": {"b.com": OWN}})
    Path("t.j2").write_text(BY_ROWS)
    maps.following.offer(listed("a.com"))
    options = ["--overlay", own, "--template", "t.j2"]
    assert maps.update(*options).code == 0
    assert maps.asked("b.com") != ""
    own.write_text("{")
    assert maps.update(*options, now=after(days=15)).code == 1
    assert (maps.asked("a.com"), maps.asked("b.com")) == ("", "")


@pytest.mark.parametrize("template", ["", TEMPLATE, BY_ROWS])
def test_state_and_pair_are_lost_and_the_list_in_the_map_runs_out(template: str, maps: Maps) -> None:
    own = overlay("own.json", {"policies": {"b.com": OWN}})
    Path("t.j2").write_text(f"{{% for line in header %}}\n# {{{{ line }}}}\n{{% endfor %}}\n{template}")
    options = ["--overlay", own, *(["--template", "t.j2"] if template else [])]
    maps.following.offer(listed("a.com"))
    assert maps.update(*options).code == 0
    shutil.rmtree(maps.following.folder / "versions")
    (maps.following.folder / "state.json").unlink()
    maps.following.server.answers.clear()
    before = maps.path.read_bytes()
    assert maps.update(*options, now=after(days=13)).code == 3
    assert maps.path.read_bytes() == before
    ran = maps.update(*options, now=after(days=14))
    assert (ran.code, maps.following.state["reason"]) == (1, "expired")
    assert (maps.asked("a.com"), maps.asked("b.com") != "") == ("", True)
    made = maps.path.stat().st_ino
    assert maps.update(*options, now=after(days=14)).code == 3
    assert maps.path.stat().st_ino == made
