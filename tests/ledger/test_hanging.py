"""A PostgreSQL that hangs: every call has an end, and a process too. Who listens is not disturbed."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from stpolicy.errors import Unavailable
from stpolicy.ledger import Ledger, address, hurried
from stpolicy.ledger.engine import opened
from stpolicy.ledger.hurried import HurriedAsync
from stpolicy.ledger.queue import Queue
from stpolicy.model.names import Domain
from tests.databases import ENOUGH, PostgreSql
from tests.lists import NOW
from tests.web.serving import process, until_true


@pytest.fixture
def common(shared: str) -> Iterator[Ledger]:
    """A ledger whose first connection is there already."""
    found = Ledger(address(shared))
    assert found.is_current
    yield found
    found.close()


@contextmanager
def locked(url: str, table: str = "scans") -> Iterator[None]:
    """Nobody else gets at a table meanwhile."""
    with psycopg.connect(url.replace("+psycopg", "")) as other:
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        yield
        other.rollback()


@contextmanager
def stopped(server: PostgreSql) -> Iterator[None]:
    """The server takes connections and questions, and answers none."""
    assert server.process
    found = subprocess.run(
        ["pgrep", "-P", f"{server.process.pid}"], capture_output=True, check=True, text=True
    )
    all_of_it = [server.process.pid, *map(int, found.stdout.split())]
    for one in all_of_it:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in all_of_it:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGCONT)


def test_who_waits_for_a_lock_is_told(common: Ledger, shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the server, long before the connection is given up."""
    monkeypatch.setattr(hurried, "ANSWER", 10 * ENOUGH)
    with locked(shared):
        with pytest.raises(Unavailable, match="lock timeout"):
            common.active(Domain("one.org"))
        with pytest.raises(Unavailable, match="lock timeout"):
            common.submit(Domain("one.org"), "one", NOW, most=1)
    assert common.submit(Domain("one.org"), "one", NOW, most=1)[1]


def test_a_server_that_is_stopped_is_given_up(
    common: Ledger, postgresql: PostgreSql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hurried, "ANSWER", 0.5)
    monkeypatch.setattr(hurried, "CONNECT", 2)
    with stopped(postgresql), pytest.raises(Unavailable):
        common.active(Domain("one.org"))
    assert common.active(Domain("one.org")) is None


async def _never(_: str) -> None:
    await asyncio.Event().wait()


def in_time(work: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(ENOUGH):
            await work()

    asyncio.run(main())


def test_a_queue_that_is_locked_says_so_and_closes(shared: str) -> None:
    async def work() -> None:
        queue = Queue(address(shared))
        await queue.open(_never)
        with locked(shared, "procrastinate_jobs"), pytest.raises(Unavailable):
            await queue.offer("one")
        await queue.offer("one")
        await queue.close()

    in_time(work)


def test_who_asks_is_given_up_and_who_listens_is_not(shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks nothing, so nothing is late."""
    url = shared.replace("+psycopg", "")

    async def work() -> None:
        async with await HurriedAsync.connect(url, autocommit=True) as listening:
            await listening.execute("LISTEN news")
            monkeypatch.setattr(hurried, "ANSWER", -1)
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("NOTIFY news, 'one'")
            said = [notice.payload async for notice in listening.notifies(stop_after=1)]
            assert said == ["one"]
            with pytest.raises(psycopg.OperationalError, match="no answer within"):
                await listening.execute(b"SELECT pg_sleep(%d)" % ENOUGH)
            assert listening.closed

    in_time(work)


def test_settings_of_the_address_count_and_an_upgrade_is_not_hurried(shared: str) -> None:
    ledger = Ledger(address(f"{shared}&options=-c%20lock_timeout%3D1ms"))
    with ledger.reading() as connection:
        found = connection.execute(text("SELECT name, setting FROM pg_settings")).all()
    assert {"lock_timeout": "1", "statement_timeout": "5000"}.items() <= dict(map(tuple, found)).items()
    ledger.close()
    engine = opened(address(shared), hurried=False)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT name, setting FROM pg_settings")).all()
    assert {"lock_timeout": "0", "statement_timeout": "0"}.items() <= dict(map(tuple, found)).items()
    engine.dispose()


def test_an_upgrade_takes_as_long_as_it_takes(
    postgresql: PostgreSql, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(address(postgresql.fresh()))
    with monkeypatch.context() as hasty:
        hasty.setattr(hurried, "ANSWER", -1)
        ledger.upgrade()
        with pytest.raises(Unavailable):
            ledger.active(Domain("one.org"))
    assert ledger.is_current
    ledger.close()


@pytest.mark.parametrize("how", ["locked", "stopped"])
def test_an_idle_worker_ends_beside_a_database_that_hangs(
    shared: str, postgresql: PostgreSql, tmp_path: Path, how: str
) -> None:
    told = ["--worker", "--database", shared, "--resolver", "127.0.0.1:1", "--helo", "c.example.org"]
    hanging = locked(shared) if how == "locked" else stopped(postgresql)
    with process(tmp_path, *told) as worker:
        until_true(lambda: "working on" in worker.said(), worker)
        with hanging:
            if how == "locked":
                until_true(lambda: someone_waits(shared), worker)
            assert worker.end() == 143


def someone_waits(url: str) -> bool:
    """Whether anybody waits for a lock."""
    with psycopg.connect(url.replace("+psycopg", "")) as other:
        return other.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone() is not None
