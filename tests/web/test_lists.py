"""The list that is served: only a pair that verifies, never a torn one, and never an older one."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from stpolicy.ledger import Ledger, address
from stpolicy.web.settings import Settings
from tests import lists
from tests.personas import People
from tests.web.installed import Installed
from tests.web.plain import Clock, settings
from tests.web.serving import Site, asking
from tests.web.test_scan_api import enveloped, refused

FILES = ("/policy.json", "/policy.json.asc")
EARLIER = lists.NOW - timedelta(hours=2)
ALIASED = {"policy-alias": "big"}
POLICIES: dict[str, Any] = {
    "policy-aliases": {"big": {"mode": "enforce", "mxs": [".big.org"]}},
    "policies": {"one.org": lists.ONE_HOST, "two.org": ALIASED, "xn--bcher-kva.org": ALIASED},
}


@pytest.fixture
def state(people: People, tmp_path: Path) -> Installed:
    return Installed(tmp_path / "state", people.alice)


@pytest.fixture
def wanted(state: Installed, tmp_path: Path) -> Settings:
    return settings(tmp_path, folder=state.folder, who=state.pins)


@pytest.fixture
def listing(wanted: Settings) -> Iterator[Site]:
    """A service of which Alice's list is expected."""
    ledger, clock = Ledger(address(wanted.database)), Clock()
    with asking(wanted, clock) as client:
        yield Site(client, ledger, clock, int(client.base_url.port or 0))
    ledger.close()


def status(site: Site) -> tuple[str, str]:
    """What /healthz says of the list, and of what is wrong with the newest one."""
    found = site.http.get("/healthz").json()
    assert found["status"] == "ok"
    return found["list"], found["fault"]


def test_a_service_that_has_no_list_yet_says_so(wanted: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """Its operator has named signers: they will be surprised if nothing is served."""
    with asking(wanted, Clock()):
        pass
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        f"{wanted.folder} holds no list that verifies; no list is served until there is one"
    ]


def test_both_files_are_those_that_were_signed(listing: Site, state: Installed, people: People) -> None:
    data = state.serve(POLICIES, EARLIER)
    got, signature, keys = (listing.http.get(path) for path in (*FILES, "/trusted.asc"))
    assert got.content == data
    assert signature.content == (state.folder / "current" / "policy.json.asc").read_bytes()
    assert b"-----BEGIN PGP PUBLIC KEY BLOCK-----" in keys.content
    kinds = [answer.headers["content-type"] for answer in (got, signature, keys)]
    assert kinds == ["application/json", "application/pgp-signature", "application/pgp-keys"]
    assert status(listing) == ("ok", "")


@pytest.mark.parametrize("path", [*FILES, "/trusted.asc"])
def test_who_has_a_file_is_told_so(listing: Site, state: Installed, path: str) -> None:
    state.serve(POLICIES, EARLIER)
    first = listing.http.get(path)
    tag, date = first.headers["etag"], first.headers["last-modified"]
    assert first.headers["cache-control"] == "no-cache"
    for known in (
        {"If-None-Match": tag},
        {"If-None-Match": f'"other", W/{tag}'},
        {"If-Modified-Since": date},
    ):
        again = listing.http.get(path, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    for other in (
        {"If-None-Match": '"other"', "If-Modified-Since": date},
        {"If-Modified-Since": "yesterday"},
        {"If-Modified-Since": "Mon, 01 Jan 99999999999 00:00:00 GMT"},
    ):
        assert listing.http.get(path, headers=other).content == first.content
    head = listing.http.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert {**head.headers} == {**first.headers, "date": head.headers["date"]}
    assert listing.http.post(path).status_code == 405


def test_a_new_version_takes_the_place_of_the_old_one_as_a_whole(listing: Site, state: Installed) -> None:
    state.serve(POLICIES, EARLIER)
    before = {path: listing.http.get(path) for path in FILES}
    newer = state.serve(POLICIES, lists.NOW - timedelta(hours=1))
    for path in FILES:
        tag = before[path].headers["etag"]
        answer = listing.http.get(path, headers={"If-None-Match": tag})
        assert answer.status_code == 200
        assert answer.content != before[path].content
        assert answer.headers["etag"] != tag
    assert listing.http.get("/policy.json").content == newer


def bad_pairs(people: People) -> dict[str, tuple[bytes, bytes]]:
    """Pairs of which none may ever be served."""
    good = lists.data(timestamp="2026-11-01T11:00:00Z")
    other = lists.data(timestamp="2026-11-01T11:30:00Z")
    alice, mallory = people.alice, people.mallory
    return {
        "unsigned": (good, b""),
        "empty object": (b"{}", alice.sign(b"{}")),
        "empty file": (b"", alice.sign(b"")),
        "an error page": (b"<html>404 Not Found</html>", b"<html>404 Not Found</html>"),
        "torn": (other, alice.sign(good)),
        "by a stranger": (good, mallory.sign(good)),
        "not a list": (b'{"policies": {}}', alice.sign(b'{"policies": {}}')),
    }


KINDS = ["unsigned", "empty object", "empty file", "an error page", "torn", "by a stranger", "not a list"]


@pytest.mark.parametrize("kind", KINDS)
def test_d12_what_does_not_verify_is_never_served(
    listing: Site, state: Installed, people: People, kind: str
) -> None:
    """D12: the old service loaded a list without signature, status or expiry; `{}` emptied it silently."""
    pair = bad_pairs(people)[kind]
    assert listing.http.get("/policy.json").status_code == 503
    state.put(*pair, EARLIER)
    for path in FILES:
        answer = listing.http.get(path)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
    refused(listing.http.get("/api/policy/one.org"), 503)
    assert status(listing)[0] == "none that verifies"
    good = state.serve(POLICIES, lists.NOW - timedelta(hours=1))
    assert listing.http.get("/policy.json").content == good
    before = {path: listing.http.get(path).content for path in FILES}
    state.put(*pair, lists.NOW)
    assert {path: listing.http.get(path).content for path in FILES} == before
    told, fault = status(listing)
    assert told == "ok"
    assert str(state.folder) in fault


def test_d12_an_expired_list_is_served_and_said_to_be_expired(listing: Site, state: Installed) -> None:
    """Clients judge by its own dates; nobody is told that it is in force."""
    state.serve(POLICIES, lists.NOW - timedelta(days=20), days=14)
    assert listing.http.get("/policy.json").status_code == 200
    assert status(listing)[0] == "expired"
    entry = enveloped(listing.http.get("/api/policy/one.org"), 200)["response"]
    assert entry["expired"] is True


def test_a_list_that_runs_out_while_it_is_served_is_said_to_be_expired(
    listing: Site, state: Installed
) -> None:
    state.serve(POLICIES, EARLIER)
    assert status(listing)[0] == "ok"
    listing.clock.pass_by(days=14)
    assert status(listing)[0] == "expired"


def test_an_older_pair_than_was_ever_installed_is_not_served(listing: Site, state: Installed) -> None:
    newer = state.serve(POLICIES, lists.NOW - timedelta(hours=1))
    assert listing.http.get("/policy.json").content == newer
    mark = (state.folder / "mark").read_bytes()
    state.serve(POLICIES, EARLIER)
    (state.folder / "mark").write_bytes(mark)
    listing.clock.pass_by(minutes=1)
    assert listing.http.get("/policy.json").content == newer


def test_what_this_machine_could_not_look_at_is_looked_at_again(
    listing: Site, state: Installed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """gpgv that does not start says nothing about a list."""
    data = state.serve(POLICIES, EARLIER)
    with monkeypatch.context() as without:
        without.setenv("PATH", str(tmp_path / "empty"))
        assert listing.http.get("/policy.json").status_code == 503
        assert status(listing)[0] == "none that verifies"
    listing.clock.pass_by(seconds=31)
    assert listing.http.get("/policy.json").content == data


def test_an_entry_is_answered_with_its_alias_resolved(listing: Site, state: Installed) -> None:
    state.serve(POLICIES, EARLIER)
    found = enveloped(listing.http.get("/api/policy/BÜCHER.org."), 200)["response"]
    assert found == {
        "domain": "xn--bcher-kva.org",
        "mode": "enforce",
        "mxs": [".big.org"],
        "policy_alias": "big",
        "expires": found["expires"],
        "expired": False,
    }
    assert enveloped(listing.http.get("/api/policy/one.org"), 200)["response"]["mode"] == "testing"
    for name in ("three.org", "sub.one.org", "org.org"):
        assert name in refused(listing.http.get(f"/api/policy/{name}"), 404)


def test_without_pins_there_is_no_list(site: Site) -> None:
    for path in (*FILES, "/trusted.asc"):
        assert site.http.get(path).status_code == 404
    refused(site.http.get("/api/policy/one.org"), 404)
    assert "list" not in site.http.get("/healthz").json()


def test_a_reader_never_gets_two_versions(listing: Site, state: Installed, people: People) -> None:
    """Whatever is switched between two requests, each answer is of a pair that verified."""
    known = {}
    for minute in range(8):
        data = state.serve(POLICIES, EARLIER + timedelta(minutes=minute))
        known[(state.folder / "current" / "policy.json.asc").read_bytes()] = data
        asc = listing.http.get("/policy.json.asc").content
        assert json.loads(listing.http.get("/policy.json").content) == json.loads(known[asc])


def test_the_keys_are_those_that_are_pinned(listing: Site, people: People, state: Installed) -> None:
    got: httpx.Response = listing.http.get("/trusted.asc")
    assert got.status_code == 200
    people.home().gpg("--import", data=got.content)
