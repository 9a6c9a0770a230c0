"""The command `doctor`: what it is asked, what it answers, and what it leaves alone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from stpolicy import config
from tests.pairs import codes
from tests.postfix_room import FINGERPRINT, PostfixRoom, postfix_room
from tests.program import NOW, Program, Ran


@pytest.fixture
def server(room: Path) -> PostfixRoom:
    return postfix_room(room)


@pytest.fixture
def doctor(server: PostfixRoom, program: Program) -> Callable[..., Ran]:
    """The command on this server."""

    def ask(*arguments: object, signer: str = FINGERPRINT) -> Ran:
        options = ["--dir", server.lib, "--postfix-config", server.etc, "--signer", signer, "--now", NOW]
        return program("doctor", *options, *arguments)

    return ask


def test_all_is_well(doctor: Callable[..., Ran]) -> None:
    ran = doctor()
    assert (ran.code, ran.out) == (0, "")
    assert "no findings" in ran.err
    assert doctor("postfix", "--quiet") == Ran(0, "", "")


def test_findings_and_their_mends(doctor: Callable[..., Ran], server: PostfixRoom) -> None:
    server.set(smtp_fallback_relay="relay.example.net", relayhost="relay.example.net", smtp_tls_loglevel="0")
    ran = doctor()
    assert ran.code == 1
    assert codes(ran.out) == ["postfix.fallback_relay", "postfix.loglevel", "postfix.relayhost"]
    assert ran.out.startswith("error: ")
    assert f"(postconf -c {server.etc} -e 'relayhost =')" in ran.out


def test_warnings_are_0(doctor: Callable[..., Ran], server: PostfixRoom) -> None:
    server.set(relayhost="relay.example.net")
    ran = doctor()
    assert (ran.code, codes(ran.out)) == (0, ["postfix.relayhost"])


def test_json(doctor: Callable[..., Ran], server: PostfixRoom) -> None:
    server.set(smtp_tls_security_level="")
    ran = doctor("--format", "json", "-q")
    assert (ran.code, ran.err) == (1, "")
    said = json.loads(ran.out)
    (finding,) = said["findings"]
    assert finding["code"] == "postfix.level_none"
    assert finding["severity"] == "error"
    assert finding["mend"] == f"postconf -c {server.etc} -e 'smtp_tls_security_level = may'"
    assert said["summary"] == {"errors": 1, "warnings": 0, "notes": 0}
    assert said["version"]
    assert (said["test"], said["unlooked"]) == ([], [])


def test_output_is_a_file(doctor: Callable[..., Ran], server: PostfixRoom) -> None:
    server.set(relayhost="x.example")
    assert doctor("-o", "report").out == ""
    assert codes(Path("report").read_text()) == ["postfix.relayhost"]


def test_what_cannot_be_asked_is_3_unless_there_is_an_error(
    doctor: Callable[..., Ran], server: PostfixRoom
) -> None:
    server.set(transport_maps="hash:@ETC@/nowhere")
    ran = doctor("--quiet")
    assert (ran.code, ran.out) == (3, "")
    assert "nowhere" in ran.err
    server.set(smtp_tls_CAfile="")
    assert doctor().code == 1


def test_the_clock_decides(doctor: Callable[..., Ran]) -> None:
    ran = doctor("--now", "2026-11-15T00:00:00Z")
    assert (ran.code, codes(ran.out)) == (1, ["install.no_cron", "install.stale", "postfix.map_stale"])


def test_without_postfix(
    server: PostfixRoom, program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("stpolicy.mta._program._SBIN", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = program("doctor", "--dir", server.lib)
    assert (ran.code, ran.out) == (3, "")
    assert "postconf is not installed" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["exim"],
        ["postfix", "more"],
        ["--mx", "mx.example.com"],
        ["--map", "/var/lib/map"],
        ["--map", "hash:"],
        ["--test", "-x"],
        ["--test", "localhost"],
        ["--test", "a b.example"],
        ["--test", "192.0.2.1"],
        ["--test", "example.com", "--mx", "-s.example.com x"],
        ["--test", "example.com", "--mx", ""],
        ["--test", "example.com", "--mx", "[mx.example.com"],
        ["--test", "example.com", "--mx", "mx.example.com:smtp"],
        ["--now", "later"],
        ["--format", "sarif"],
    ],
    ids=" ".join,
)
def test_used_wrongly(arguments: list[str], doctor: Callable[..., Ran]) -> None:
    ran = doctor(*arguments)
    assert (ran.code, ran.out) == (2, "")


def test_settings_and_variables(
    server: PostfixRoom, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.SYSTEM.parent.mkdir()
    lines = [f'dir = "{server.lib}"', f'signer = "{FINGERPRINT}"', f'postfix-config = "{server.etc}"']
    config.SYSTEM.write_text("\n".join([*lines, f'map = "{server.table}"', ""]))
    assert program("doctor", "--now", NOW) == Ran(0, "", program("doctor", "--now", NOW).err)
    config.SYSTEM.write_text("\n".join([*lines, 'map = "btree:/nowhere"', ""]))
    assert codes(program("doctor", "--now", NOW).out) == ["postfix.map_missing"]
    monkeypatch.setenv("STPOLICY_DOCTOR_MAP", str(server.table))
    assert program("doctor", "--now", NOW).code == 0
    monkeypatch.setenv("STPOLICY_DIR", str(server.etc))
    assert codes(program("doctor", "--now", NOW).out) == ["install.stale"]


def test_no_signer(server: PostfixRoom, program: Program) -> None:
    ran = program("doctor", "--dir", server.lib, "--postfix-config", server.etc, "--now", NOW)
    assert (ran.code, codes(ran.out)) == (1, ["install.signer_unset"])


def test_nothing_is_changed(doctor: Callable[..., Ran], server: PostfixRoom) -> None:
    def files() -> dict[Path, tuple[bytes, int]]:
        found = [path for path in server.etc.parent.rglob("*") if path.is_file()]
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in found}

    server.set(relayhost="x.example", smtp_tls_security_level="none")
    before = files()
    assert doctor("--test", "example.com", "--mx", "127.0.0.1:1").code == 1
    assert files() == before
