"""From a signed list on a web server to the mail: `update` makes a real Postfix do what the list says."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests import pairs
from tests.lab.room import SUFFIX, Lab, at, mx
from tests.lists import NOW
from tests.personas import SIGNED, People, Person, stamp
from tests.program import COMMAND

GOOD, WRONG, CLEAR, DEEP, ALONE, EXPIRED = map(at, ("good", "wrong", "clear", "deep", "alone", "expired"))
A_LABEL, U_LABEL = at("xn--bcher-kva"), at("bücher")

POLICIES: dict[str, dict[str, Any]] = {
    GOOD: {"mode": "enforce", "mxs": [mx("one")]},
    WRONG: {"mode": "enforce", "mxs": [mx("two")]},
    CLEAR: {"mode": "enforce", "mxs": [mx("clear")]},
    DEEP: {"policy-alias": "lab"},
    ALONE: {"mode": "testing", "mxs": [mx("alone")]},
    A_LABEL: {"mode": "enforce", "mxs": ["mx.stpolicy-lab.org"]},
}
ALIASES = {"lab": {"mode": "enforce", "mxs": [SUFFIX]}}

DEFERRED = ("deferred", "4.7.5")
SENT = ("sent", "2.0.0")


class Follower:
    """A mail server that follows a list; `now` is what it believes, and a list is signed by `signer`."""

    def __init__(self, lab: Lab, people: People, folder: Path) -> None:
        self.web, self.folder = folder / "web", folder / "var"
        self.web.mkdir()
        self.now, self.signer = NOW, people.alice
        self.map = f"{lab.map_type}:{folder / 'maps' / 'policy'}"
        (folder / "maps").mkdir()
        self._lab, self._believing = lab, pairs.believing(people, people.alice)

    def publish(
        self, policies: dict[str, dict[str, Any]], dated: datetime = SIGNED, by: Person | None = None
    ) -> None:
        """Puts a pair on the web server."""
        data = pairs.dated(dated, policies=policies, aliases=ALIASES)
        pairs.place(self.web, by or self.signer, data=data, at=dated)

    def update(self, *more: str | Path) -> CompletedProcess[str]:
        """One run, as cron makes it."""
        where = ["--url", "https://lists.stpolicy-lab.net/policy.json", "--ca-file", self._lab.authority.ca]
        what = ["--dir", self.folder, *self._believing, "--now", stamp(self.now)]
        rendering = ["--render", "postfix", "--map", self.map, "--postfix-config", self._lab.configuration]
        command = [*COMMAND, "update", *where, *what, *rendering, *more]
        return self._lab.run([str(word) for word in command])

    def follow(self, *more: str | Path) -> None:
        """A first run, silent, and the line in main.cf that it makes possible."""
        done = self.update(*more)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        self._lab.main_cf(smtp_tls_policy_maps=self.map)

    def sent(self, domain: str) -> tuple[str, str]:
        """What comes of a mail to a domain."""
        delivery = self._lab.deliver(f"u@{domain}")
        return delivery.status, delivery.dsn


@pytest.fixture
def follower(lab: Lab, people: People, tmp_path: Path) -> Iterator[Follower]:
    """With a web server that publishes POLICIES."""
    found = Follower(lab, people, tmp_path)
    found.publish(POLICIES)
    with lab.https(found.web):
        yield found


def test_from_the_list_to_the_mail(lab: Lab, follower: Follower) -> None:
    follower.follow()
    good = lab.deliver(f"u@{GOOD}")
    assert (good.status, good.verified) == ("sent", True)
    assert good.received
    assert good.received.server_name == mx("one")
    wrong = lab.deliver(f"u@{WRONG}")
    assert ((wrong.status, wrong.dsn), wrong.logged("num=62:")) == (DEFERRED, True)
    assert follower.sent(CLEAR) == ("deferred", "4.7.4")
    assert lab.deliver(f"u@{DEEP}").verified
    assert [follower.sent(name) for name in (A_LABEL, U_LABEL)] == [DEFERRED, DEFERRED]


def test_what_is_testing_or_not_listed_is_delivered(follower: Follower) -> None:
    follower.follow()
    assert [follower.sent(name) for name in (ALONE, EXPIRED)] == [SENT, SENT]


def test_a_newer_list_is_in_force_with_the_next_mail(follower: Follower) -> None:
    """Without a reload."""
    follower.follow()
    assert [follower.sent(name) for name in (WRONG, EXPIRED)] == [DEFERRED, SENT]
    changed = {EXPIRED: {"mode": "enforce", "mxs": [mx("expired")]}}
    follower.publish({name: POLICIES[name] for name in (GOOD, DEEP)} | changed, pairs.LATER)
    assert follower.update().returncode == 0
    assert [follower.sent(name) for name in (WRONG, EXPIRED)] == [SENT, DEFERRED]


def test_texthash_is_reloaded(lab: Lab, follower: Follower, tmp_path: Path) -> None:
    """Nobody asks for it: Postfix reads a table of that type only once."""
    follower.map = f"texthash:{tmp_path / 'maps' / 'text'}"
    with lab.reloading():
        follower.follow()
    assert follower.sent(WRONG) == DEFERRED
    follower.publish({GOOD: POLICIES[GOOD], DEEP: POLICIES[DEEP]}, pairs.LATER)
    with lab.reloading():
        assert follower.update().returncode == 0
    assert follower.sent(WRONG) == SENT


def test_any_type_is_reloaded_when_asked(lab: Lab, follower: Follower) -> None:
    with lab.reloading():
        follower.follow("--reload")
    assert follower.sent(WRONG) == DEFERRED


def test_a_list_that_has_run_out_enforces_nothing_but_the_overlay_does(
    follower: Follower, tmp_path: Path
) -> None:
    overlay = tmp_path / "overlay.json"
    own = {CLEAR: {"mode": "enforce", "mxs": [mx("clear")], "reason": "a contract"}}
    overlay.write_text(json.dumps({"policies": own}))
    follower.follow("--overlay", overlay)
    assert [follower.sent(name)[0] for name in (WRONG, CLEAR)] == ["deferred", "deferred"]
    follower.now += timedelta(days=20)
    assert follower.update("--overlay", overlay).returncode == 1
    assert [follower.sent(name)[0] for name in (WRONG, GOOD, CLEAR)] == ["sent", "sent", "deferred"]
    follower.publish(POLICIES, follower.now - timedelta(hours=1))
    assert follower.update("--overlay", overlay).returncode == 0
    assert follower.sent(WRONG) == DEFERRED


def test_a_first_list_that_has_run_out_leaves_mail_as_it_was(follower: Follower) -> None:
    """It is refused, and no table is made of it; main.cf has the empty one that the lab begins with."""
    follower.now += timedelta(days=20)
    assert follower.update().returncode == 1
    assert follower.sent(WRONG) == SENT


def test_nothing_that_is_refused_changes_what_is_in_force(follower: Follower, people: People) -> None:
    follower.follow()
    nothing_enforced = {GOOD: POLICIES[ALONE], DEEP: POLICIES[DEEP]}
    follower.publish(nothing_enforced, pairs.LATER, by=people.mallory)
    assert follower.update().returncode == 1
    assert follower.sent(WRONG) == DEFERRED
    follower.publish(nothing_enforced, SIGNED - timedelta(days=1))
    assert follower.update().returncode == 1
    assert follower.sent(WRONG) == DEFERRED
    (follower.web / "policy.json").unlink()
    assert follower.update().returncode == 3
    assert follower.sent(WRONG) == DEFERRED
    follower.publish(nothing_enforced, pairs.LATER)
    assert follower.update().returncode == 0
    assert follower.sent(WRONG) == SENT
