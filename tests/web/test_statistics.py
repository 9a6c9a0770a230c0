"""What scans came to: which days are counted, and how often that is read."""

from pathlib import Path

import httpx
import psycopg

from tests.web.plain import settings
from tests.web.raw import get
from tests.web.running import running
from tests.web.serving import Site, until_true
from tests.web.test_threads import flood, locked


def days(answer: httpx.Response) -> list[str]:
    return [one["day"] for one in answer.json()["response"]["days"]]


def test_ninety_days_are_counted_and_no_other(site: Site) -> None:
    """Today is the ninetieth; what a clock that is ahead has counted, comes when its day has come."""
    site.done("eldest.org")
    site.clock.pass_by(days=1)
    site.done("oldest.org")
    site.clock.pass_by(days=90)
    site.done("tomorrow.org")
    site.clock.pass_by(days=-1)
    site.done("today.org")
    found = site.http.get("/api/stats")
    assert days(found) == ["2026-11-02", "2027-01-30"]
    assert found.json()["response"]["adoption"]["domains"] == 4
    page = site.http.get("/statistics").text
    assert "2026-11-02 to 2027-01-30" in page


def test_one_reading_answers_for_a_minute(site: Site) -> None:
    """Whoever asks, and however; a cache is told how long it is still good."""
    both = ("/api/stats", "/statistics")
    site.done("one.org")
    assert [site.http.get(path).headers["cache-control"] for path in both] == ["public, max-age=60"] * 2
    site.clock.pass_by(seconds=59)
    site.done("two.org")
    assert adopted(site) == 1
    assert [site.http.get(path).headers["cache-control"] for path in both] == ["public, max-age=1"] * 2
    site.clock.pass_by(seconds=1)
    assert adopted(site) == 2


def adopted(site: Site) -> int:
    found = site.http.get("/api/stats").json()["response"]["adoption"]["domains"]
    assert f"Of {found} domain" in site.http.get("/statistics").text
    return int(found)


def test_many_who_ask_at_once_ask_the_database_once(shared: str, tmp_path: Path) -> None:
    with (
        running(settings(tmp_path, database=shared)) as service,
        locked(shared, "tallies") as let_go,
        flood(service, lambda _: get("/api/stats")) as asking,
    ):
        until_true(lambda: questions(shared) > 0)
        assert service.client().get("/api/ping").status_code == 200
        assert questions(shared) == 1
        let_go()
        assert {raw.answer().status for raw in asking} == {200}


def questions(url: str) -> int:
    """How many wait for a lock of the database."""
    with psycopg.connect(url.replace("+psycopg", "")) as looking:
        found = looking.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
    assert found
    return int(found[0])
