"""What a site decides itself counts at once, also while no pair verifies."""

import shutil
from pathlib import Path

import pytest

from tests.cli.following import OWN, Maps, after, listed, overlay
from tests.pairs import LATER, believing, dated

EXCLUDED = {"exclude": {"a.com": {"reason": "must go out now"}, "bücher.de": {}}}


@pytest.fixture
def lost(maps: Maps) -> Maps:
    """A map with an own row and three of the list, of which no pair is left; nobody answers."""
    overlay("own.json", {"policies": {"o.com": OWN}})
    maps.following.offer(listed("a.com", "b.com", "xn--bcher-kva.de"))
    assert maps.update("--overlay", "own.json").code == 0
    (maps.following.folder / "current").unlink()
    maps.following.server.answers.clear()
    return maps


def _asked(maps: Maps) -> str:
    """Which of the domains have a row."""
    names = {"a": "a.com", "b": "b.com", "u": "bücher.de", "x": "xn--bcher-kva.de", "o": "o.com"}
    return "".join(letter for letter, name in names.items() if maps.asked(name))


def _decide(maps: Maps, document: object, *more: object, **when: str) -> int:
    return maps.update("--overlay", overlay("own.json", document), *more, **when).code


def test_a_domain_is_excluded(lost: Maps) -> None:
    assert (_asked(lost), _decide(lost, EXCLUDED)) == ("abuxo", 3)
    assert _asked(lost) == "bo"
    assert (lost.following.state["reason"], lost.following.state["map"]["counts"]["excluded"]) == (
        "network",
        2,
    )
    made = lost.path.stat().st_ino
    assert _decide(lost, EXCLUDED) == 3
    assert lost.path.stat().st_ino == made


def test_a_stolen_key_has_been_replaced(maps: Maps) -> None:
    people = maps.following.people
    maps.following.offer(listed("a.com", "b.com"))
    assert maps.update().code == 0
    options = ["--dir", maps.following.folder, *believing(people, people.bob), "--now", after(hours=1)]
    options += ["--ca-file", maps.following.authority / "ca.pem", "--url", maps.following.server.url]
    options += ["--render", "postfix", "--map", f"hash:{maps.path}", "--mta-version", "3.7"]
    ran = maps.following.program("update", *options, "--overlay", overlay("own.json", EXCLUDED))
    assert (ran.code, maps.following.state["reason"], _asked(maps)) == (1, "unknown_signer", "b")


def test_a_policy_replaces_and_another_is_new(lost: Maps) -> None:
    own = {"mode": "enforce", "mxs": ["other.a.com"]}
    assert _decide(lost, {"policies": {"o.com": own, "b.com": own, "n.com": own}}) == 3
    assert all("match=other.a.com " in lost.asked(name) for name in ("o.com", "b.com", "n.com"))
    assert _asked(lost) == "abuxo"


def test_what_is_taken_back_stays_since_nobody_knows_what_the_list_says(lost: Maps) -> None:
    assert _decide(lost, {"exclude": {"a.com": {}}}) == 3
    assert _asked(lost) == "buxo"


def test_nothing_decided_changes_nothing(lost: Maps) -> None:
    made = lost.path.stat().st_ino
    assert _decide(lost, {}) == 3
    assert _decide(lost, {"policies": {"o.com": OWN}}) == 3
    assert lost.path.stat().st_ino == made


@pytest.mark.parametrize("state", [True, False])
def test_the_list_still_runs_out(state: bool, lost: Maps) -> None:
    """The state knows when, or else the header, which is kept."""
    own = {"policies": {"o.com": OWN}, **EXCLUDED}
    assert _decide(lost, own) == 3
    if not state:
        (lost.following.folder / "state.json").unlink()
    assert _decide(lost, own, now=after(days=13)) == 3
    assert _asked(lost) == "bo"
    assert _decide(lost, own, now=after(days=15)) == 1
    assert _asked(lost) == "o"


def test_the_next_list_decides_again(lost: Maps) -> None:
    assert _decide(lost, EXCLUDED) == 3
    lost.following.offer(dated(LATER, policies={"b.com": OWN}), at=LATER)
    assert _decide(lost, EXCLUDED) == 0
    assert "match=own.a.com " in lost.asked("b.com")
    assert _asked(lost) == "b"


@pytest.mark.parametrize("what", ["text", "state"])
def test_a_map_that_was_changed_since_is_not_made_of_its_text(what: str, lost: Maps) -> None:
    """That it does not change is said."""
    if what == "text":
        lost.path.write_text(lost.path.read_text() + "forged.com none\n")
    else:
        (lost.following.folder / "state.json").unlink()
    assert _decide(lost, EXCLUDED) == 3
    assert lost.following.state["reason"] == "internal"
    assert (lost.asked("forged.com"), _asked(lost)) == ("", "abuxo")


def test_a_template_has_added_words(maps: Maps) -> None:
    value = "row.value | replace('secure', 'secure ciphers=high')"
    Path("t.j2").write_text(f"{{% for row in rows %}}\n{{{{ row.key }}}} {{{{ {value} }}}}\n{{% endfor %}}\n")
    own = {"policies": {"o.com": OWN}}
    maps.following.offer(listed("a.com", "b.com"))
    assert _decide(maps, own, "--template", "t.j2") == 0
    shutil.rmtree(maps.following.folder / "versions")
    maps.following.server.answers.clear()
    made = maps.path.stat().st_ino
    assert _decide(maps, own, "--template", "t.j2") == 3
    assert maps.path.stat().st_ino == made
    assert _decide(maps, EXCLUDED, "--template", "t.j2") == 3
    assert (_asked(maps), " ciphers=high " in maps.asked("b.com")) == ("bo", True)
