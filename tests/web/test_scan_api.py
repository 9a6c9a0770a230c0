"""POST and GET /api/scan, in the mini-internet and without any network: what each question is answered."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from stpolicy.model.names import Domain
from stpolicy.model.scanned import State
from stpolicy.web import api
from tests.minternet.personalities import ROWS
from tests.minternet.row import ZONE
from tests.web.serving import Site, until_true

PLAIN = f"plain.{ZONE}"
BUCHER, BUECHER = f"xn--bcher-kva.{ZONE}", f"bücher.{ZONE}"


def enveloped(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The envelope of an answer, which says the same as its status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    assert set(found) == {"status_code", "message", "response"}
    assert found["status_code"] == status
    assert isinstance(found["message"], str)
    return found


def refused(answer: httpx.Response, status: int) -> str:
    """The sentence of a refusal."""
    found = enveloped(answer, status)
    assert found["response"] == {}
    assert len(found["message"].split()) > 2
    return str(found["message"])


def test_a_new_scan_is_waited_for_and_answered(live: httpx.Client) -> None:
    found = enveloped(live.post("/api/scan", json={"domain": PLAIN}), 200)["response"]
    assert set(found) == {"domain", "scandata", "timestamp", "version"}
    assert found["domain"] == found["scandata"]["domain"] == PLAIN
    assert found["version"] == 2
    row = next(row for row in ROWS if row.domain == PLAIN)
    assert found["scandata"]["status"] == row.status
    assert {finding["code"] for finding in found["scandata"]["findings"]} == row.codes
    again = enveloped(live.get("/api/scan", params={"domain": PLAIN}), 200)
    assert again["response"] == found


@pytest.mark.parametrize(
    "how",
    [
        {"json": {"domain": BUECHER}},
        {"json": {"domain": BUCHER.upper() + "."}},
        {"data": {"domain": BUECHER}},
        {"data": {"domain": BUCHER}},
        {"params": {"domain": BUECHER}},
        {"params": {"domain": f" {BUCHER} "}},
        {"files": {"domain": (None, BUECHER)}},
    ],
    ids=lambda how: next(iter(how)),
)
def test_a_domain_is_named_in_each_way(live: httpx.Client, how: dict[str, Any]) -> None:
    """As JSON, as a form of either kind, in the query; all of them the same scan."""
    found = enveloped(live.post("/api/scan", **how), 200)["response"]
    assert found["domain"] == BUCHER
    got = live.get("/api/scan", params={"domain": BUECHER})
    assert enveloped(got, 200)["response"] == found


def test_a_fresh_result_is_answered_without_another_look(site: Site) -> None:
    site.done("one.org", '{"first": true}')
    site.clock.pass_by(minutes=9)
    assert enveloped(site.http.post("/api/scan?domain=one.org"), 200)["response"] == {"first": True}
    site.clock.pass_by(minutes=2)
    old = site.http.post("/api/scan?domain=one.org", headers={"Prefer": "respond-async"})
    assert enveloped(old, 202)["response"]["state"] == "queued"
    got = site.http.get("/api/scan?domain=one.org")
    assert enveloped(got, 200)["response"] == {"first": True}, "the newest there is, until there is a newer"


def test_a_bad_result_is_fresh_for_a_shorter_time(site: Site) -> None:
    site.done("one.org", status=2)
    site.clock.pass_by(seconds=59)
    enveloped(site.http.post("/api/scan?domain=one.org"), 200)
    site.clock.pass_by(seconds=2)
    enveloped(site.http.post("/api/scan?domain=one.org", headers={"Prefer": "respond-async"}), 202)


@pytest.mark.parametrize("prefer", ["respond-async", "wait=5, Respond-Async", "respond-async; foo=bar"])
def test_who_does_not_wait_gets_a_place_to_ask_at(site: Site, prefer: str) -> None:
    answer = site.http.post("/api/scan", json={"domain": "one.org"}, headers={"Prefer": prefer})
    job = enveloped(answer, 202)["response"]
    assert (job["domain"], job["state"], job["progress"]) == ("one.org", "queued", {})
    assert answer.headers["location"] == job["href"] == f"/api/scans/{job['id']}"
    there = enveloped(site.http.get(job["href"]), 200)["response"]
    assert there == {**job, "scan": None}
    site.done("one.org", '{"a": 1}')
    over = enveloped(site.http.get(job["href"]), 200)["response"]
    assert (over["state"], over["status"], over["scan"]) == ("done", 0, {"a": 1})


def test_after_a_minute_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert api.WAIT == 60
    monkeypatch.setattr(api, "WAIT", 0.2)
    answer = site.http.post("/api/scan", json={"domain": "one.org"})
    assert answer.headers["location"] == enveloped(answer, 202)["response"]["href"]


def test_a_result_that_comes_while_somebody_waits_is_the_answer(site: Site) -> None:
    """Though another process has found it."""
    with ThreadPoolExecutor() as pool:
        asking = [pool.submit(site.http.post, "/api/scan?domain=one.org") for _ in range(4)]
        until_true(lambda: bool(site.ledger.unfinished(10)))
        site.done("one.org", '{"a": 1}')
        answers = [enveloped(one.result(), 200)["response"] for one in asking]
    assert answers == [{"a": 1}] * 4
    counts = site.ledger.counts()
    assert sum(counts.values()) == counts[State.DONE] == 1


def test_what_was_answered_is_the_newest_result_at_once(site: Site) -> None:
    """GET keeps answers for a second; never one that is older than what the client has seen."""
    refused(site.http.get("/api/scan?domain=one.org"), 404)
    site.done("one.org", '{"a": 1}')
    enveloped(site.http.post("/api/scan?domain=one.org"), 200)
    assert enveloped(site.http.get("/api/scan?domain=one.org"), 200)["response"] == {"a": 1}


def test_a_scan_that_was_given_up_says_why(site: Site) -> None:
    answer = site.http.post("/api/scan?domain=one.org", headers={"Prefer": "respond-async"})
    id_ = answer.json()["response"]["id"]
    begun = site.ledger.take(id_, site.clock())
    assert begun
    site.ledger.fail(begun, "this scan has ended its worker 3 times", site.clock())
    again = site.http.post("/api/scan?domain=one.org")
    assert "3 times" in refused(again, 503)
    assert again.headers["retry-after"] == "60"
    there = enveloped(site.http.get(f"/api/scans/{id_}"), 200)["response"]
    assert (there["state"], there["scan"]) == ("failed", None)
    refused(site.http.get("/api/scan?domain=one.org"), 404)


@pytest.mark.parametrize(
    ("method", "how"),
    [
        ("POST", {}),
        ("POST", {"json": {}}),
        ("POST", {"json": {"domain": ""}}),
        ("POST", {"json": {"domain": None}}),
        ("POST", {"json": {"domain": ["one.org"]}}),
        ("POST", {"json": {"Domain": "one.org"}}),
        ("POST", {"json": []}),
        ("POST", {"content": "{", "headers": {"Content-Type": "application/json"}}),
        ("POST", {"content": b"\xff", "headers": {"Content-Type": "application/json"}}),
        ("POST", {"content": "[" * 50000, "headers": {"Content-Type": "application/json"}}),
        ("POST", {"data": {"domain": ""}}),
        ("POST", {"data": {"other": "one.org"}}),
        ("POST", {"params": {"domain": "a b"}}),
        ("POST", {"params": {"domain": "localhost"}}),
        ("POST", {"params": {"domain": "192.0.2.1"}}),
        ("POST", {"params": {"domain": "one.org/../b"}}),
        ("POST", {"params": {"domain": "x" * 5000}}),
        ("POST", {"params": {"domain": "a\0.example"}}),
        ("GET", {}),
        ("GET", {"params": {"domain": ""}}),
        ("GET", {"params": {"domain": "a b"}}),
        ("GET", {"params": {"domain": ["one.org", "two.org"]}}),
        ("POST", {"params": {"domain": ["one.org", "one.org"]}}),
        ("POST", {"params": {"domain": ["one.org", "two.org"]}, "json": {"domain": "one.org"}}),
    ],
)
def test_no_domain_is_400_and_a_sentence(site: Site, method: str, how: dict[str, Any]) -> None:
    refused(site.http.request(method, "/api/scan", **how), 400)
    assert not any(site.ledger.counts().values())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("GET", "/api/", 404),
        ("GET", "/api/scans/short", 404),
        ("GET", "/api/scans/AAAAAAAAAAAAAAAAAAAAAA", 404),
        ("GET", "/api/scans/AAAAAAAAAAAAAAAAAAAAAA/events", 404),
        ("GET", "/api/policy/one.org", 404),
        ("GET", "/api/policy/a%20b", 400),
        ("PUT", "/api/scan", 405),
        ("DELETE", "/api/ping", 405),
        ("GET", "/api/scans", 405),
        ("POST", "/api/stats", 405),
    ],
)
def test_every_error_is_in_the_envelope(site: Site, method: str, path: str, status: int) -> None:
    refused(site.http.request(method, path), status)


def test_another_kind_of_body_is_refused(site: Site) -> None:
    refused(site.http.post("/api/scan", content="one.org", headers={"Content-Type": "text/plain"}), 415)


def test_our_own_faults_are_in_the_envelope(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_here: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(api, "statistics", broken)
    assert "secret" not in refused(site.http.get("/api/stats"), 500)


def test_ping(site: Site) -> None:
    found = enveloped(site.http.get("/api/ping"), 200)
    assert (found["message"], found["response"]) == ("pong", {})


@pytest.mark.parametrize(
    "path",
    [
        "/api/ping",
        "/api/stats",
        "/api/scan?domain=one.org",
        "/api/scan?domain=a.b.org",
        "/api/scans/{id}",
        "/api/policy/one.org",
        "/metrics",
        "/healthz",
    ],
)
def test_a_head_is_that_of_the_answer(site: Site, path: str) -> None:
    """RFC 9110 section 9.3.2."""
    path = path.format(id=site.done("one.org").id)
    whole, head = site.http.get(path), site.http.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert head.headers["content-type"] == whole.headers["content-type"]


def test_statistics_stay_when_results_go(site: Site) -> None:
    site.done("one.org", status=0)
    site.done("two.org", status=2)
    before = enveloped(site.http.get("/api/stats"), 200)["response"]
    assert before["days"] == [{"day": "2026-11-01", "statuses": {"success": 1, "failure": 1}}]
    assert before["adoption"] == {"domains": 2, "passing": 1, "mta_sts": 0, "dane": 0}
    site.clock.pass_by(days=1)
    site.ledger.prune(site.clock())
    after = enveloped(site.http.get("/api/stats"), 200)["response"]
    assert after["days"] == before["days"]
    assert site.ledger.newest(Domain("one.org"), State.DONE) is None


@pytest.mark.parametrize(
    ("kind", "status"), [("application/x-www-form-urlencoded", 403), ("application/json", 202)]
)
def test_a_form_of_another_site_asks_for_nothing(site: Site, kind: str, status: int) -> None:
    """It would come from the visitor's address. What is no form, a browser sends only with leave of ours."""
    body = "domain=one.org" if "form" in kind else '{"domain": "one.org"}'
    headers = {"Content-Type": kind, "Sec-Fetch-Site": "cross-site", "Prefer": "respond-async"}
    enveloped(site.http.post("/api/scan", content=body, headers=headers), status)
    assert (site.ledger.active(Domain("one.org")) is not None) == (status == 202)
