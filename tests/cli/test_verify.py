"""The command `verify`: what it is asked, what it answers, and what it leaves alone."""

import json
import os
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests import lists
from tests.pairs import LATER, believing, codes, dated, place, sign
from tests.personas import LIST, SIGNED, People, agents, own_home
from tests.program import COMMAND, NOW, Program


@pytest.fixture
def pair(room: Path, people: People) -> Path:
    return place(room, people.alice)


def test_a_good_pair(pair: Path, people: People, program: Program) -> None:
    ran = program("verify", *believing(people, people.alice), "--now", NOW)
    assert ran.code == 0
    assert ran.out == ""
    assert people.alice.fingerprint in ran.err
    assert lists.EXPIRES in ran.err


def test_a_good_pair_as_json(pair: Path, people: People, program: Program) -> None:
    ran = program(
        "verify", pair, *believing(people, people.alice), "--now", NOW, "--format", "json", "--quiet"
    )
    assert (ran.code, ran.err) == (0, "")
    said = json.loads(ran.out)
    assert said["verified"] is True
    assert said["signers"] == [people.alice.fingerprint]
    assert said["findings"] == []


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_bad_pair(form: str, pair: Path, people: People, program: Program) -> None:
    pair.write_bytes(LIST.replace(b"mx.", b"mx1."))
    ran = program("verify", *believing(people, people.alice), "--now", NOW, "--format", form)
    assert ran.code == 1
    assert codes(ran.out) == ["signature.bad"]
    assert "not verified" in ran.err
    if form == "json":
        assert json.loads(ran.out)["verified"] is False


@pytest.mark.parametrize(
    ("now", "code", "found"),
    [
        ("2026-11-14T23:59:59Z", 0, []),
        ("2026-11-15T00:00:00Z", 1, ["dates.expired"]),
        ("2026-10-31T11:29:59Z", 1, ["signature.future"]),
        ("2027-11-15T00:00:00Z", 1, ["dates.expired"]),
    ],
)
def test_t9_the_clock_decides(
    now: str, code: int, found: list[str], pair: Path, people: People, program: Program
) -> None:
    ran = program("verify", *believing(people, people.alice), "--now", now)
    assert (ran.code, codes(ran.out)) == (code, found)


@pytest.mark.parametrize(
    ("old", "code"),
    [(dated(SIGNED - timedelta(days=1)), 0), (LIST, 0), (LIST + b"\n", 1), (dated(LATER), 1)],
    ids=["older", "same", "t6 same date", "t2 newer"],
)
def test_t2_newer_than(old: bytes, code: int, pair: Path, people: People, program: Program) -> None:
    pair.with_name("old.json").write_bytes(old)
    ran = program("verify", *believing(people, people.alice), "--now", NOW, "--newer-than", "old.json")
    assert (ran.code, codes(ran.out)) == (code, ["history.rolled_back"] if code else [])


def test_who_follows_a_list_is_not_told_to_write_one(pair: Path, people: People, program: Program) -> None:
    """What mends a working copy, `bump`, is nothing that a mail server could do."""
    pair.with_name("old.json").write_bytes(dated(LATER))
    ran = program("verify", *believing(people, people.alice), "--now", NOW, "--newer-than", "old.json")
    assert "(keep the newer one, and fetch it)" in ran.out
    pair.write_bytes(dated(SIGNED, SIGNED - timedelta(days=1)))
    sign(pair, people.alice)
    before = program("verify", *believing(people, people.alice), "--now", NOW)
    assert codes(before.out) == ["dates.expired", "dates.reversed"]
    for said in (ran.out, before.out):
        assert "bump" not in said


def test_newer_than_what_cannot_be_read(pair: Path, people: People, program: Program) -> None:
    ran = program("verify", *believing(people, people.alice), "--now", NOW, "--newer-than", "none.json")
    assert ran.code == 3


def test_threshold(room: Path, people: People, program: Program) -> None:
    both = [*believing(people, people.alice, people.bob), "--now", NOW, "--threshold", "2"]
    place(room, people.alice, people.bob)
    assert program("verify", *both).code == 0
    place(room, people.alice, people.alice)
    ran = program("verify", *both)
    assert (ran.code, codes(ran.out)) == (1, ["signature.threshold"])


@pytest.mark.parametrize("missing", ["policy.json", "policy.json.asc"])
def test_a_file_that_is_missing(missing: str, pair: Path, people: People, program: Program) -> None:
    pair.with_name(missing).unlink()
    ran = program("verify", *believing(people, people.alice), "--now", NOW)
    assert ran.code == 3
    assert missing in ran.err


USED_WRONGLY: dict[str, Callable[[str, str], list[str]]] = {
    "no key ring": lambda ring, fpr: ["--signer", fpr],
    "no signer": lambda ring, fpr: ["--keyring", ring],
    "key ring is not there": lambda ring, fpr: ["--keyring", "none.gpg", "--signer", fpr],
    "key ring is a folder": lambda ring, fpr: ["--keyring", ".", "--signer", fpr],
    "key ring is a list": lambda ring, fpr: ["--keyring", "policy.json", "--signer", fpr],
    "short key id": lambda ring, fpr: ["--keyring", ring, "--signer", fpr[-8:]],
    "long key id": lambda ring, fpr: ["--keyring", ring, "--signer", fpr[-16:]],
    "somebody else": lambda ring, fpr: ["--keyring", ring, "--signer", "F" * 40],
    "threshold 2 of 1": lambda ring, fpr: ["--keyring", ring, "--signer", fpr, "--threshold", "2"],
    "threshold 0": lambda ring, fpr: ["--keyring", ring, "--signer", fpr, "--threshold", "0"],
    "clock": lambda ring, fpr: ["--keyring", ring, "--signer", fpr, "--now", "today"],
}


@pytest.mark.parametrize("name", USED_WRONGLY)
def test_g12_used_wrongly(name: str, pair: Path, people: People, program: Program) -> None:
    ring = believing(people)[1]
    ran = program("verify", *USED_WRONGLY[name](ring, people.alice.fingerprint))
    assert ran.code == 2
    assert ran.out == ""


def test_g12_a_key_ring_without_a_slash(pair: Path, people: People, program: Program) -> None:
    pair.with_name("keys.gpg").write_bytes(people.ring)
    ran = program("verify", "--keyring", "keys.gpg", "--signer", people.alice.fingerprint, "--now", NOW)
    assert ran.code == 0


@pytest.mark.parametrize(
    "name",
    [
        "-x",
        "--keyring=x.gpg",
        "\n[GNUPG:] GOODSIG 0123456789ABCDEF x\n[GNUPG:] VALIDSIG x",
        "a:b",
        "ü\udcff",
    ],
    ids=ascii,
)
def test_g8_names_of_files_are_only_names(name: str, pair: Path, people: People, program: Program) -> None:
    ring = pair.with_name("ring:" + name)
    ring.write_bytes(people.ring)
    who = ["--keyring", str(ring), "--signer", people.alice.fingerprint, "--now", NOW]
    renamed = pair.rename(pair.with_name(name))
    asc = pair.with_name("policy.json.asc").rename(pair.with_name(name + ".asc"))
    assert program("verify", *who, "--", name).code == 0
    renamed.write_bytes(LIST + b"\n")
    assert program("verify", *who, "--", name).code == 1
    asc.write_bytes(b"")
    ran = program("verify", *who, "--signature", f"./{name}.asc", "--", name)
    assert (ran.code, codes(ran.out)) == (1, ["signature.malformed"])


def test_g14_a_signature_larger_than_allowed(pair: Path, people: People, program: Program) -> None:
    with pair.with_name("policy.json.asc").open("ab") as file:
        file.write(b"\n" * 65536)
    ran = program("verify", *believing(people, people.alice), "--now", NOW)
    assert (ran.code, codes(ran.out)) == (1, ["signature.malformed"])


def test_standard_input(pair: Path, people: People, program: Program) -> None:
    asc = pair.with_name("policy.json.asc")
    who = [*believing(people, people.alice), "--now", NOW, "--signature", asc]
    assert program("verify", "-", *who, stdin=LIST).code == 0
    assert program("verify", "-", *who, stdin=LIST + b" ").code == 1


def test_output(pair: Path, people: People, program: Program) -> None:
    who = [*believing(people, people.alice), "--now", NOW, "--format", "json", "--output", "said.json"]
    assert program("verify", *who).out == ""
    assert json.loads(Path("said.json").read_bytes())["verified"] is True


def test_the_environment(
    pair: Path, people: People, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(pair, people.alice, people.bob)
    monkeypatch.setenv("STPOLICY_KEYRING", believing(people)[1])
    monkeypatch.setenv("STPOLICY_SIGNER", f"{people.alice.fingerprint} {people.bob.fingerprint}")
    monkeypatch.setenv("STPOLICY_THRESHOLD", "2")
    monkeypatch.setenv("STPOLICY_VERIFY_NOW", NOW)
    assert program("verify").code == 0
    assert program("verify", "--threshold", "3").code == 2


def test_g10_without_a_home_and_without_a_trace(pair: Path, people: People) -> None:
    """In a process of its own, with nothing in its environment but the path to its programs."""
    before = {path.name: path.stat().st_mtime_ns for path in pair.parent.iterdir()}
    running = agents(own_home())
    done = subprocess.run(
        [*COMMAND, "verify", *believing(people, people.alice), "--now", NOW],
        cwd=pair.parent,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"")
    assert {path.name: path.stat().st_mtime_ns for path in pair.parent.iterdir()} == before
    assert agents(own_home()) == running


def test_r9_home_and_gnupg_home_that_are_wrong(
    pair: Path, people: People, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("GNUPGHOME", "/nonexistent/either")
    assert program("verify", *believing(people, people.alice), "--now", NOW).code == 0


def test_gpgv_that_is_missing(
    pair: Path, people: People, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = believing(people, people.alice)
    monkeypatch.setenv("PATH", "/nonexistent")
    ran = program("verify", *who, "--now", NOW)
    assert ran.code == 3
    assert "gpgv" in ran.err
