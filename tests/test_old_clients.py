"""What was wrong in the old scripts and in starttls-policy-cli, tried on `update`: none of it happens here.

The names are those of the list of defects that were seen in them: A for the scripts, B for the client.
"""

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import lists, packets
from tests.cli.following import Following, Maps
from tests.needs import needs
from tests.pairs import LATER, believing, dated
from tests.personas import LIST, SIGNED, stamp
from tests.program import Ran
from tests.webserver import ok

ENFORCE = {"mode": "enforce", "mxs": ["mx.a.com"]}


def _listed(*domains: str, **more: Any) -> bytes:
    return dated(SIGNED, policies=dict.fromkeys(domains, ENFORCE) | more)


def test_a1_a_signature_twice_is_no_way_back(following: Following) -> None:
    following.install(dated(LATER), at=LATER)
    packet = following.people.alice.packet(LIST)
    following.server.answers |= {
        "/policy.json": ok(LIST),
        "/policy.json.asc": ok(packets.asc(packet, packet)),
    }
    assert following.update().code == 1
    assert following.state["reason"] == "rolled_back"


@pytest.mark.parametrize("name", ["policy.json", "policy.json.asc"])
def test_a2_a_damaged_local_copy_stops_nothing(following: Following, name: str) -> None:
    following.install()
    (following.folder / "current" / name).write_bytes(b"damaged")
    following.offer(dated(LATER), at=LATER)
    assert following.update() == Ran(0, "", "")
    assert following.installed == dated(LATER)


def test_a3_an_old_list_signed_anew_is_old(following: Following) -> None:
    following.install(dated(SIGNED))
    following.offer(dated(SIGNED - timedelta(days=1)), at=LATER)
    assert following.update().code == 1
    assert following.state["reason"] == "rolled_back"


def test_a3_a_list_that_has_run_out_is_not_installed(following: Following) -> None:
    following.offer(dated(SIGNED - timedelta(days=20), SIGNED - timedelta(days=6)))
    assert following.update().code == 1
    assert (following.state["reason"], following.state["list"]) == ("expired", None)


@pytest.mark.parametrize("data", [b"hello\n", b"[]", b"{}", LIST.replace(b'"0.1"', b'"0.2"'), LIST[:-3]])
def test_a4_what_is_signed_and_no_list_is_not_installed(following: Following, data: bytes) -> None:
    following.offer(data)
    assert following.update().code == 1
    assert following.state["reason"] == "invalid"


def test_a4_the_map_follows_the_list(maps: Maps) -> None:
    maps.following.offer(_listed("a.com"))
    assert maps.update() == Ran(0, "", "")
    assert maps.asked("a.com").startswith("secure match=mx.a.com ")


def test_a5_keys_are_settings_and_can_be_several(following: Following) -> None:
    people = following.people
    both = [*believing(people, people.alice, people.bob), "--threshold", "2"]
    following.offer(LIST, people.alice, people.bob)
    assert following.update(*both) == Ran(0, "", "")
    following.offer(dated(LATER), people.alice, at=LATER)
    assert following.update(*both).code == 1
    assert following.state["reason"] == "threshold"


def test_a6_a_key_in_the_ring_that_is_not_pinned_proves_nothing(following: Following) -> None:
    following.offer(LIST, following.people.bob)
    assert following.update().code == 1
    assert following.state["reason"] == "unknown_signer"


def test_a7_a_clearsigned_list_is_none(following: Following) -> None:
    alice = following.people.alice
    text = alice.home.gpg("--local-user", alice.fingerprint, "--clear-sign", data=LIST, at=SIGNED)
    following.server.answers |= {"/policy.json": ok(LIST), "/policy.json.asc": ok(text)}
    assert following.update().code == 1
    assert following.state["reason"] == "malformed_signature"


def test_a9_names_with_spaces(following: Following) -> None:
    spaced = replace(following, folder=following.folder / "a b")
    spaced.install()
    assert spaced.installed == LIST


def test_b2_a_wildcard_is_never_written(maps: Maps) -> None:
    maps.following.offer(_listed("a.com", **{"b.com": {"mode": "enforce", "mxs": ["*.b.com"]}}))
    maps.update()
    assert maps.following.state["reason"] == "invalid"
    assert maps.asked("b.com") == ""


@pytest.mark.parametrize("mxs", ["mx.a.com", [], ["", 7], [""], ["mx.a.com", "mx.a.com"]])
def test_b4_b6_patterns_of_another_shape(following: Following, mxs: object) -> None:
    following.offer(_listed(**{"a.com": {"mode": "enforce", "mxs": mxs}}))
    assert following.update().code == 1
    assert following.state["reason"] == "invalid"


@pytest.mark.parametrize("name", ["x.com\nb.com none", "x.com none #", "x.com\tnone", "x.com,b.com"])
def test_b5_a_name_adds_no_row(maps: Maps, name: str) -> None:
    maps.following.offer(_listed("a.com", name))
    maps.update()
    assert maps.following.state["reason"] == "invalid"
    assert [maps.asked(key) for key in ("b.com", "x.com", name)] == ["", "", ""]


def test_b7_a_list_without_entries_takes_the_old_rows_away(maps: Maps) -> None:
    maps.following.offer(_listed("a.com"))
    maps.update()
    maps.following.offer(dated(LATER, policies={}), at=LATER)
    ran = maps.update()
    assert (ran.code, "no active row" in ran.err) == (0, True)
    assert (maps.asked("a.com"), maps.path.with_name("policy.db").exists()) == ("", True)


def test_b8_an_overlay_over_a_list_with_aliases(maps: Maps, room: Path) -> None:
    (room / "o.json").write_text(
        json.dumps({"policies": {"a.com": {"mode": "enforce", "mxs": ["own.a.com"]}}})
    )
    entries = {"a.com": {"policy-alias": "x"}, "b.com": {"policy-alias": "x"}}
    maps.following.offer(dated(SIGNED, policies=entries, aliases={"x": ENFORCE}))
    assert maps.update("--overlay", "o.json") == Ran(0, "", "")
    assert [maps.asked(name).split(" ")[1] for name in ("a.com", "b.com")] == [
        "match=own.a.com",
        "match=mx.a.com",
    ]
    assert maps.update() == Ran(0, "", ""), "without the overlay the list decides again"
    assert maps.asked("a.com").split(" ")[1] == "match=mx.a.com"


def test_b9_a_field_that_is_unknown_sets_nothing(following: Following) -> None:
    following.offer(LIST.replace(b"{", b'{"filename": "/tmp/x", ', 1))
    assert following.update().code == 1
    assert following.state["reason"] == "invalid"


def test_b10_rows_go_when_the_list_runs_out_and_nobody_has_a_newer_one(maps: Maps) -> None:
    """Each run looks, whatever becomes of the network."""
    maps.following.offer(_listed("a.com"))
    maps.update()
    maps.following.server.answers.clear()
    late = stamp(SIGNED + timedelta(days=15))
    ran = maps.update(now=late)
    assert (ran.code, maps.asked("a.com"), maps.path.exists()) == (1, "", True)
    assert "not in force since" in ran.err
    again = maps.update(now=late)
    assert (again.code, "not in force since" in again.err) == (1, True)


@pytest.mark.parametrize(
    "broken", ["exit 1", "echo oops >&2", 'echo "postmap: warning: x" >&2; exec $REAL "$@"']
)
def test_b11_a_map_that_cannot_be_made_leaves_the_one_before(
    maps: Maps, broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps.following.offer(_listed("a.com"))
    maps.update()
    real = needs("postmap", "postfix")
    program = tmp_path / "bin" / "postmap"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nREAL={real}\n{broken}\n")
    program.chmod(0o755)
    maps.following.offer(dated(LATER, policies={"b.com": ENFORCE}), at=LATER)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", f"{program.parent}:/usr/bin:/bin:/usr/sbin:/sbin")
        ran = maps.update()
    assert (ran.code, ran.err.count("\n")) == (3, 1)
    assert maps.following.state["reason"] == "internal"
    assert (maps.asked("a.com") != "", maps.asked("b.com")) == (True, "")
    assert sorted(path.name for path in maps.path.parent.iterdir()) == ["policy", "policy.db"]
    assert maps.update() == Ran(0, "", ""), "the next run mends it"
    assert (maps.asked("a.com"), maps.asked("b.com") != "") == ("", True)


def test_b11_nothing_is_done_when_nothing_has_changed(maps: Maps, monkeypatch: pytest.MonkeyPatch) -> None:
    maps.following.offer(_listed("a.com"))
    maps.update()
    before = [(path.stat().st_ino, path.stat().st_mtime_ns) for path in sorted(maps.path.parent.iterdir())]
    monkeypatch.setattr("stpolicy.mta.maps.build", pytest.fail)
    assert maps.update() == Ran(0, "", "")
    assert [(p.stat().st_ino, p.stat().st_mtime_ns) for p in sorted(maps.path.parent.iterdir())] == before
    monkeypatch.undo()
    maps.path.with_name("policy.db").unlink()
    assert maps.update() == Ran(0, "", ""), "what somebody else took away is made again"
    assert maps.asked("a.com")


@pytest.mark.parametrize("lost", ["versions", "versions state.json", "versions state.json mark"])
def test_b10_a_lost_pair_leaves_the_last_good_map(maps: Maps, lost: str) -> None:
    maps.following.offer(_listed("a.com"))
    maps.update()
    for name in lost.split():
        path = maps.following.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    maps.following.server.answers.clear()
    assert maps.update().code == 3
    assert maps.asked("a.com")
    maps.following.offer(dated(LATER, policies={"b.com": ENFORCE}), at=LATER)
    assert maps.update() == Ran(0, "", "")
    assert (maps.asked("a.com"), maps.asked("b.com") != "") == ("", True)


def test_b10_a_lost_pair_of_a_list_that_has_run_out(maps: Maps) -> None:
    maps.following.offer(_listed("a.com"))
    maps.update()
    shutil.rmtree(maps.following.folder / "versions")
    maps.following.server.answers.clear()
    ran = maps.update(now=stamp(SIGNED + timedelta(days=15)))
    assert (ran.code, "not in force since" in ran.err) == (1, True)
    assert (maps.asked("a.com"), maps.path.exists()) == ("", True)


def test_b12_the_type_of_the_map_is_not_fixed(following: Following, room: Path) -> None:
    needs("postmap", "postfix")
    following.offer(_listed("a.com"))
    assert following.update("--render", "postfix", "--mta-version", "3.7") == Ran(0, "", "")
    known = subprocess.run([needs("postconf", "postfix"), "-m"], capture_output=True, text=True, check=True)
    best = next(kind for kind in ("lmdb", "cdb", "hash") if kind in known.stdout.split())
    assert following.state["map"]["name"] == f"{best}:{following.folder}/maps/policy"
    bad = following.update("--render", "postfix", "--map", "pcre:/tmp/x")
    assert bad.code == 2


def test_b15_a_domain_that_is_not_listed_is_an_answer(following: Following) -> None:
    following.install()
    options = [*following.believing, "--dir", following.folder, "--now", stamp(lists.NOW)]
    ran = following.program("lookup", "nobody.org", "--mta-version", "3.7", *options)
    assert (ran.code, "not listed" in ran.out) == (1, True)
