"""The list and the statistics, as pages."""

import re

import httpx

from tests.web.pages_room import BOOKS, NAMES, about, ask, site, title
from tests.web.site import Site

__all__ = ["ask", "site"]


def test_both_spellings_of_a_name_are_shown(site: Site, ask: httpx.Client) -> None:
    site.keep(about(BOOKS))
    assert title(ask.get(f"/domain/{BOOKS}")) == f"bücher.example.net {BOOKS}"
    page = ask.get("/list", params={"q": "BÜCHER"}).text
    assert "bücher.example.net" in page
    assert BOOKS in page
    assert ".big.example.org" in page
    assert "1 to 1 of 1" in page


def test_the_list_page_by_page(ask: httpx.Client) -> None:
    first, last = ask.get("/list").text, ask.get("/list", params={"page": 99}).text
    assert "1 to 50 of 121" in first
    assert "101 to 121 of 121" in last
    assert 'href="/list?page=2" rel="next"' in first
    assert 'rel="prev"' not in first
    assert 'href="/list?page=2" rel="prev"' in last
    assert 'rel="next"' not in last
    for file in ("/policy.json", "/policy.json.asc", "/trusted.asc"):
        assert f'href="{file}"' in first
        assert ask.get(file).status_code == 200


def test_search_in_the_list(ask: httpx.Client) -> None:
    assert "1 to 1 of 1" in ask.get("/list", params={"q": "MX.D007."}).text
    assert "1 to 50 of 120" in ask.get("/list", params={"q": "example.net", "page": -3}).text.replace(
        "121", "120"
    )
    nothing = ask.get("/list", params={"q": "<b>nobody"}).text
    assert "Nothing on the list matches" in nothing
    assert "&lt;b&gt;nobody" in nothing
    assert ask.get("/list", params={"page": "x"}).status_code == 400


def test_what_the_list_says_of_a_domain_is_said_with_its_result(site: Site, ask: httpx.Client) -> None:
    site.keep(about(NAMES[7]))
    page = ask.get(f"/domain/{NAMES[7]}").text
    assert "Senders that follow the list deliver only to these servers" in page
    assert f"mx.{NAMES[7]}" in page
    assert "The domain is not on the list." in ask.get("/domain/good.net").text


def test_statistics_are_those_of_the_api(ask: httpx.Client) -> None:
    page = ask.get("/statistics").text
    found = ask.get("/api/stats").json()["response"]
    assert f"Of {found['adoption']['domains']} domains" in page
    for day in found["days"]:
        assert f'<th scope="row">{day["day"]}</th>' in page
    counts = [int(one) for one in re.findall(r"<title>[0-9-]+: ([0-9]+) ", page)]
    assert sum(counts) == sum(sum(day["statuses"].values()) for day in found["days"])
    assert f'<th scope="row">With DANE</th><td>{found["adoption"]["dane"]}</td>' in page
