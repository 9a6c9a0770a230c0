"""Scans survive whoever runs them: none is lost, none is reported twice, and all are right."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from stpolicy.ledger import Ledger, address
from stpolicy.model.names import Domain
from stpolicy.model.scanned import Scan, State
from tests.minternet import bulk
from tests.minternet.personalities import ROWS, policy_list
from tests.minternet.world import Crowd, World, world
from tests.personas import People
from tests.web.installed import Installed, today
from tests.web.plain import ENOUGH, free_port
from tests.web.serving import Process, options, process, until_true

DOMAINS = 1000
CROWD = DOMAINS - len(ROWS)
MANY = ["--proxy", "127.0.0.1"]
"""So that one machine can ask for many clients."""


@pytest.fixture(scope="module")
def crowded() -> Iterator[World]:
    with world(scale=0.02, crowd=Crowd(CROWD, CROWD)) as made:
        yield made


@pytest.fixture(scope="module")
def serving_list(people: People, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The options that serve a list with an entry for every domain there is."""
    folder = Installed(tmp_path_factory.mktemp("list") / "state", people.alice)
    listed = policy_list()
    entries = listed["policies"]
    assert isinstance(entries, dict)
    folder.serve({**listed, "policies": {**entries, **bulk.policies(CROWD, CROWD)}}, today())
    return folder.options()


@pytest.fixture
def common(shared: str) -> Iterator[Ledger]:
    """A ledger in PostgreSQL."""
    found = Ledger(address(shared))
    yield found
    found.close()


def wrong(found: Scan, status: int, codes: frozenset[str]) -> str:
    """What is not as the table of personalities has it."""
    data = json.loads(found.result)["scandata"]
    said = (data["status"], {finding["code"] for finding in data["findings"]})
    return "" if said == (status, set(codes)) else f"{found.domain}: {said} is not {(status, set(codes))}"


def begun(ledger: Ledger, ids: list[str]) -> dict[State, int]:
    """How many are in which state."""
    states = [scan.state for scan in ledger.watched(ids)]
    return {state: states.count(state) for state in State}


@contextmanager
def registered(
    ledger: Ledger, number: int, folder: Path, *told: str | Path, within: World
) -> Iterator[Process]:
    """A worker; once it is there, the queue has so many: ids of workers are given in their order."""
    with process(folder, *told, within=within, measured=False) as worker:
        until_true(lambda: asked_for(ledger, "SELECT count(*) FROM procrastinate_workers") == number, worker)
        yield worker


def halted(ledger: Ledger, worker: Process) -> bool:
    """Whether the first worker has many scans under way; then it stands still, and keeps them."""
    os.kill(worker.id, signal.SIGSTOP)
    has_many = asked_for(ledger, _OF_THE_FIRST) > 15
    if not has_many:
        os.kill(worker.id, signal.SIGCONT)
    return has_many


_OF_THE_FIRST = """
    SELECT count(*) FROM scans JOIN procrastinate_jobs ON queueing_lock = scans.id
    WHERE state = 'running' AND worker_id = (SELECT min(id) FROM procrastinate_workers)
"""


def asked_for(ledger: Ledger, question: str) -> int:
    """A number that the database gives."""
    with ledger.reading() as connection:
        return int(connection.execute(text(question)).scalar_one())


def test_of_a_thousand_scans_none_is_lost_when_a_worker_is_killed(
    crowded: World, serving_list: list[str], shared: str, common: Ledger, tmp_path: Path
) -> None:
    names = [row.domain for row in ROWS] + [bulk.domain(number) for number in range(CROWD)]
    told = [*options(crowded, shared), *serving_list, *MANY]
    with ExitStack() as closing:
        site = closing.enter_context(
            process(tmp_path, "--scans", "0", *told, port=free_port(), within=crowded, measured=False)
        )
        ids = asked(site, names)
        doomed, other = (
            closing.enter_context(
                registered(common, number, tmp_path, "--worker", "--scans", "64", *told, within=crowded)
            )
            for number in (1, 2)
        )
        until_true(lambda: begun(common, ids)[State.DONE] > 100, doomed)
        until_true(lambda: halted(common, doomed), doomed)
        os.kill(doomed.id, signal.SIGKILL)
        doomed.process.wait(ENOUGH)
        until_true(lambda: over(common, ids), other, 6 * ENOUGH)  # two cores may have more to do
        assert other.end() == 143
        assert site.end() == 143
    found = [common.scan(id_) for id_ in ids]
    scans = {scan.domain: scan for scan in found if scan}
    assert len(scans) == DOMAINS, "one of each"
    assert {scan.state for scan in scans.values()} == {State.DONE}
    assert sum(common.counts().values()) == DOMAINS, "and no other"
    assert sum(count for _, _, count in common.tallies(today().replace(year=2000))) == DOMAINS, "once"
    assert sum(scan.attempt > 1 for scan in scans.values()) > 10, "the one that was killed had some"
    rows = [wrong(scans[Domain(row.domain)], row.status, row.codes) for row in ROWS]
    assert [said for said in rows if said] == []
    plain = next(row for row in ROWS if row.name == "plain")
    crowd = [wrong(scans[Domain(bulk.domain(n))], 0, plain.codes) for n in range(CROWD)]
    assert [said for said in crowd if said] == []


def test_a_killed_service_goes_on_where_it_was(
    crowded: World, serving_list: list[str], tmp_path: Path
) -> None:
    """SQLite, in one process: what was under way is begun again, once, and what was done stays done."""
    url = f"sqlite:///{tmp_path / 'scans.db'}"
    port, told = free_port(), [*options(crowded, url), *serving_list, *MANY, "--scans", "16"]
    rows = [row for row in ROWS if row.wait < 5][:60]
    names = [row.domain for row in rows] + [bulk.domain(number) for number in range(140)]
    with process(tmp_path, *told, port=port, within=crowded) as first:
        ids = asked(first, names)
        ledger = Ledger(address(url))
        until_true(lambda: begun(ledger, ids)[State.DONE] > 50, first)
        before = {scan.id: scan for scan in ledger.watched(ids) if scan.state.over}
        os.kill(first.id, signal.SIGKILL)
        first.process.wait(ENOUGH)
    left = begun(ledger, ids)
    assert left[State.RUNNING] > 0
    assert left[State.QUEUED] > 0
    with process(tmp_path, *told, port=port, within=crowded) as second:
        until_true(lambda: over(ledger, ids), second, 2 * ENOUGH)
        assert second.end() == 143
    found = {scan.id: scan for scan in ledger.watched(ids)}
    assert {scan.state for scan in found.values()} == {State.DONE}
    assert {id_: found[id_] for id_ in before} == before
    assert sum(scan.attempt > 1 for scan in found.values()) == left[State.RUNNING]
    assert {scan.lost for scan in found.values()} == {0, 1}
    assert sum(count for _, _, count in ledger.tallies(today().replace(year=2000))) == len(names)
    results = {scan.domain: scan for scan in map(ledger.scan, ids) if scan}
    said = [wrong(results[Domain(row.domain)], row.status, row.codes) for row in rows]
    assert [one for one in said if one] == []
    ledger.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_service_that_is_told_to_end_lets_scans_wait_again(
    internet: World, request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'scans.db'}" if kind == "sqlite" else request.getfixturevalue("shared")
    slow = [row.domain for row in ROWS if row.name in {"black-hole", "silent", "drip"}]
    port, told = free_port(), [*options(internet, url), *MANY]
    ids: list[str] = []
    ledger = Ledger(address(url))

    def all_are(state: State) -> bool:
        return begun(ledger, ids)[state] == len(slow)

    for _ in range(2):
        with process(tmp_path, *told, port=port, within=internet) as site:
            ids = ids or asked(site, slow)
            until_true(lambda: all_are(State.RUNNING), site)
            assert site.end() == 143
            assert "Traceback" not in site.said()
        assert all_are(State.QUEUED)
    assert {(scan.attempt, scan.lost) for scan in ledger.watched(ids)} == {(2, 0)}
    ledger.close()


def asked(site: Process, names: list[str]) -> list[str]:
    """The ids of scans of these domains; twenty clients ask, each of whom has a part of all scans at once."""
    ids = []
    many = max(1, min(100, len(names) // 20))
    for number, start in enumerate(range(0, len(names), many)):
        who = {"X-Forwarded-For": f"192.0.2.{number}"}
        answer = site.ask("POST", "/api/scans", json={"domains": names[start : start + many]}, headers=who)
        assert answer.status_code == 202, answer.text
        ids += [one["scan"]["id"] for one in answer.json()["response"]["scans"]]
    assert len(set(ids)) == len(names)
    return ids


def over(ledger: Ledger, ids: list[str]) -> bool:
    """Whether nothing waits or is under way."""
    time.sleep(0.2)  # it is a thousand rows, and others want the database too
    found = begun(ledger, ids)
    return found[State.DONE] + found[State.FAILED] == len(ids)
