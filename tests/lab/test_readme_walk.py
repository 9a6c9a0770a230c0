"""README's walk on a mail server, word for word: from nothing to a Postfix that refuses a bad certificate."""

import re
import sys
from pathlib import Path

from stpolicy import openpgp
from tests import pairs
from tests.lab.room import Lab, at, mx
from tests.personas import SIGNED, People, stamp

ROOT = Path(__file__).parents[2]
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


def test_the_walk(lab: Lab, people: People, tmp_path: Path) -> None:
    """What differs from a real server: names and places, and the clock."""
    web = tmp_path / "web"
    web.mkdir()
    pairs.place(web, people.alice, data=pairs.dated(SIGNED, policies=POLICIES), at=SIGNED)
    (web / "trusted.asc").write_bytes(openpgp.armoured(openpgp.PUBLIC_KEY, people.alice.public))
    program = tmp_path / "bin" / "stpolicy"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m stpolicy "$@"\n')
    program.chmod(0o755)
    here = {
        "https://list.example.org": "https://lists.stpolicy-lab.net",
        "20F33442524B56D6C624205AC0AB405A03DFFF96": people.alice.fingerprint,
        "/etc/ssl/certs/ca-certificates.crt": str(lab.authority.ca),
        "/var/lib/stpolicy": str(tmp_path / "var"),
        "lmdb:": f"{lab.map_type}:",
    }
    now, etc = stamp(pairs.LATER), tmp_path / "etc"
    settings = {
        "PATH": f"{program.parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "STPOLICY_DIR": str(tmp_path / "var"),
        "STPOLICY_NOW": now,
        "STPOLICY_SETUP_ETC": str(etc),
        "STPOLICY_SETUP_CA_FILE": str(lab.authority.ca),
        "STPOLICY_DOCTOR_CONFIG": str(etc / "stpolicy.toml"),
        "STPOLICY_DOCTOR_POSTFIX_CONFIG": str(lab.configuration),
        "STPOLICY_SETUP_POSTFIX_CONFIG": str(lab.configuration),
        "PYTHONPATH": str(ROOT),
    }
    options = [f"{name}={value}" for name, value in settings.items()]
    commands = _commands()
    assert len(commands) <= 10
    assert lab.deliver(f"u@{WRONG}").status == "sent", "before"
    try:
        with lab.https(web), lab.reloading():
            for command in commands:
                words = command
                for theirs, ours in here.items():
                    words = words.replace(theirs, ours)
                done = lab.run(["env", *options, "sh", "-c", words])
                assert done.returncode == 0, (words, done.stdout, done.stderr)
        wrong, good = lab.deliver(f"u@{WRONG}"), lab.deliver(f"u@{GOOD}")
    finally:
        lab.main_cf()  # the walk has edited it
    assert (wrong.status, wrong.dsn) == ("deferred", "4.7.5")
    assert (good.status, good.verified) == ("sent", True)
