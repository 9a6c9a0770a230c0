"""One case for each code of `doctor`: a mail server that shows it, and nothing else.

A case is a folder with the `main.cf` of a real Postfix; what no configuration can hold is in the table
GENERATED. Where the mend is a command of Postfix's own, it is run, and then mends.
"""

import hashlib
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from stpolicy import rules
from stpolicy.flows.trial import Trial
from stpolicy.model.observation import Dns, MxAnswer
from tests import lists
from tests.personas import stamp
from tests.postfix_room import POLICY, PostfixRoom

CASES = Path(__file__).parent / "cases"
FILES = {str(file.parent.relative_to(CASES)): file for file in sorted(CASES.rglob("main.cf"))}
SEVERITIES = {rule.code: rule.severity for rule in rules.DOCTOR}


def _older_than_its_text(room: PostfixRoom) -> None:
    os.utime(f"{room.table.file}", (0, 0))


def _empty_table(room: PostfixRoom) -> None:
    """As `postmap` leaves it that was ended half-way."""
    text = Path(room.table.name).read_text()
    room.map({})
    Path(room.table.name).write_text(text)
    os.utime(room.table.name, (10**9, 10**9))


def _edit(room: PostfixRoom, old: str, new: str) -> None:
    """Changes the text alone."""
    text = Path(room.table.name)
    text.write_text(text.read_text().replace(old, new, 1))
    os.utime(text, (10**9, 10**9))


def _weak_under_its_list(room: PostfixRoom) -> None:
    digest = hashlib.sha256((room.lib / "current" / "policy.json").read_bytes()).hexdigest()
    room.map({"example.com": "may"}, f"sha256 {digest}")


def _folder_at(path: Path) -> None:
    path.unlink()
    path.mkdir()
    path.chmod(0o755)


def _nothing(_: PostfixRoom) -> None:
    """The configuration says it all."""


GENERATED: dict[str, Callable[[PostfixRoom], object]] = {
    "postfix.map_missing/no_file": lambda room: Path(f"{room.table.file}").unlink(),
    "postfix.map_missing/garbage": lambda room: Path(f"{room.table.file}").write_bytes(b"\x5a" * 5000),
    "postfix.map_missing/empty_file": lambda room: Path(f"{room.table.file}").write_bytes(b""),
    "postfix.map_stale": _older_than_its_text,
    "postfix.map_stale/empty": _empty_table,
    "postfix.map_stale/other_row": lambda room: _edit(room, "example.com secure", "example.com may"),
    "postfix.map_stale/row_more": lambda room: _edit(room, "example.com secure", "#example.com secure"),
    "postfix.map_stale/no_text": lambda room: Path(room.table.name).unlink(),
    "postfix.map_stale/another_list": lambda room: room.map({"example.com": POLICY}, "sha256 " + "0" * 64),
    "postfix.map_stale/no_row": lambda room: room.map({}),
    "postfix.map_stale/foreign": lambda room: room.map({"foreign.example": POLICY}),
    "postfix.map_stale/weak": lambda room: room.map({"example.com": "may", "bücher.de": POLICY}),
    "postfix.map_stale/weak_name": lambda room: room.map({"example.com": POLICY, "bücher.de": "may"}),
    "postfix.map_stale/weak_and_signed_for": _weak_under_its_list,
    "install.map_changed": lambda room: room.state(
        last_success=stamp(lists.NOW),
        map={"name": "hash:/nonexist/policy", "stamp": "x", "seal": "1:2:3 4:5:6"},
    ),
    "postfix.override": lambda room: room.master("smtp unix - - y - - smtp -o smtp_tls_security_level=none"),
    "install.modes": lambda room: (room.lib / "mark").chmod(0o666),
    "install.modes/folder": lambda room: (room.lib / "maps").chmod(0o770),
    "install.modes/settings": lambda room: (room.etc / "stpolicy.toml").chmod(0o666),
    "install.modes/settings_folder": lambda room: room.etc.chmod(0o777),
    "install.modes/settings_folder_unreadable": lambda room: room.etc.chmod(0o700),
    "install.modes/overlay": lambda room: (room.etc / "overlay.json").chmod(0o662),
    "install.modes/unreadable": lambda room: (room.lib / "current" / "policy.json").chmod(0o600),
    "install.no_cron": lambda room: room.state(
        last_success=stamp(lists.NOW - timedelta(hours=48, seconds=1))
    ),
    "install.no_cron/never": lambda room: room.state(last_success=None),
    "install.no_cron/no_state": lambda room: (room.lib / "state.json").unlink(),
    "install.no_cron/folder": lambda room: _folder_at(room.lib / "state.json"),
    "install.no_cron/damaged_state": lambda room: (room.lib / "state.json").write_bytes(b"\xff"),
    "install.stale": lambda room: (room.lib / "current").unlink(),
    "install.stale/folder": lambda room: _folder_at(room.lib / "current" / "policy.json"),
    "install.stale/damaged": lambda room: (room.lib / "current" / "policy.json").write_bytes(b"{"),
}
ASKED: dict[str, dict[str, object]] = {
    "install.signer_unset": {"signers": []},
    "postfix.unverified": {"trial": Trial("example.net", (), lambda _: MxAnswer(Dns.NXDOMAIN))},
}
CODES_WITH_A_CASE = {name.partition("/")[0] for name in (*FILES, *GENERATED, *ASKED)} | {
    "postfix.tls_required",
    "postfix.map_too_new",  # test_doctor_map.py
}


def test_nothing_is_found_where_all_is_well(server: PostfixRoom) -> None:
    found = server.examined()
    assert found.report.findings == ()
    assert found.unlooked == ()


@pytest.mark.parametrize("name", [*FILES, *GENERATED, *ASKED])
def test_case(name: str, server: PostfixRoom) -> None:
    code = name.partition("/")[0]
    if name in FILES:
        server.main(FILES[name].read_text())
    GENERATED.get(name, _nothing)(server)
    found = server.examined(**ASKED.get(name, {})).report.findings
    assert {finding.code for finding in found} == {code}
    assert {finding.severity for finding in found} == {SEVERITIES[code]}
    assert all(finding.mend for finding in found) or code == "postfix.unverified"


@pytest.mark.parametrize(
    "name", [*FILES, "postfix.override", "install.modes", "install.modes/folder", "install.modes/settings"]
)
def test_the_mend_mends(name: str, server: PostfixRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command is run as it is printed, and afterwards there is nothing to find."""
    if name in FILES:
        server.main(FILES[name].read_text())
    GENERATED.get(name, _nothing)(server)
    monkeypatch.setattr("stpolicy.flows.authorities.ROOTS", (str(server.etc / "ca.pem"),))
    for finding in server.examined().report.findings:
        environment = {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "LC_ALL": "C"}
        subprocess.run(["sh", "-c", finding.mend], check=True, env=environment, capture_output=True)
        server.settle()
    assert server.codes() == set()


def test_tls_required_is_a_parameter_of_3_10(server: PostfixRoom) -> None:
    found = server.examined().server
    asked = replace(found, settings={**found.settings, "tls_required_enable": "yes"})
    assert [code for code, *_ in rules.judge(rules.POSTFIX, asked)] == ["postfix.tls_required"]
    asked = replace(found, settings={**found.settings, "tls_required_enable": "no"})
    assert [code for code, *_ in rules.judge(rules.POSTFIX, asked)] == []


@pytest.mark.parametrize("code", SEVERITIES)
def test_every_code_has_a_case(code: str) -> None:
    assert code in CODES_WITH_A_CASE


def test_every_case_is_of_a_known_code() -> None:
    assert set(SEVERITIES) >= CODES_WITH_A_CASE
