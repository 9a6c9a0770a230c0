"""A database that takes what it is asked and does not answer: it is said so, and holds up no end."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from tests.web.plain import free_port
from tests.web.raw import Raw, get
from tests.web.serving import process, until_true
from tests.web.test_threads import locked

NOBODY = ("--resolver", "127.0.0.1:1")


def test_what_needs_the_database_is_answered_and_then_the_service_ends(shared: str, tmp_path: Path) -> None:
    """Also while requests and scans wait for it."""
    with (
        process(tmp_path, "--database", shared, *NOBODY, port=free_port()) as site,
        locked(shared, "scans"),
        ThreadPoolExecutor() as pool,
    ):
        asked = [("GET", "/api/scan?domain=a.org"), ("POST", "/api/scan?domain=b.org"), ("GET", "/api/stats")]
        for found in [pool.submit(site.ask, *one) for one in asked]:
            answer = found.result()
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
            assert "database" in answer.json()["message"]
        with Raw(site.port) as last:
            last.send(get(asked[0][1]))
            assert site.ask("GET", "/api/ping").status_code == 200, "so the one before is under way"
            assert site.end() == 143
            assert last.answer().status == 503
        assert "Traceback" not in site.said()


def test_a_worker_ends(shared: str, tmp_path: Path) -> None:
    """Nobody asks it for anything; it looks for scans by itself."""
    with process(tmp_path, "--worker", "--database", shared, *NOBODY) as worker:
        until_true(lambda: "working on" in worker.said(), worker)
        with locked(shared, "scans"), psycopg.connect(shared.replace("+psycopg", "")) as other:
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            until_true(lambda: other.execute(waiting).fetchone() != (0,), worker)
            assert worker.end() == 128 + signal.SIGTERM
        assert "Traceback" not in worker.said()
