"""gpgv and what is made of its answers, on signatures of every kind."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stpolicy.errors import StpolicyError
from stpolicy.flows.believe import Pins, believe, pins
from stpolicy.gpg import verify as gpgv
from stpolicy.model.signature import Signatures
from tests import lists, packets
from tests.gpg.corpus import CASES, GOOD, OTHER, Case
from tests.personas import LIST, People, agents, own_home


def _pins(people: People, case: Case) -> Pins:
    who = [getattr(people, name).fingerprint for name in case.pinned]
    return pins(people.ring, "ring.gpg", who, case.threshold)


def _codes(verdict: Signatures) -> tuple[str, ...]:
    return tuple(sorted({f"signature.{doubt}" for doubt, _ in verdict.doubts}))


@pytest.mark.parametrize("name", CASES)
def test_t1_each_kind_of_signature(name: str, people: People) -> None:
    case = CASES[name]
    verdict = believe(case.data, case.make(people), _pins(people, case), now=lists.NOW)
    assert _codes(verdict) == case.codes
    assert verdict.trusted is (name in GOOD)
    if verdict.trusted:
        assert {s.signer for s in verdict.counted} <= _pins(people, case).signers


@pytest.mark.parametrize("name", GOOD)
def test_good_signatures_count_each_signer_once(name: str, people: People) -> None:
    case = CASES[name]
    verdict = believe(case.data, case.make(people), _pins(people, case), now=lists.NOW)
    pinned = {getattr(people, who).fingerprint for who in case.pinned}
    assert sorted(signature.signer for signature in verdict.counted) == sorted(pinned)


@pytest.mark.parametrize("version", [5, 6, 7])
def test_g14_versions_that_this_gpgv_may_not_know(version: int, people: People) -> None:
    made = people.alice.packet(LIST)
    for asc in (
        packets.asc(packets.with_octet(made, 0, version)),
        packets.asc(made, packets.signature(b"", version=version)),
        packets.asc(packets.signature(b"", version=version), made),
    ):
        verdict = believe(LIST, asc, _pins(people, CASES["good"]), now=lists.NOW)
        assert not verdict.trusted
        assert set(_codes(verdict)) <= {"signature.malformed", "signature.bad", "signature.extra_data"}


def test_r7_a_key_that_is_younger_than_the_clock(people: People) -> None:
    home, then = people.home(), datetime(2040, 1, 1, tzinfo=UTC)
    options = ["--pinentry-mode", "loopback", "--passphrase", ""]
    home.gpg(*options, "--quick-gen-key", "Fay <fay@example.org>", "ed25519", "sign", at=then)
    (fay,) = home.fingerprints("Fay")
    made = home.gpg("--armor", "--detach-sign", data=LIST, at=then + timedelta(days=1))
    verdict = believe(LIST, made, pins(home.gpg("--export"), "ring", [fay], 1), now=lists.NOW)
    assert _codes(verdict) == ("signature.clock",)


def _verdict_of(people: People, *raw: bytes, data: bytes = LIST) -> Signatures:
    who = [people.alice.fingerprint, people.bob.fingerprint]
    return believe(data, packets.asc(*raw), pins(people.ring, "ring", who, 1), now=lists.NOW)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_flipped_bit_in_the_list_is_refused(people: People, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(LIST) - 1))
    changed = bytearray(LIST)
    changed[position] ^= 1 << data.draw(st.integers(0, 7))
    assert _codes(_verdict_of(people, people.alice_packet, data=bytes(changed))) == ("signature.bad",)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_flipped_bit_in_the_signature_is_refused(people: People, data: st.DataObject) -> None:
    """But for what a signature does not protect (RFC 9580 section 5.2.4): that decides nothing."""
    raw = people.alice_packet
    position = data.draw(st.integers(0, len(raw) - 1))
    changed = bytearray(raw)
    changed[position] ^= 1 << data.draw(st.integers(0, 7))
    verdict = _verdict_of(people, bytes(changed))
    if verdict.trusted:
        assert position in packets.unprotected(raw)
        assert verdict == _verdict_of(people, raw)


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(range(4)), kept=st.integers(1, 4))
def test_the_order_of_signatures_changes_nothing(people: People, order: list[int], kept: int) -> None:
    made = [person.packet(LIST) for person in (people.alice, people.bob, people.ron, people.mallory)]
    chosen = [made[position] for position in order[:kept]]
    verdict, again = (_verdict_of(people, *some) for some in (chosen, sorted(chosen)))
    assert set(verdict.counted) == set(again.counted)
    assert set(verdict.doubts) == set(again.doubts)
    assert verdict.trusted is set(chosen).issubset(made[:2])


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_bad_signature_spoils_the_others_wherever_it_stands(people: People, order: tuple[int, ...]) -> None:
    made = [people.alice_packet, people.bob.packet(LIST), people.alice.packet(OTHER)]
    assert _codes(_verdict_of(people, *(made[position] for position in order))) == ("signature.bad",)


def test_g10_gpgv_needs_no_home_and_starts_no_agent(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "GNUPGHOME", "TMPDIR"):
        monkeypatch.delenv(name, raising=False)
    before = agents(own_home())
    assert _verdict_of(people, people.alice_packet).trusted
    assert agents(own_home()) == before


def test_g21_a_long_temporary_folder(people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("long" * 50) / "\n[GNUPG:] GOODSIG"
    long.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(long))
    assert _verdict_of(people, people.alice_packet).trusted
    assert not _verdict_of(people, people.alice_packet, data=OTHER).trusted
    assert list(long.iterdir()) == []


def _instead_of_gpgv(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "gpgv"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_gpgv_that_is_not_there(people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StpolicyError, match="install"):
        gpgv.answer(LIST, b"", b"")


def test_gpgv_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "fifo")
    _instead_of_gpgv(tmp_path, f"exec cat {tmp_path}/fifo", monkeypatch)
    monkeypatch.setattr(gpgv, "_SECONDS", 0.2)
    with pytest.raises(StpolicyError, match="did not answer"):
        gpgv.answer(LIST, b"", b"")


def test_gpgv_that_never_stops_talking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import os, sys; os.write(int(sys.argv[1]), bytes(1100000))"
    _instead_of_gpgv(tmp_path, f"exec {sys.executable} -c '{code}' \"$8\"", monkeypatch)
    with pytest.raises(StpolicyError, match="says more"):
        gpgv.answer(LIST, b"", b"")


def test_gpgv_that_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _instead_of_gpgv(tmp_path, "kill -9 $$", monkeypatch)
    with pytest.raises(StpolicyError, match="signal 9"):
        gpgv.answer(LIST, b"", b"")


def test_g6_messages_do_not_reach_the_status_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = "[GNUPG:] GOODSIG 0123456789ABCDEF A"
    _instead_of_gpgv(tmp_path, f"echo '{line}'; echo '{line}' >&2", monkeypatch)
    assert gpgv.answer(LIST, b"", b"").status == ""


def test_what_is_trusted_is_good_for_stock_gpgv(people: People, tmp_path: Path) -> None:
    (tmp_path / "ring.gpg").write_bytes(people.ring)
    (tmp_path / "list").write_bytes(LIST)
    (tmp_path / "list.asc").write_bytes(CASES["two signers"].make(people))
    files = [str(tmp_path / name) for name in ("ring.gpg", "list.asc", "list")]
    subprocess.run(["gpgv", "-q", "--keyring", *files], check=True, capture_output=True)
