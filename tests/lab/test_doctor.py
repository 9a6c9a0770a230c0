"""doctor --test: each mail server that DNS names for a domain, in the lab."""

import json
from pathlib import Path

import pytest

from tests.lab.room import Lab, at, mx
from tests.postfix_room import FINGERPRINT
from tests.program import COMMAND


@pytest.mark.parametrize(
    ("domain", "verified", "code"),
    [
        ("good", [True], 0),
        ("both", [False, True], 1),
        ("wrong", [False], 1),
        ("clear", [False], 1),
        ("nowhere", [False], 1),
    ],
)
def test_every_mail_server_of_a_domain_is_tried(
    domain: str, verified: list[bool], code: int, lab: Lab, tmp_path: Path
) -> None:
    """One that fits is not enough: a sender may take any."""
    lab.policy(f"{at(domain)} secure match={mx('one')} servername=hostname")
    asking = ["doctor", "--test", at(domain), "--map", lab.table, "--signer", FINGERPRINT]
    where = ["--dir", str(tmp_path), "--postfix-config", str(lab.configuration)]
    done = lab.run([*COMMAND, *asking, *where, "--format", "json"])
    said = json.loads(done.stdout)
    assert [attempt["verified"] for attempt in said["test"]] == verified
    unverified = [finding for finding in said["findings"] if finding["code"] == "postfix.unverified"]
    assert (len(unverified), done.returncode) == (verified.count(False), code)
