"""Real lists, offered to a server that follows them, in the order in which they were published.

STPOLICY_CORPUS names the folder that holds them; without it nothing is tested here.
"""

import base64
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stpolicy import openpgp
from tests.cli.following import Following
from tests.personas import stamp
from tests.program import Program
from tests.webserver import Server, ok

CORPUS = os.environ.get("STPOLICY_CORPUS")
if not CORPUS:
    pytest.skip("STPOLICY_CORPUS names no folder of real lists", allow_module_level=True)

EFF = Path(CORPUS) / "eff"
EXPECTED = json.loads((EFF / "expected.json").read_bytes())
RELEASES = sorted(EXPECTED)
SIGNER = "B693F33372E965D76D55368616EEA65D03326C9D"
GOOD = [r for r in RELEASES if EXPECTED[r]["signature"] == "good" and not EXPECTED[r]["validate_errors"]]


class Follower(Following):
    """Follows EFF's list, with its real key."""

    @property
    def believing(self) -> list[str]:
        return ["--keyring", str(EFF / "trusted.asc"), "--signer", SIGNER]

    def release(self, name: str) -> None:
        """Puts a release on the server, as it was published."""
        folder = EFF / name
        asc = (folder / "policy.json.asc").read_bytes()
        self.server.answers |= {
            "/policy.json": ok((folder / "policy.json").read_bytes()),
            "/policy.json.asc": ok(asc),
        }

    def reason(self, name: str) -> str:
        """What a run an hour after a release was published comes to."""
        published = datetime.fromtimestamp(int(name.partition("-")[0]), UTC)
        code = self.update(now=stamp(published + timedelta(hours=1))).code
        reason = str(self.state["reason"])
        assert code == (0 if reason in ("installed", "unchanged") else 1)
        return reason


@pytest.fixture
def follower(following: Following) -> Follower:
    return Follower(
        following.server, following.people, following.authority, following.folder, following.program
    )


def _expected(release: str) -> str:
    if EXPECTED[release]["signature"] != "good":
        return "bad_signature"
    return "invalid" if EXPECTED[release]["validate_errors"] else "installed"


def test_every_release_in_its_order(follower: Follower) -> None:
    """Taken if and only if its signature is good and it is a list; what is refused changes nothing."""
    there = None
    for release in RELEASES:
        follower.release(release)
        assert follower.reason(release) == _expected(release)
        if _expected(release) == "installed":
            there = release
        if there:
            assert follower.installed == (EFF / there / "policy.json").read_bytes()


@pytest.mark.parametrize("release", RELEASES)
def test_every_release_first(follower: Follower, release: str) -> None:
    follower.release(release)
    assert follower.reason(release) == _expected(release)


def _twice_in_one_armour(asc: bytes) -> bytes:
    (packet,) = openpgp.signatures(asc)
    return openpgp.armoured(openpgp.SIGNATURE, packet.raw * 2)


def _binary(asc: bytes) -> bytes:
    return base64.b64decode(b"".join(asc.split(b"\n\n", 1)[1].split(b"\n=")[0].split()))


@pytest.mark.parametrize("step", range(1, len(GOOD)))
def test_t2_each_step_back_is_refused(follower: Follower, server: Server, step: int) -> None:
    """The signature as it is, twice in one armour, in two armours, without; and a damaged pair."""
    newer, older = GOOD[step], GOOD[step - 1]
    follower.release(newer)
    assert follower.reason(newer) == "installed"
    follower.release(older)
    asc = (EFF / older / "policy.json.asc").read_bytes()
    for offered, reason in (
        (asc, "rolled_back"),
        (_twice_in_one_armour(asc), "rolled_back"),
        (asc + asc, "malformed_signature"),
        (_binary(asc), "malformed_signature"),
    ):
        server.answers["/policy.json.asc"] = ok(offered)
        assert follower.reason(newer) == reason
    server.answers["/policy.json.asc"] = ok(asc)
    for name in ("policy.json.asc", "policy.json"):
        (follower.folder / "current" / name).unlink()
        assert follower.reason(newer) == "rolled_back", "the mark outlives the pair (T3)"


def test_t7_a_server_whose_clock_is_behind(follower: Follower, program: Program) -> None:
    follower.release(GOOD[-1])
    assert follower.update(now="2020-04-01T00:00:00Z").code == 1
    assert follower.state["reason"] == "future"
