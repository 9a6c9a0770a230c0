"""Scans of many domains, and scans that are followed: POST /api/scans, GET /api/scans/{id}/events."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from stpolicy.model.scanned import Part, Scan
from tests.minternet.row import ZONE
from tests.web.serving import Site
from tests.web.test_scan_api import enveloped, refused

LATER = {"Prefer": "respond-async"}


def test_each_of_many_is_answered_by_itself(site: Site) -> None:
    site.done("fresh.org")
    site.done("bad.org", status=2)
    asked = ["new.org", "fresh.org", "bad.org", "a b", "NEW.org", "new.org", ""]
    answers = enveloped(site.http.post("/api/scans", json={"domains": asked}), 202)["response"]["scans"]
    assert [(one["asked"], one["status_code"]) for one in answers] == [
        ("new.org", 202),
        ("fresh.org", 200),
        ("bad.org", 200),
        ("a b", 400),
        ("NEW.org", 202),
        ("", 400),
    ]
    by_name = {one["asked"]: one["scan"] for one in answers}
    assert by_name["new.org"]["id"] == by_name["NEW.org"]["id"]
    assert (by_name["a b"], by_name[""]) == (None, None)
    assert len(site.ledger.unfinished(10)) == 1
    again = site.http.post("/api/scans", json={"domains": ["new.org"]}).json()["response"]["scans"]
    assert again[0]["scan"]["id"] == by_name["new.org"]["id"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"domains": []},
        {"domains": "one.org"},
        {"domains": [1]},
        {"domains": [None]},
        {"domains": {"a": 1}},
        {"domains": [f"d{number}.org" for number in range(101)]},
        [],
    ],
)
def test_what_names_no_domains_or_too_many_is_400(site: Site, body: Any) -> None:
    refused(site.http.post("/api/scans", json=body), 400)
    assert not any(site.ledger.counts().values())


def test_a_hundred_are_taken(site: Site) -> None:
    names = [f"d{number}.org" for number in range(100)]
    answers = enveloped(site.http.post("/api/scans", json={"domains": names}), 202)["response"]["scans"]
    assert {one["status_code"] for one in answers} == {202}
    assert len({one["scan"]["id"] for one in answers}) == 100


@contextmanager
def followed(client: httpx.Client, path: str) -> Iterator["Iterator[tuple[str, dict[str, Any]]]"]:
    """The events of a scan as they come: what happened, and the scan."""
    with client.stream("GET", path) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"

        def events() -> Iterator[tuple[str, dict[str, Any]]]:
            kind = ""
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    yield kind, json.loads(value)

        yield events()


def begun(site: Site, name: str) -> Scan:
    id_ = site.http.post(f"/api/scan?domain={name}", headers=LATER).json()["response"]["id"]
    scan = site.ledger.take(id_, site.clock())
    assert scan
    return scan


def test_a_scan_is_followed_to_its_end(site: Site) -> None:
    scan = begun(site, "one.org")
    with followed(site.http, f"/api/scans/{scan.id}/events") as events:
        kind, job = next(events)
        assert (kind, job["state"], job["progress"]) == ("progress", "running", {})
        site.ledger.note(scan, {"mx.one.org": Part.LOOKING})
        kind, job = next(events)
        assert (kind, job["progress"]) == ("progress", {"mx.one.org": "looking"})
        site.ledger.fail(scan, "it took too long", site.clock())
        kind, job = next(events)
        assert (kind, job["state"], job["message"]) == ("over", "failed", "it took too long")
        assert list(events) == []


def test_a_scan_that_is_over_is_told_at_once(site: Site) -> None:
    scan = site.done("one.org")
    with followed(site.http, f"/api/scans/{scan.id}/events") as events:
        assert [(kind, job["state"]) for kind, job in events] == [("over", "done")]


def test_the_hosts_of_a_domain_are_seen_one_after_the_other(live: httpx.Client) -> None:
    """From the mini-internet: which hosts there are is known before they have been looked at."""
    name = f"dead-backup.{ZONE}"
    job = enveloped(live.post(f"/api/scan?domain={name}", headers=LATER), 202)["response"]
    seen = []
    with followed(live, f"{job['href']}/events") as events:
        for kind, told in events:
            assert "scan" not in told
            seen.append((kind, told["progress"]))
    assert seen[-1] == ("over", {f"mx.{name}": "seen", f"backup.{name}": "seen", "MTA-STS": "seen"})
    assert ("progress", {f"mx.{name}": "seen", f"backup.{name}": "looking", "MTA-STS": "seen"}) in seen
