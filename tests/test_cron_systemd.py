"""The units of cron/, run by a real systemd, behind all their walls."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from tests import packets, pairs
from tests.needs import needs
from tests.personas import People
from tests.systemd_room import ROOT, SystemdRoom, systemd_room
from tests.webserver import Server, ok

UPDATE = "stpolicy-update.service"
SERVE = "stpolicy-serve.service"
MAPS = "/var/lib/stpolicy/maps"
POLICIES: dict[str, Any] = {"example.com": {"mode": "enforce", "mxs": ["mx.example.com", ".example.org"]}}

_ISSUE = count()


@pytest.fixture(scope="module")
def room() -> Iterator[SystemdRoom]:
    with systemd_room() as room, room.running():
        yield room


class Publisher:
    """A list on a web server in there, and the settings that follow it."""

    def __init__(self, room: SystemdRoom, people: People) -> None:
        self._room, self._people = room, people
        self.server: Server = room.server()
        (room.folder / "trusted.gpg").write_bytes(people.alice.public)
        self.follow()

    def follow(self, more: str = "") -> None:
        pinned = f'signer = "{self._people.alice.fingerprint}"\nkeyring = "trusted.gpg"\n'
        self._room.settings(f'{pinned}url = "{self.server.url}"\nallow-http = true\n{more}\n')

    def issue(self, days: int = 14) -> None:
        """A newer list than before; the clock in there is the machine's."""
        moment = self._clock() - timedelta(hours=1) + timedelta(seconds=next(_ISSUE))
        data = pairs.dated(moment, moment + timedelta(days=days), policies=POLICIES)
        signature = packets.asc(self._people.alice.packet(data, at=moment))
        self.server.answers = {"/policy.json": ok(data), "/policy.json.asc": ok(signature)}

    def _clock(self) -> datetime:
        return datetime.fromtimestamp(int(self._room.run("date", "+%s").stdout), UTC)

    def forge(self) -> None:
        data = pairs.dated(self._clock())
        self.server.answers["/policy.json"] = ok(data)


@pytest.fixture
def publisher(room: SystemdRoom, people: People) -> Iterator[Publisher]:
    found = Publisher(room, people)
    found.issue()
    yield found
    found.server.close()
    room.run("systemctl", "stop", "stpolicy-reload.path")
    room.run("systemctl", "reset-failed")


def test_the_list_is_followed(room: SystemdRoom, publisher: Publisher) -> None:
    """As its own account, with all programs that it takes, and Postfix can read what comes of it."""
    assert room.start(UPDATE), room.run("systemctl", "status", UPDATE).stdout
    assert room.reason() == "installed"
    said = room.run(
        "sh", "-c", f"stat -c '%U %a %n' {MAPS} {MAPS}/policy /var/lib/stpolicy /var/lib/stpolicy/mark"
    )
    assert said.stdout.splitlines() == [
        f"stpolicy 755 {MAPS}",
        f"stpolicy 644 {MAPS}/policy",
        "stpolicy 755 /var/lib/stpolicy",
        "stpolicy 644 /var/lib/stpolicy/mark",
    ]
    assert "example.com secure match=" in room.run("cat", f"{MAPS}/policy").stdout
    publisher.issue()
    assert room.start(UPDATE)
    assert room.reason() == "installed"


def test_the_walls_are_there(room: SystemdRoom, publisher: Publisher) -> None:
    """What the unit forbids is refused to who is in it, so the other tests do run behind it."""
    tries = "touch /etc/x /usr/x /var/lib/x /srv/x; ls /root; unshare --user true"
    told = f"({tries}; grep -E 'Cap|Seccomp:' /proc/self/status) >/var/lib/stpolicy/tried 2>&1; exit 0"
    room.drop_in(UPDATE, f'[Service]\nExecStart=\nExecStart=sh -c "{told}"\n')
    try:
        assert room.start(UPDATE)
    finally:
        room.drop_in(UPDATE, "")
    said = room.run("cat", "/var/lib/stpolicy/tried").stdout
    assert said.count("Read-only file system") == 4
    assert "/root" in said
    assert "unshare failed: Operation not permitted" in said.replace("unshare: ", "")
    assert "CapEff:\t0000000000000000" in said
    assert "CapBnd:\t0000000000000000" in said
    assert "Seccomp:\t2" in said


def test_a_fault_that_may_pass_is_no_failure(room: SystemdRoom, publisher: Publisher) -> None:
    publisher.server.close()
    assert room.start(UPDATE)
    assert room.reason() == "network"


def test_a_refusal_is_one_and_root_gets_mail(room: SystemdRoom, publisher: Publisher) -> None:
    assert room.start(UPDATE)
    publisher.forge()
    assert not room.start(UPDATE)
    assert room.reason() == "bad_signature"
    assert room.heard().startswith("To: root Subject: stpolicy-update.service failed on ")


def test_postfix_is_reloaded_for_texthash(room: SystemdRoom, publisher: Publisher) -> None:
    """By root's unit, when the map is there, and when it is another one; the account may not."""
    room.drop_in(
        "stpolicy-reload.service",
        "[Service]\nExecCondition=\nExecStart=\nExecStart=sh -c 'echo reload as $(id -un) >/srv/room/said'\n",
    )
    publisher.follow(f'map = "texthash:{MAPS}/policy"')
    room.run("rm", "-rf", MAPS)
    assert room.start("stpolicy-reload.path")
    for _ in ("created", "replaced"):
        publisher.issue()
        assert room.start(UPDATE)
        assert room.heard() == "reload as root"
    room.drop_in("stpolicy-reload.service", "")


def test_a_real_postfix_is_reloaded(room: SystemdRoom) -> None:
    """Where none runs there is nothing to do, and that is no failure."""
    assert room.run("postfix", "status").returncode != 0
    assert room.start("stpolicy-reload.service")
    started = room.run("postfix", "start")
    assert started.returncode == 0, started.stderr
    before = room.run("sh", "-c", "until pgrep -x qmgr; do :; done").stdout
    assert room.start("stpolicy-reload.service")
    after = room.run(
        "sh", "-c", f"while pgrep -x qmgr | grep -qx {before.strip()}; do :; done; echo gone"
    ).stdout
    assert after == "gone\n"
    assert room.run("postfix", "stop").returncode == 0


def test_a_maintainer_hears_four_days_before_the_end(room: SystemdRoom, publisher: Publisher) -> None:
    """Under an account that is made for the run."""
    signer = room.folder / "stpolicy.toml"
    settings = signer.read_text().replace("url =", "check-url =")
    (room.folder / "published.toml").write_text(settings)
    assert room.run("install", "-m", "0644", "/srv/room/published.toml", "/etc/stpolicy").returncode == 0
    assert room.start("stpolicy-published.service")
    publisher.issue(days=4)
    assert not room.start("stpolicy-published.service")
    assert room.heard().startswith("To: root Subject: stpolicy-published.service failed on ")


def test_the_checker_is_served(room: SystemdRoom, publisher: Publisher) -> None:
    """Under an account made for the run, with the list that the update has installed; it ends in order."""
    publisher.follow('[serve]\nresolver = ["127.0.0.1:1"]')
    assert room.start(UPDATE)
    assert room.start(SERVE), room.run("systemctl", "status", SERVE).stdout
    fetch = "until curl -sSf http://127.0.0.1:8080/healthz; do systemctl is-active -q $0 || exit; done"
    health = room.run("sh", "-c", fetch, SERVE).stdout
    assert json.loads(health or "{}").get("list") == "ok", room.run("systemctl", "status", SERVE).stdout
    served = room.run("curl", "-sSf", "http://127.0.0.1:8080/policy.json").stdout
    assert "example.com" in json.loads(served)["policies"]
    scanned = room.run("curl", "-sSf", "-d", "domain=example.com", "http://127.0.0.1:8080/api/scan").stdout
    assert json.loads(scanned)["response"]["scandata"]["status"] == 3, "there is no DNS in there"
    owner = room.run("sh", "-c", "stat -L -c %a /var/lib/stpolicy-serve; ls /var/lib/stpolicy-serve").stdout
    assert owner.split()[:2] == ["700", "scans.db"]
    assert room.run("systemctl", "stop", SERVE).returncode == 0
    assert room.run("systemctl", "show", "-P", "Result", SERVE).stdout == "success\n"


def test_the_walls_around_the_checker_are_high() -> None:
    """As systemd itself counts, from 0 (none is missing) to 100."""
    command = [needs("systemd-analyze", "systemd"), "security", "--offline=yes", "--threshold=20"]
    unit = ROOT / "cron" / SERVE
    done = subprocess.run([*command, unit], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
