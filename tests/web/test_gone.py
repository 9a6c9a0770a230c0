"""Requests that nobody waits for any more, too many of one client, and those under way at the end."""

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from stpolicy.flows.jobs import Embedded
from stpolicy.flows.served import Served
from stpolicy.ledger import Ledger
from stpolicy.model.names import Domain
from stpolicy.model.result import scan as scan_object
from stpolicy.web import daemons, patience, server, threads
from stpolicy.web.excluded import Excluded
from stpolicy.web.service import Service
from tests.web.pages_room import about
from tests.web.plain import settings
from tests.web.raw import PATIENCE, Raw, get
from tests.web.running import Running, running
from tests.web.serving import Site, until_true

GREEDY, OTHER = "127.0.0.9", "127.0.0.2"
READERS = threads.Threads().reads.most


class Mute:
    """A database in which no result is found until it is let."""

    def __init__(self) -> None:
        self.asked: list[Domain] = []
        self.may = threading.Event()

    def newest(self, domain: Domain, *_: object) -> None:
        self.asked.append(domain)
        self.may.wait(10 * PATIENCE)


@pytest.fixture
def mute(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mute]:
    made = Mute()
    monkeypatch.setattr(Ledger, "newest", made.newest)
    monkeypatch.setattr(threads, "LONGEST", 10 * PATIENCE)
    yield made
    made.may.set()


def asks(service: Running, number: int, source: str = GREEDY) -> Raw:
    """A client that asks for a result of a domain of its own."""
    raw = Raw(service.port, source)
    raw.send(get(f"/api/scan?domain=d{number}.example.com"))
    return raw


def test_nothing_is_done_for_clients_who_have_gone(mute: Mute, tmp_path: Path) -> None:
    """But what had begun; whoever comes after them waits for nothing else."""
    with running(settings(tmp_path)) as service:
        with ExitStack() as leaving:
            for number in range(20):
                leaving.enter_context(asks(service, number))
            until_true(lambda: len(mute.asked) == READERS)
        until_true(lambda: not patience.Impatient.connected)
        with asks(service, 99, OTHER) as other:
            assert service.client().get("/api/ping").status_code == 200
            mute.may.set()
            assert other.answer().status == 404
        assert len(mute.asked) == READERS + 1


def test_a_client_that_asks_for_too_much_at_once_is_told_so(mute: Mute, tmp_path: Path) -> None:
    """And holds up nobody else."""
    with running(settings(tmp_path)) as service, ExitStack() as leaving:
        greedy = [leaving.enter_context(asks(service, number)) for number in range(threads.MOST_OF_ONE)]
        until_true(lambda: len(mute.asked) == READERS)
        until_true(lambda: refused(service))
        with asks(service, 99, OTHER) as other:
            mute.may.set()
            assert other.answer().status == 404
        assert {raw.answer().status for raw in greedy} == {404}


def refused(service: Running) -> bool:
    """Whether one more is refused; what it asks for is kept for nobody."""
    with asks(service, 50) as raw:
        raw.socket.settimeout(0.5)
        try:
            found = raw.answer()
        except TimeoutError:
            return False
    assert found.headers["retry-after"] == "10"
    return found.status == 503


class Slowly(Served):
    """A list that takes long to verify, and does not."""

    def __init__(self) -> None:
        self.times, self.may = 0, threading.Event()

    def is_known(self, now: datetime) -> bool:
        return False

    @property
    def pair(self) -> None:
        return None

    def renew(self, now: datetime) -> None:
        self.times += 1
        self.may.wait(10 * PATIENCE)


def test_a_list_is_looked_at_once_also_where_who_asked_first_has_gone(ledger: Ledger, tmp_path: Path) -> None:
    async def main() -> None:
        served, rooms = Slowly(), threads.Threads()
        jobs, excluded = Embedded(ledger, 1), Excluded(None)
        service = Service(settings(tmp_path), ledger, jobs, excluded, served, rooms)
        first = asyncio.create_task(service.pair())
        while not served.times:
            await asyncio.sleep(0)
        first.cancel()
        second = asyncio.create_task(service.pair())
        await asyncio.gather(first, service.threads.steady.run(int), return_exceptions=True)
        assert served.times == 1
        served.may.set()
        assert await second is None
        for room in rooms.rooms:
            room.close()

    asyncio.run(main())


@pytest.mark.parametrize("path", ["/domain/example.com", "/scan/{id}"])
def test_a_page_of_a_result_is_asked_for_once(site: Site, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """Who had to wait twice would keep all of it meanwhile."""
    asked: list[str] = []
    submit = daemons.Daemons.submit

    def counted(pool: Any, *call: Any, **named: Any) -> Any:
        asked.append(pool._name)
        return submit(pool, *call, **named)

    done = site.done("example.com", json.dumps(scan_object(about("example.com"))))
    monkeypatch.setattr(daemons.Daemons, "submit", counted)
    assert site.http.get(path.format(id=done.id)).status_code == 200
    assert asked.count("stpolicy-pages") == 1


def test_a_request_under_way_at_the_end_is_told_so(
    mute: Mute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is no fault of ours, and the log has none."""
    monkeypatch.setattr(server, "_GRACE", 0)
    monkeypatch.setattr(daemons, "LAST", 0.1)
    with ExitStack() as leaving:
        with running(settings(tmp_path)) as service:
            waiting = leaving.enter_context(asks(service, 1))
            until_true(lambda: len(mute.asked) == 1)
        found = waiting.answer()
    assert found.status == 503
    assert found.headers["retry-after"]
    assert "ends" in json.loads(found.body)["message"]
    assert not [one for one in caplog.records if one.exc_info and one.levelno >= logging.WARNING]
