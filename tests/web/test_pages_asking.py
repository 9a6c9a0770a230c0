"""From a form to a result: what is taken, what is not, and at which address it stays."""

import re
import time

import httpx
import pytest

from stpolicy.web.asking import typed
from tests.web.pages_room import BOOKS, ask, site, title
from tests.web.plain import ENOUGH
from tests.web.site import Site

__all__ = ["ask", "site"]


def test_a_domain_that_is_typed_leads_to_its_result(ask: httpx.Client) -> None:
    """Nobody answers in DNS here, so the look soon ends with no verdict."""
    sent = ask.post("/", data={"domain": " Somebody@NoWhere.Net "})
    assert sent.status_code == 303
    where = sent.headers["location"]
    assert re.fullmatch("/scan/[A-Za-z0-9_-]{22}", where)
    shown = ask.get(where)
    end = time.monotonic() + ENOUGH
    while '<meta http-equiv="refresh"' in shown.text:
        assert shown.headers["cache-control"] == "no-store"
        assert time.monotonic() < end
        time.sleep(0.1)
        shown = ask.get(where)
    assert title(shown) == "nowhere.net"
    assert "there is no verdict" in shown.text or "gave no answer" in shown.text
    again = ask.post("/", data={"domain": "nowhere.net"})
    assert again.headers["location"] == where


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("example.com", "example.com"),
        (" me@example.com\n", "example.com"),
        ("mailto:me@example.com", "example.com"),
        ("https://me:secret@example.com/a@b/c?d", "example.com"),
        ("bücher.example", "bücher.example"),
        ("", ""),
        ("a b", "a b"),
    ],
)
def test_what_people_paste(text: str, domain: str) -> None:
    assert typed(text) == domain


@pytest.mark.parametrize(
    ("data", "status", "sentence"),
    [
        ({"domain": "a b"}, 400, "has a label that is not letters"),
        ({"domain": "45.9.16.1"}, 400, "is an IP address"),
        ({"domain": "x.localhost"}, 400, "special-use"),
        ({"domain": ""}, 400, "name the domain"),
        ({}, 400, "name the domain"),
        ({"domain": "x" * 2000}, 400, "longer than any domain"),
        ({"domain": "mail.private.net"}, 403, "asked not to be looked at"),
    ],
)
def test_what_is_not_looked_at_is_said_in_a_sentence_beside_the_field(
    ask: httpx.Client, data: dict[str, str], status: int, sentence: str
) -> None:
    answer = ask.post("/", data=data)
    assert answer.status_code == status
    assert sentence in answer.text
    assert 'role="alert"' in answer.text
    assert 'aria-invalid="true" aria-describedby="wrong"' in answer.text
    kept = data.get("domain", "")
    assert f'value="{kept if len(kept) < 1024 else ""}"' in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "OWN"},
        {"origin": "https://elsewhere.net"},
        {"origin": "null"},
        {"origin": "http://["},
        {"origin": "OWN.elsewhere.net"},
    ],
)
def test_a_form_on_another_site_starts_nothing(
    site: Site, ask: httpx.Client, headers: dict[str, str]
) -> None:
    sent = {name: value.replace("OWN", site.url) for name, value in headers.items()}
    answer = ask.post("/", data={"domain": "victim.net"}, headers=sent)
    assert answer.status_code == 403
    assert "another site" in answer.text
    assert ask.get("/api/scan", params={"domain": "victim.net"}).status_code == 404
    ledger = site.ledger
    assert ledger.active("victim.net") is None  # type: ignore[arg-type]
    ledger.close()


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, {"origin": "OWN"}, {}]
)
def test_a_form_of_ours_is_taken(site: Site, ask: httpx.Client, headers: dict[str, str]) -> None:
    sent = {name: value.replace("OWN", site.url) for name, value in headers.items()}
    assert ask.post("/", data={"domain": "good.net"}, headers=sent).status_code == 303


def test_the_newest_result_of_exactly_this_domain(ask: httpx.Client) -> None:
    """D3: the old service answered with the scan of another domain."""
    assert title(ask.get("/domain/bad.net")) == "bad.net"
    assert "can be read on its way" in ask.get("/domain/bad.net").text
    other = ask.get("/domain/mail.bad.net")
    assert other.status_code == 404
    assert "mail.bad.net has not been looked at yet" in other.text
    assert 'value="mail.bad.net"' in other.text
    assert ask.get("/domain/a%20b").status_code == 400


@pytest.mark.parametrize("name", ["bücher.example.net", "XN--BCHER-KVA.example.net", f"{BOOKS}."])
def test_a_domain_has_one_address_however_it_is_spelt(ask: httpx.Client, name: str) -> None:
    answer = ask.get(f"/domain/{name}")
    assert (answer.status_code, answer.headers["location"]) == (308, f"/domain/{BOOKS}")
