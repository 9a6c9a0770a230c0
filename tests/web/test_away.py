"""What `stpolicy serve` says while its database is away, and that all goes on once it is back."""

import resource
import sqlite3
import time
from pathlib import Path

from tests.databases import PostgreSql
from tests.web.plain import free_port
from tests.web.serving import Process, process, until_true
from tests.web.test_running import LATER, NO_LOOK


def down(site: Process, path: str, method: str = "GET") -> bool:
    """Whether it is said that the database is away."""
    answer = site.ask(method, path)
    if answer.status_code != 503:
        return False
    if path.startswith("/api/"):
        found = answer.json()
        assert (found["status_code"], found["response"]) == (503, {})
        assert "database" in found["message"]
        assert answer.headers["retry-after"]
    return True


ASKING = (
    ("GET", "/api/scan?domain=one.org"),
    ("POST", "/api/scan?domain=one.org"),
    ("POST", "/api/scan?domain=new.org"),
    ("GET", "/api/scans/AAAAAAAAAAAAAAAAAAAAAA"),
    ("GET", "/api/stats"),
    ("GET", "/healthz"),
)


def test_while_postgresql_is_away_that_is_said_and_then_all_goes_on(
    postgresql: PostgreSql, shared: str, tmp_path: Path
) -> None:
    """No answer is wrong or empty; scans that were asked for before are looked at after."""
    told = ["--database", shared, "--resolver", "127.0.0.1:1"]
    with (
        process(tmp_path, *told, "--scans", "0", port=free_port()) as site,
        process(tmp_path, "--worker", *told) as worker,
    ):
        assert site.ask("POST", "/api/scan?domain=one.org").status_code == 200
        try:
            postgresql.stop()
            for method, path in ASKING:
                until_true(lambda: down(site, path, method), site)  # noqa: B023
            assert site.ask("GET", "/api/ping").status_code == 200
            assert "stpolicy_database_up 0.0" in site.ask("GET", "/metrics").text
            time.sleep(2)
            assert worker.process.poll() is None
        finally:
            postgresql.start()
        until_true(lambda: site.ask("GET", "/healthz").status_code == 200, site)
        assert site.ask("GET", "/api/scan?domain=one.org").status_code == 200
        answer = site.ask("POST", "/api/scan?domain=new.org")
        assert answer.status_code == 200, worker.said()
        assert worker.end() == 143
        assert site.end() == 143


def test_while_a_disk_is_full_that_is_said_and_then_all_goes_on(tmp_path: Path) -> None:
    """A limit to the size of files is as a full disk to SQLite."""
    url = f"sqlite:///{tmp_path / 'scans.db'}"
    with process(tmp_path, "--database", url, *NO_LOOK, port=free_port()) as site:
        first = site.ask("POST", "/api/scan?domain=one.org", headers=LATER).json()["response"]
        limit(site.id, 1)
        for _ in range(3):
            assert down(site, "/api/scan?domain=new.org", "POST"), site.said()
        assert site.ask("GET", first["href"]).json()["response"]["state"] == "queued"
        limit(site.id, None)
        assert site.ask("POST", "/api/scan?domain=new.org", headers=LATER).status_code == 202
        assert site.end() == 143


def limit(process_id: int, size: int | None) -> None:
    """Lets no file of a process grow, or lets them."""
    hard = resource.prlimit(process_id, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(process_id, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))


def test_while_a_file_is_locked_that_is_said_and_then_all_goes_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'scans.db'}?timeout=0.2"
    with process(tmp_path, "--database", url, *NO_LOOK, port=free_port()) as site:
        with sqlite3.connect(tmp_path / "scans.db") as other:
            other.execute("BEGIN IMMEDIATE")
            assert down(site, "/api/scan?domain=one.org", "POST"), site.said()
            assert site.ask("GET", "/api/scan?domain=one.org").status_code == 404  # reading goes on
            other.rollback()
        other.close()
        assert site.ask("POST", "/api/scan?domain=one.org", headers=LATER).status_code == 202
