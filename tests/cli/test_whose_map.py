"""Whose map it is: what somebody else made stays, and what is ours is found again."""

import json
import signal
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.following import Following, Maps
from tests.needs import needs
from tests.pairs import LATER, dated
from tests.personas import SIGNED, stamp
from tests.postfix_room import MAIN, MASTER, PostfixRoom
from tests.program import NOW

ENFORCE = {"mode": "enforce", "mxs": ["mx.a.com"]}
THEIRS = "partner.example secure match=mx.partner.example\n"
FILES = {"hash": "policy.db", "lmdb": "policy.lmdb", "texthash": "policy"}


def _listed(*domains: str) -> bytes:
    return dated(SIGNED, policies=dict.fromkeys(domains, ENFORCE))


def _newer(maps: Maps) -> None:
    maps.following.offer(dated(LATER, policies={"n.com": ENFORCE}), at=LATER)


def _theirs(maps: Maps, text: str = THEIRS) -> None:
    """A table of the administrator's, in the place of the map."""
    maps.path.parent.mkdir(parents=True, exist_ok=True)
    maps.path.write_text(text)
    if maps.kind != "texthash":
        subprocess.run([needs("postmap", "postfix"), f"{maps.kind}:{maps.path}"], check=True)


def _files(maps: Maps) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in maps.path.parent.iterdir() if path.is_file()}


def _refused(maps: Maps) -> None:
    """The list is installed all the same, and nothing in the folder of the map is touched."""
    before = _files(maps)
    ran = maps.update()
    assert (ran.code, maps.following.state["reason"]) == (2, "configuration")
    assert _files(maps) == before
    assert maps.following.installed


@pytest.mark.parametrize("kind", FILES)
def test_a_table_of_somebody_else_stays(kind: str, maps: Maps) -> None:
    maps.kind = kind
    _theirs(maps)
    maps.following.offer(_listed("a.com"))
    _refused(maps)
    _refused(maps)


def test_a_compiled_table_without_its_text_stays(maps: Maps) -> None:
    _theirs(maps)
    maps.path.unlink()
    maps.following.offer(_listed("a.com"))
    _refused(maps)
    assert maps.asked("partner.example") != ""


@pytest.mark.parametrize("target", [THEIRS, ""])
def test_a_link_in_its_place_stays(target: str, maps: Maps) -> None:
    maps.path.parent.mkdir(parents=True)
    other = Path("theirs").absolute()
    if target:
        other.write_text(target)
    maps.path.symlink_to(other)
    maps.following.offer(_listed("a.com"))
    _refused(maps)
    assert maps.path.is_symlink()


def test_a_folder_in_the_place_of_the_text_and_nothing_is_switched(maps: Maps) -> None:
    maps.following.offer(_listed("a.com"))
    assert maps.update().code == 0
    maps.path.unlink()
    maps.path.mkdir()
    _newer(maps)
    _refused(maps)
    assert (maps.asked("a.com") != "", maps.asked("n.com")) == (True, "")


def test_a_map_that_somebody_has_made_his_own_stays(maps: Maps) -> None:
    """Ours, without the comment that says so, and with other rows."""
    maps.following.offer(_listed("a.com"))
    assert maps.update().code == 0
    _theirs(maps)
    _newer(maps)
    _refused(maps)
    before = _files(maps)
    assert maps.update(now=stamp(SIGNED + timedelta(days=15))).code == 1, "run out"
    assert _files(maps) == before


def test_a_row_that_was_written_into_our_map_goes(maps: Maps) -> None:
    """An overlay is the place for it; the comment says whose the file is."""
    maps.following.offer(_listed("a.com"))
    assert maps.update().code == 0
    _theirs(maps, maps.path.read_text() + THEIRS)
    _newer(maps)
    assert maps.update().code == 0
    assert (maps.asked("partner.example"), maps.asked("n.com") != "") == ("", True)


def test_ours_is_known_without_the_state_whatever_the_template(maps: Maps) -> None:
    Path("t.j2").write_text("{% for row in rows %}\n{{ row.key }} {{ row.value }}\n{% endfor %}\n")
    maps.following.offer(_listed("a.com"))
    assert maps.update("--template", "t.j2").code == 0
    (maps.following.folder / "state.json").unlink()
    _newer(maps)
    assert maps.update("--template", "t.j2").code == 0
    assert maps.asked("n.com") != ""


def test_ours_is_known_without_its_text_by_the_state(maps: Maps) -> None:
    maps.following.offer(_listed("a.com"))
    assert maps.update().code == 0
    maps.path.unlink()
    _newer(maps)
    assert maps.update().code == 0
    assert maps.asked("n.com") != ""


def test_r17_a_first_map_whose_text_could_not_follow_is_ours(
    maps: Maps, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace: Callable[[Path, Path], Path] = Path.replace

    def failing(path: Path, target: Path) -> Path:
        if target == maps.path:
            raise OSError(5, "Input/output error")
        return replace(path, target)

    maps.following.offer(_listed("a.com"))
    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", failing)
        assert maps.update().code == 3
    assert not maps.path.exists()
    assert maps.update().code == 0
    assert sorted(_files(maps)) == ["policy", "policy.db"]


def test_r17_a_first_map_after_which_the_run_was_ended_is_ours(
    maps: Maps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM between the two files: the signal is heard when the first is in its place."""
    replace: Callable[[Path, Path], Path] = Path.replace

    def ended(path: Path, target: Path) -> Path:
        done = replace(path, target)
        if target == maps.path.with_name("policy.db"):
            signal.raise_signal(signal.SIGTERM)
        return done

    maps.following.offer(_listed("a.com"))
    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", ended)
        assert maps.update().code == 143
    assert maps.asked("a.com") != ""
    assert maps.update().code == 0
    assert sorted(_files(maps)) == ["policy", "policy.db"]


# Root in a folder of an account that may do nothing else ---------------------------------------------


@pytest.mark.parametrize("inner", ["maps", "maps/deeper"])
def test_a_folder_of_maps_that_is_a_link_is_not_followed(inner: str, maps: Maps) -> None:
    elsewhere = Path("elsewhere").absolute()
    elsewhere.mkdir()
    link = maps.following.folder / inner
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    maps.path = link / "policy"
    maps.following.offer(_listed("a.com"))
    ran = maps.update()
    assert (ran.code, maps.following.state["reason"]) == (2, "configuration")
    assert list(elsewhere.iterdir()) == []


def test_a_link_above_the_folder_of_the_list_is_the_administrators(maps: Maps) -> None:
    real = Path("real").absolute()
    real.mkdir()
    maps.following.folder.symlink_to(real)
    maps.following.offer(_listed("a.com"))
    assert maps.update().code == 0
    assert maps.asked("a.com") != ""


# Which map, where none is named -------------------------------------------------------------------


class Site:
    """A Postfix whose main.cf names a map, which `update` was told of once."""

    def __init__(self, following: Following, folder: Path) -> None:
        self.following = following
        self.room = PostfixRoom(folder / "postfix", following.folder)
        self.map = folder / "own" / "tls_policy"
        self.room.etc.mkdir()
        self.room.main(MAIN)
        self.room.master(*MASTER.splitlines())
        self.room.set(smtp_tls_policy_maps=f"static:none, proxy:hash:{self.map}")

    def update(self, *more: object) -> int:
        options = ["--render", "postfix", "--postfix-config", self.room.etc, "--mta-version", "3.7"]
        return self.following.update(*options, *more).code


@pytest.fixture
def site(following: Following, tmp_path: Path) -> Site:
    needs("postmap", "postfix")
    made = Site(following, tmp_path)
    following.offer(_listed("a.com"))
    assert made.update("--map", f"hash:{made.map}") == 0
    following.offer(dated(LATER, policies={"n.com": ENFORCE}), at=LATER)
    return made


def _follows(site: Site) -> None:
    assert site.update() == 0
    assert "n.com" in site.map.read_text()
    assert site.following.state["map"]["name"] == f"hash:{site.map}"
    assert not (site.following.folder / "maps").exists()


def test_the_map_that_postfix_asks_is_found_when_the_state_is_lost(site: Site) -> None:
    (site.following.folder / "state.json").unlink()
    _follows(site)


def test_the_map_that_postfix_asks_goes_before_the_one_of_a_run_that_knew_no_better(site: Site) -> None:
    path = site.following.folder / "state.json"
    state = json.loads(path.read_text())
    state["map"]["name"] = f"hash:{site.following.folder}/maps/policy"
    path.write_text(json.dumps(state))
    _follows(site)


def test_a_table_of_somebody_else_in_main_cf_is_not_taken_for_ours(site: Site) -> None:
    site.map.write_text(THEIRS)
    (site.following.folder / "state.json").unlink()
    assert site.update() == 0
    assert site.map.read_text() == THEIRS
    assert "/maps/policy" in site.following.state["map"]["name"]


def test_the_map_that_was_named_is_kept_while_main_cf_names_none(site: Site) -> None:
    site.room.set(smtp_tls_policy_maps="")
    _follows(site)
    (site.room.etc / "main.cf").unlink()
    site.following.offer(_listed("z.com").replace(stamp(SIGNED).encode(), NOW.encode()), at=LATER)
    assert site.update() == 0
    assert "z.com" in site.map.read_text()
