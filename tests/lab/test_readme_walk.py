"""README's walk on a mail server, word for word: from nothing to a Postfix that refuses a bad certificate."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from stpolicy import openpgp
from tests import pairs
from tests.lab.room import Lab, at, mx
from tests.needs import lacking
from tests.personas import SIGNED, People, stamp

ROOT = Path(__file__).parents[2]
NOW = stamp(pairs.LATER)
GOOD, WRONG = at("good"), at("wrong")
POLICIES = {
    GOOD: {"mode": "enforce", "mxs": [mx("one")]},
    WRONG: {"mode": "enforce", "mxs": [mx("two")]},
}


def _commands() -> list[str]:
    walk = r"<!-- walk -->\n```sh\n(.*?)```\n<!-- /walk -->"
    found = re.search(walk, (ROOT / "README.md").read_text(), re.DOTALL)
    assert found
    return found[1].splitlines()


PROGRAM = """\
#!{python}
import runpy, sys
sys.path.insert(0, "{root}")
runpy.run_module("stpolicy", run_name="__main__")
"""
"""As pip installs it: a script that is found by PATH."""


@contextmanager
def _own_cron(lab: Lab, folder: Path) -> Iterator[Path]:
    """A folder of ours in the place of /etc/cron.d, for what runs in the lab."""
    folder.mkdir()
    if not Path("/etc/cron.d").is_dir():
        lacking("there is no /etc/cron.d: install cron")
    assert lab.run(["mount", "--bind", folder, "/etc/cron.d"]).returncode == 0
    try:
        yield folder
    finally:
        assert lab.run(["umount", "/etc/cron.d"]).returncode == 0


def _as_cron_does(table: Path) -> str:
    """The command of the one job in a table of cron.d, at once and at the time of the tests."""
    (line,) = [line for line in table.read_text().splitlines() if re.match(r"[0-9*]", line)]
    return f"{line.split(maxsplit=6)[6]} --splay 0 --now {NOW}"


def test_the_walk(lab: Lab, people: People, tmp_path: Path) -> None:
    """What differs from a real server: names and places, and the clock."""
    web, room = tmp_path / "web", tmp_path / "room"
    web.mkdir()
    room.mkdir()
    pairs.place(web, people.alice, data=pairs.dated(SIGNED, policies=POLICIES), at=SIGNED)
    (web / "trusted.asc").write_bytes(openpgp.armoured(openpgp.PUBLIC_KEY, people.alice.public))
    program = tmp_path / "bin" / "stpolicy"
    program.parent.mkdir()
    program.write_text(PROGRAM.format(python=sys.executable, root=ROOT))
    program.chmod(0o755)
    here = {
        "https://list.example.org": "https://lists.stpolicy-lab.net",
        "20F33442524B56D6C624205AC0AB405A03DFFF96": people.alice.fingerprint,
        "/etc/ssl/certs/ca-certificates.crt": str(lab.authority.ca),
    }
    settings = {
        "PATH": f"{program.parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "STPOLICY_DIR": str(tmp_path / "var"),
        "STPOLICY_NOW": NOW,
        "STPOLICY_SETUP_ETC": str(tmp_path / "etc"),
        "STPOLICY_SETUP_CA_FILE": str(lab.authority.ca),
        "STPOLICY_SETUP_POSTFIX_CONFIG": str(lab.configuration),
    }
    options = [f"{name}={value}" for name, value in settings.items()]
    commands = _commands()
    assert len(commands) <= 10
    lab.main_cf(smtp_tls_policy_maps="")
    assert lab.deliver(f"u@{WRONG}").status == "sent", "before"
    try:
        with lab.https(web), lab.reloading(), _own_cron(lab, tmp_path / "cron.d") as cron:
            for command in commands:
                words = command
                for theirs, ours in here.items():
                    words = words.replace(theirs, ours)
                done = lab.run(["env", *options, "sh", "-c", words], folder=room)
                assert done.returncode == 0, (words, done.stdout, done.stderr)
            newer = pairs.dated(SIGNED + timedelta(minutes=5), policies=POLICIES)
            pairs.place(web, people.alice, data=newer, at=SIGNED + timedelta(minutes=5))
            command = _as_cron_does(cron / "stpolicy")
            done = lab.run(["env", "-i", "PATH=/usr/bin:/bin", "sh", "-c", command])
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert (tmp_path / "var" / "current" / "policy.json").read_bytes() == newer
        wrong, good = lab.deliver(f"u@{WRONG}"), lab.deliver(f"u@{GOOD}")
    finally:
        lab.main_cf()  # the walk has edited it
    assert (wrong.status, wrong.dsn) == ("deferred", "4.7.5")
    assert (good.status, good.verified) == ("sent", True)
