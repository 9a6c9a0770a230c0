"""None of the defects of the old service happens here: D3, D12, D14 and D15, each with its test.

D12 has its tests where the list is: test_lists.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stpolicy.ledger import Ledger
from stpolicy.model.scanned import State
from stpolicy.web.settings import Settings
from tests.web.plain import Clock, settings
from tests.web.serving import Site, asking, until_true
from tests.web.test_scan_api import enveloped, refused

LATER = {"Prefer": "respond-async"}


def result_of(site: Site, name: str) -> object:
    return enveloped(site.http.get("/api/scan", params={"domain": name}), 200)["response"]


def test_d3_the_newest_result_is_of_exactly_the_domain_that_was_asked_for(site: Site) -> None:
    """D3: the newest scan of all domains could be the answer, and decide about another domain.

    Here many scans end in one second, of domains that begin or end alike.
    """
    names = ("one.org", "sub.one.org", "one.org.uk", "xone.org", "one.or", "on-e.org", "one-org.org")
    for turn in range(3):
        for name in names:
            site.done(name, f'"{name} {turn}"')
    for name in names:
        assert result_of(site, name) == f"{name} 2"
        assert result_of(site, f"{name.upper()}.") == f"{name} 2"
        fresh = site.http.post("/api/scan", params={"domain": name})
        assert enveloped(fresh, 200)["response"] == f"{name} 2"
    for name in ("org.uk", "e.org", "sub.sub.one.org", "one.o_g", "%.org", "ne.org"):
        assert site.http.get("/api/scan", params={"domain": name}).status_code in {400, 404}


def test_d3_an_older_scan_that_ends_later_is_not_the_newest(site: Site) -> None:
    """What counts is when a scan was asked for; its number says so, and no clock does."""
    site.done("one.org", '"first"')
    site.clock.pass_by(minutes=-5)  # a clock that is set back
    site.done("one.org", '"second"')
    assert result_of(site, "one.org") == "second"


def test_d14_nobody_has_to_wait_inside_a_request(site: Site) -> None:
    """D14: a scan was only ever the answer to its own request; it had no id, and no list of domains."""
    job = enveloped(site.http.post("/api/scan?domain=one.org", headers=LATER), 202)["response"]
    many = site.http.post("/api/scans", json={"domains": ["one.org", "two.org"]})
    scans = enveloped(many, 202)["response"]["scans"]
    assert scans[0]["scan"]["id"] == job["id"]
    for one in scans:
        assert enveloped(site.http.get(one["scan"]["href"]), 200)["response"]["state"] == "queued"


@pytest.fixture
def strict(database: str, tmp_path: Path) -> Settings:
    return settings(tmp_path, database=database, limit="2/hour")


def test_d14_reading_is_never_limited(strict: Settings, ledger: Ledger) -> None:
    """D14: ten requests a minute over all endpoints, counted in the memory of one process."""
    with asking(strict, Clock()) as client:
        for number in range(2):
            enveloped(client.post(f"/api/scan?domain=d{number}.org", headers=LATER), 202)
        assert "2" in refused(client.post("/api/scan?domain=d2.org", headers=LATER), 429)
        for _ in range(50):
            enveloped(client.get("/api/ping"), 200)
            refused(client.get("/api/scan?domain=d0.org"), 404)
            enveloped(client.get("/api/stats"), 200)
            enveloped(client.post("/api/scan?domain=d0.org", headers=LATER), 202)
    with asking(strict, Clock()) as client:  # another process counts on
        assert client.post("/api/scan?domain=d2.org", headers=LATER).status_code == 429


def test_d14_many_who_wait_hold_up_nobody(site: Site) -> None:
    with ThreadPoolExecutor(30) as pool:
        asked = [f"/api/scan?domain=d{number}.org" for number in range(30)]
        waiting = [pool.submit(site.http.post, path) for path in asked]
        until_true(lambda: len(site.ledger.unfinished(50)) == 30)
        enveloped(site.http.get("/api/ping"), 200)
        for number in range(30):
            site.done(f"d{number}.org", f'"{number}"')
        answers = [enveloped(one.result(), 200)["response"] for one in waiting]
    assert answers == [str(number) for number in range(30)]


def test_d15_who_does_not_want_to_be_looked_at_is_403_with_a_sentence(
    database: str, ledger: Ledger, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """D15: an opt-out was 429 and an empty message."""
    folder = tmp_path_factory.mktemp("no-scan")
    (folder / "exclude").write_text("no.org  # by mail\nBÜCHER.org\n")
    with asking(settings(folder, database=database, exclude=folder / "exclude"), Clock()) as client:
        for name in ("no.org", "NO.org.", "mail.no.org", "a.b.no.org", "bücher.org", "xn--bcher-kva.org"):
            said = refused(client.post("/api/scan", json={"domain": name}), 403)
            assert "asked not to be looked at" in said
        many = client.post("/api/scans", json={"domains": ["no.org", "yes.org"]}).json()["response"]["scans"]
        assert [(one["status_code"], one["scan"] is None) for one in many] == [(403, True), (202, False)]
        for name in ("xno.org", "org.no", "no.org.uk"):
            enveloped(client.post("/api/scan", json={"domain": name}, headers=LATER), 202)
    counts = ledger.counts()
    assert (counts[State.QUEUED], sum(counts.values())) == (4, 4)


def test_d15_an_unknown_domain_is_404_with_a_sentence_and_no_sql(site: Site) -> None:
    """D15: it was the text of an SQL error."""
    for name in ("one.org", "robert-drop-table.org"):
        said = refused(site.http.get("/api/scan", params={"domain": name}), 404)
        assert said == f"{name} has not been looked at yet; POST asks for it"
    said = refused(site.http.get("/api/scan", params={"domain": "a'; DROP TABLE scans; --"}), 400)
    assert "sql" not in said.lower()
