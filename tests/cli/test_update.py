"""update: what a mail server follows a list with."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import packets
from tests.pairs import LATER, believing, dated, snapshot
from tests.personas import LIST, SIGNED, People, Person
from tests.program import NOW, Program, Ran
from tests.web import Server, answer, ok

Offer = Callable[..., None]


@pytest.fixture
def offer(server: Server, people: People) -> Offer:
    """Puts a signed list on the server; signed by Alice unless it is said by whom."""

    def place(data: bytes = LIST, *signers: Person, at: Any = SIGNED) -> None:
        asc = packets.asc(*(signer.packet(data, at=at) for signer in signers or (people.alice,)))
        server.answers |= {
            "/policy.json": ok(data, f'ETag: "{hash(data)}"'),
            "/policy.json.asc": ok(asc, f'ETag: "{hash(asc)}"'),
        }

    return place


@pytest.fixture
def folder(room: Path) -> Path:
    """Where the list is kept."""
    return room.parent / "state"


@pytest.fixture
def update(
    server: Server, people: People, authority: Path, folder: Path, program: Program, room: Path
) -> Callable[..., Ran]:
    """Runs `update` against the server."""
    options = [*believing(people, people.alice), "--ca-file", authority / "ca.pem", "--dir", folder]

    def run(*more: object, url: str = server.url, now: str = NOW) -> Ran:
        return program("update", "--url", url, *options, "--now", now, *more)

    return run


def state(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "state.json").read_text())
    return found


def installed(folder: Path) -> bytes:
    return (folder / "current" / "policy.json").read_bytes()


def test_a_first_list(folder: Path, offer: Offer, update: Callable[..., Ran]) -> None:
    offer()
    assert update() == Ran(0, "", "")
    assert installed(folder) == LIST
    assert state(folder)["reason"] == "installed"
    assert sorted(path.name for path in folder.iterdir()) == [
        ".lock",
        "current",
        "mark",
        "state.json",
        "versions",
    ]


def test_r16_nothing_new(folder: Path, server: Server, offer: Offer, update: Callable[..., Ran]) -> None:
    offer()
    update()
    before = snapshot(folder / "versions")
    server.requests.clear()
    server.conditional = {"/policy.json", "/policy.json.asc"}
    assert update() == Ran(0, "", "")
    assert state(folder)["reason"] == "unchanged"
    assert ["If-None-Match" in head for head in server.requests] == [True, True]
    assert snapshot(folder / "versions") == before


def test_a_newer_list(folder: Path, offer: Offer, update: Callable[..., Ran]) -> None:
    offer()
    update()
    newer = dated(LATER)
    offer(newer, at=LATER)
    assert update("--verbose").err.startswith("stpolicy: installed: the list of 2")
    assert installed(folder) == newer


def test_t2_an_older_list(folder: Path, server: Server, offer: Offer, update: Callable[..., Ran]) -> None:
    newer = dated(LATER)
    offer(newer, at=LATER)
    update()
    offer()
    ran = update("--format", "json")
    assert (ran.code, json.loads(ran.out)["reason"]) == (1, "rolled_back")
    assert installed(folder) == newer
    assert "stays, in force until" in ran.err


def test_t8_an_older_list_when_the_mark_is_forgotten(
    folder: Path, offer: Offer, update: Callable[..., Ran]
) -> None:
    offer(dated(LATER), at=LATER)
    update()
    offer()
    ran = update("--reset-state")
    assert (ran.code, installed(folder)) == (0, LIST)
    assert "forgotten" in ran.err


def test_a_fault_of_the_network_that_passes_is_silent(
    folder: Path, server: Server, offer: Offer, update: Callable[..., Ran]
) -> None:
    offer()
    update()
    server.answers["/policy.json"] = answer("503 Busy", b"")
    assert update() == Ran(3, "", "")
    assert state(folder)["reason"] == "network"
    loud = update(now=f"{SIGNED + timedelta(hours=49):%Y-%m-%dT%H:%M:%SZ}")
    assert (loud.code, loud.out) == (3, "")
    assert "503" in loud.err


def test_nothing_is_installed_and_nobody_answers(
    server: Server, update: Callable[..., Ran], folder: Path
) -> None:
    ran = update()
    assert ran.code == 3
    assert "no list is installed" in ran.err


def test_t9_the_installed_list_runs_out(server: Server, offer: Offer, update: Callable[..., Ran]) -> None:
    offer()
    update()
    late = f"{SIGNED + timedelta(days=20):%Y-%m-%dT%H:%M:%SZ}"
    ran = update("--format", "json", now=late)
    assert (ran.code, json.loads(ran.out)["reason"]) == (1, "expired")
    server.answers.clear()
    ran = update("--format", "json", now=late)
    assert (ran.code, json.loads(ran.out)["reason"]) == (1, "expired")


def test_t16_a_torn_pair_is_fetched_three_times(
    server: Server, offer: Offer, people: People, update: Callable[..., Ran]
) -> None:
    offer()
    server.answers["/policy.json"] = ok(dated(LATER))
    ran = update("--format", "json")
    assert (ran.code, json.loads(ran.out)["reason"]) == (1, "bad_signature")
    assert len(server.requests) == 6


def test_t20_a_bad_mirror_stops_nothing(server: Server, offer: Offer, update: Callable[..., Ran]) -> None:
    offer()
    ran = update("--url", f"{server.url}/nowhere", "--url", server.url, url=f"{server.url}/other")
    assert ran == Ran(0, "", "")
