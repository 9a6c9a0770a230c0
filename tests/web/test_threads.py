"""What blocks holds up its own kind only: a locked database, a flood of pages, a flood of new scans."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from starlette.responses import Response

from stpolicy.ledger import Ledger, address, engine
from stpolicy.model.names import Domain
from stpolicy.model.scanned import State
from stpolicy.web import pages, patience, threads
from stpolicy.web.threads import Threads
from tests.web.plain import settings
from tests.web.raw import PATIENCE, Raw, get, post
from tests.web.running import Running, ask, running
from tests.web.serving import until_true

WITHOUT = ("/", "/about", "/rule", "/rule/mx.null", "/list", "/api", "/api/ping", "/openapi.json")
"""What needs no database."""
MANY = 40


@contextmanager
def flood(service: Running, request: Callable[[int], bytes]) -> Iterator[list[Raw]]:
    """Many requests, each on a connection of its own, from several clients; none has been answered."""
    with ExitStack() as leaving:
        asking = [leaving.enter_context(Raw(service.port, f"127.0.2.{n % 4 + 1}")) for n in range(MANY)]
        until_true(lambda: sum(patience.Impatient.connected.values()) >= MANY)
        for number, raw in enumerate(asking):
            raw.send(request(number))
        yield asking


@pytest.fixture(autouse=True)
def nothing_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here it is told who waits for whom; a slow machine must not give up before."""
    monkeypatch.setattr(threads, "LONGEST", 10 * PATIENCE)


def wanted(number: int) -> bytes:
    """A new scan."""
    return post(b"", path=f"/api/scan?domain=d{number}.example.com")


def serves_without(service: Running) -> None:
    for path in WITHOUT:
        assert service.client().get(path).status_code == 200, path


@contextmanager
def locked(url: str, table: str) -> Iterator[Callable[[], None]]:
    """A table of PostgreSQL that somebody has for himself, until he lets go."""
    with psycopg.connect(url.replace("+psycopg", "")) as other:
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield other.rollback


def test_a_locked_file_holds_up_nothing_that_does_not_write(tmp_path: Path) -> None:
    path = tmp_path / "scans.db"
    long = settings(tmp_path, database=f"sqlite:///{path}?timeout={10 * PATIENCE}", limit="1000/hour")
    with running(long) as service:
        assert ask(service.client(), "known.example.com").status_code == 202
        service.finished("known.example.com", 0)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with flood(service, wanted) as asking:
                serves_without(service)
                assert service.client().get("/healthz").status_code == 200
                assert service.client().get("/api/scan?domain=known.example.com").status_code == 200
                assert service.client().get("/statistics").status_code == 200
                other.execute("ROLLBACK")
                assert {raw.answer().status for raw in asking} == {202}


def test_a_database_that_hangs_holds_up_nothing_that_does_not_need_it(shared: str, tmp_path: Path) -> None:
    with (
        running(settings(tmp_path, database=shared)) as service,
        locked(shared, "scans") as let_go,
        flood(service, lambda n: get(f"/api/scan?domain=d{n}.example.com")) as reading,
        flood(service, lambda _: get("/healthz")),
    ):
        serves_without(service)
        let_go()
        assert {raw.answer().status for raw in reading} == {404}


def test_a_database_that_hangs_does_not_answer(shared: str, tmp_path: Path) -> None:
    """Whoever watches over the service is told so in good time."""
    with running(settings(tmp_path, database=shared)) as service, locked(shared, "scans") as let_go:
        found = service.client().get("/healthz")
        assert (found.status_code, found.json()["database"]) == (503, "does not answer")
        assert "stpolicy_database_up 0.0" in service.client().get("/metrics").text
        let_go()
        until_true(lambda: service.client().get("/healthz").status_code == 200)


def test_a_flood_of_new_scans_holds_up_neither_scans_nor_health(shared: str, tmp_path: Path) -> None:
    """They wait for a table that only limits need."""
    wanted_here = settings(tmp_path, database=shared, at_once=2)
    with (
        running(wanted_here) as service,
        service.ledger() as ledger,
        locked(shared, "hits") as let_go,
        flood(service, wanted) as asking,
    ):
        finishes(ledger, service)
        assert service.client().get("/healthz").status_code == 200
        let_go()
        assert {raw.answer().status for raw in asking} <= {200, 202, 503}  # a result; or it took too long


def test_a_flood_of_slow_pages_holds_up_neither_scans_nor_health(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = threading.Event()

    def slowly(*_: object, **__: object) -> Response:
        made.wait(10 * PATIENCE)
        return Response()

    monkeypatch.setattr(pages, "page", slowly)
    with (
        running(settings(tmp_path, at_once=2)) as service,
        service.ledger() as ledger,
        flood(service, lambda _: get("/about")) as asking,
    ):
        finishes(ledger, service)
        assert service.client().get("/healthz").status_code == 200
        assert service.client().get("/api/scan?domain=other.example.com").status_code == 404
        made.set()
        assert {raw.answer().status for raw in asking} == {200}


def finishes(ledger: Ledger, service: Running) -> None:
    """Whether a scan is run to its end; its resolver is not there."""
    id_ = "x" * 22
    ledger.submit(Domain("example.com"), id_, service.clock(), most=10)
    until_true(lambda: ledger.watched([id_])[0].state is State.DONE)


def ours() -> list[str]:
    """The threads of a service, by name."""
    return [one.name for one in threading.enumerate() if one.name.startswith("stpolicy-")]


def test_all_threads_end_with_the_service(tmp_path: Path) -> None:
    """Those that wait for a lock too, once they have waited long enough."""
    path = tmp_path / "scans.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        with ExitStack() as leaving:
            service = leaving.enter_context(
                running(settings(tmp_path, database=f"sqlite:///{path}?timeout=0.2", at_once=2))
            )
            serves_without(service)
            other.execute("BEGIN EXCLUSIVE")
            leaving.enter_context(flood(service, wanted))
            until_true(
                lambda: any(thread.name.startswith("stpolicy-asks") for thread in threading.enumerate())
            )
        until_true(lambda: ours() == [])
        other.execute("ROLLBACK")


def test_each_thread_has_a_connection(tmp_path: Path) -> None:
    """Else who waits for one would wait for those that have them, whoever they are."""
    assert Threads().connections <= engine.MOST
    ledger = Ledger(address(f"sqlite:///{tmp_path / 'scans.db'}"))
    with closing(ledger), ExitStack() as open_ones:
        for _ in range(engine.MOST):
            open_ones.enter_context(ledger.reading())
