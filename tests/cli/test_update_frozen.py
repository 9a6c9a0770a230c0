"""T11: a mirror that says for ever that nothing has changed moves no freshness."""

import json
from datetime import timedelta

import pytest

from tests.cli.following import Following, Maps
from tests.pairs import dated
from tests.personas import SIGNED, stamp

POLICIES = {"a.com": {"mode": "enforce", "mxs": ["mx.a.com"]}}
MAY_MOVE = ("at", "last_success", "reason", "message")
"""What the state tells of a run; of the list it tells nothing but what the list says itself."""


def _frozen(following: Following, how: str) -> None:
    if how == "not modified":
        following.server.conditional = {"/policy.json", "/policy.json.asc"}


def _nagios(following: Following, now: str) -> int:
    return following.program("status", "--dir", following.folder, "--format", "nagios", "--now", now).code


@pytest.mark.parametrize("how", ["not modified", "the same bytes"])
def test_t11_nothing_new_for_ever(how: str, maps: Maps) -> None:
    """Two weeks of life: less than a third and four days are left from the eleventh day on."""
    following = maps.following
    following.offer(dated(SIGNED, policies=POLICIES))
    assert maps.update().code == 0
    kept = {key: value for key, value in following.state.items() if key not in MAY_MOVE}
    mark = (following.folder / "mark").read_bytes()
    _frozen(following, how)
    said = []
    for days in (1, 5, 10, 10.5, 12, 13.9):
        now = stamp(SIGNED + timedelta(days=days))
        ran = maps.update(now=now)
        said.append((ran.code, ran.err != "", _nagios(following, now)))
        assert following.state["last_success"] == now, "a mirror was reached, and the pair verified"
        assert {key: value for key, value in following.state.items() if key not in MAY_MOVE} == kept
        assert (following.folder / "mark").read_bytes() == mark
    assert said == [(0, False, 0)] * 3 + [(0, True, 1)] * 3
    last = following.state["last_success"]
    now = stamp(SIGNED + timedelta(days=14))
    assert (maps.update(now=now).code, _nagios(following, now)) == (1, 2)
    assert (following.state["reason"], following.state["last_success"]) == ("expired", last)
    assert maps.asked("a.com") == ""


def test_t11_not_modified_confirms_no_pair_that_does_not_verify(following: Following) -> None:
    """It is asked for on no condition, and a 304 that was not asked for is no answer."""
    following.install()
    (following.folder / "current" / "policy.json").write_bytes(b"{}")
    following.server.conditional = {"/policy.json", "/policy.json.asc"}
    following.server.requests.clear()
    assert following.update().code == 0
    assert following.state["reason"] == "installed"
    assert not any("If-None-Match" in head for head in following.server.requests)


def test_quiet_keeps_quiet(following: Following) -> None:
    following.install()
    late = stamp(SIGNED + timedelta(days=12))
    assert following.update("--quiet", now=late).err == ""
    told = json.loads(following.update("--format", "json", now=late).out)
    assert (told["reason"], told["findings"]) == ("unchanged", [])
