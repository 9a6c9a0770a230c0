"""What gpg's answers come to: its words when it fails, and its list of secret keys."""

import os
from pathlib import Path
from typing import Any

import pytest

from stpolicy.errors import StpolicyError
from stpolicy.gpg import child
from stpolicy.gpg.home import Home
from stpolicy.model.dates import Instant
from tests import personas

FPR, SUBKEY = "A" * 40, "B" * 40

SAID = {
    "gpg: signing failed: Bad passphrase": "passphrase is wrong",
    "[GNUPG:] KEYEXPIRED 1717200000\ngpg: skipped: Unusable secret key": "expired",
    "[GNUPG:] KEYREVOKED": "revoked",
    "gpg: signing failed: No SmartCard daemon": "scdaemon",
    "gpg: signing failed: Card not present": "card",
    "gpg: signing failed: Card error": "card",
    "gpg: signing failed: Card removed": "card",
    "gpg: signing failed: Inappropriate ioctl for device": "GPG_TTY",
    "gpg: signing failed: No pinentry": "no pinentry is installed",
    "gpg: signing failed: Operation cancelled": "not given",
    'gpg: skipped "A": No secret key': "no such secret key",
    'gpg: using "Ricardo" as default key\ngpg: signing failed: End of file': "End of file",
    "[GNUPG:] FAILURE sign 1\n": "it gave no reason",
    "": "it gave no reason",
}


@pytest.mark.parametrize("said", SAID)
def test_why_gpg_cannot_sign(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"signature": "", "kind": None, "code": 2, "status": "", "said": said}
    monkeypatch.setattr(child, "ask", lambda *_, **__: answer)
    with pytest.raises(StpolicyError) as caught:
        Home().sign(b"x", FPR)
    assert SAID[said] in f"{caught.value.message} {caught.value.mend}"


@pytest.mark.parametrize(
    "wrong", [{"code": 2}, {"kind": "S"}, {"kind": "C"}, {"kind": None}, {"signature": ""}], ids=str
)
def test_g18_both_the_exit_code_and_the_words_must_be_right(
    wrong: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = {"signature": "x", "kind": "D", "code": 0, "status": "signature created", "said": ""}
    monkeypatch.setattr(child, "ask", lambda *_, **__: answer)
    assert Home().sign(b"x", FPR) == b"x"
    answer |= wrong
    with pytest.raises(StpolicyError):
        Home().sign(b"x", FPR)


def _key(**changed: Any) -> dict[str, Any]:
    subkey = {"fingerprint": SUBKEY, "created": "200", "validity": "u", "capabilities": "s", "token": "+"}
    return {
        "fingerprint": FPR,
        "name": "Alice",
        "validity": "u",
        "created": "100",
        "expires": "",
        "capabilities": "cSC",
        "token": "+",
        "subkeys": [subkey],
    } | changed


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "none": ({}, ""),
    "revoked": ({"validity": "r"}, "revoked"),
    "expired": ({"validity": "e", "expires": "1717200000"}, "2024-06-01"),
    "expired, without a date": ({"validity": "e"}, "expired"),
    "invalid": ({"validity": "i"}, "invalid"),
    "disabled": ({"capabilities": "scSCD"}, "disabled"),
    "certifies only": ({"capabilities": "cC", "subkeys": []}, "cannot sign"),
    "primary elsewhere": ({"token": "#"}, ""),
    "all elsewhere": ({"token": "#", "capabilities": "scSC", "subkeys": []}, "elsewhere"),
    "on a card": ({"token": "D2760001240102010006123456780000", "capabilities": "scSC", "subkeys": []}, ""),
}


@pytest.mark.parametrize("name", FAULTS)
def test_why_a_key_cannot_sign(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    changed, fault = FAULTS[name]
    monkeypatch.setattr(child, "ask", lambda *_, **__: [_key(**changed)])
    (key,) = Home().secret_keys()
    assert fault in key.fault
    assert bool(key.fault) is bool(fault)


def test_a_key_is_as_young_as_the_youngest_part_that_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "ask", lambda *_, **__: [_key()])
    assert Home().secret_keys()[0].created == Instant(200)
    other = {"fingerprint": SUBKEY, "created": "300", "validity": "u", "capabilities": "e", "token": "+"}
    monkeypatch.setattr(child, "ask", lambda *_, **__: [_key(subkeys=[other])])
    assert Home().secret_keys()[0].created == Instant(100)


def test_neither_the_folder_nor_the_environment_decides_which_code_runs(
    home: personas.Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("gnupg.py", "json.py", "sitecustomize.py"):
        (tmp_path / name).write_text("raise SystemExit('not ours')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "json.py"))
    assert Home(home.path).secret_keys() == []


def test_gpg_that_is_not_there(home: personas.Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(StpolicyError, match="cannot be run"):
        Home(home.path).secret_keys()


def test_gpg_that_does_not_answer(
    home: personas.Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "gpg").write_text(f"#!/bin/sh\nexec cat {tmp_path}/fifo\n")
    (tmp_path / "gpg").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(StpolicyError, match=r"did not answer within 0\.5 s"):
        Home(home.path, deadline=0.5).secret_keys()
    for process in personas.running(str(tmp_path)):
        personas.wait(process)
    assert personas.running(str(tmp_path)) == {}
