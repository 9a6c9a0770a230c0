"""The pages as a browser without scripts asks for them, from the program as it is run."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from stpolicy import rules
from stpolicy.output import explain
from stpolicy.web.asking import typed
from tests.observations import GOOD, judged
from tests.personas import People
from tests.rules.server_cases import CASES
from tests.web.site import ENOUGH, Site, installed, serving

BOOKS = "xn--bcher-kva.example.net"
NAMES = [f"d{number:03}.example.net" for number in range(120)]
LISTED = {
    "version": "0.1",
    "policy-aliases": {"big": {"mode": "testing", "mxs": [".big.example.org"]}},
    "policies": {name: {"mode": "enforce", "mxs": [f"mx.{name}"]} for name in NAMES}
    | {BOOKS: {"policy-alias": "big"}},
}
PAGES = ("/", "/list", "/statistics", "/api", "/rule", "/rule/mx.null", "/about", "/domain/good.net", "/nope")


def about(domain: str, case: str = "") -> dict[str, object]:
    """A result for a domain: all is well, unless it is said otherwise."""
    return {**judged(CASES[case][1] if case else GOOD).result, "domain": domain}


@pytest.fixture(scope="module")
def site(people: People, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "excluded").write_text("private.net\n")
    listed = installed(folder / "state", people.alice, timedelta(days=10), LISTED)
    with serving(folder, *listed, "--exclude", str(folder / "excluded"), "--limit", "100000/hour") as made:
        made.keep(about("good.net"), mta_sts=True, dane=True)
        made.keep(about("bad.net", "starttls.not_offered"))
        yield made


@pytest.fixture(scope="module")
def ask(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url, timeout=ENOUGH) as client:
        yield client


def title(answer: httpx.Response) -> str:
    found = re.search("<h1[^>]*>(.*?)</h1>", answer.text, re.S)
    assert found
    return re.sub("<[^>]*>", "", found[1]).strip()


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_laid_out_alike_and_loads_nothing_of_others(ask: httpx.Client, path: str) -> None:
    answer = ask.get(path)
    assert answer.status_code == (404 if path == "/nope" else 200)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers
    assert answer.text.startswith('<!doctype html>\n<html lang="en">')
    for once in ("<h1", "<main", '<header class="top"', "<footer", "</title>\n<link", 'href="#main"'):
        assert answer.text.count(once) == 1, once
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", answer.text)
    loaded = re.findall(r'<(?:script|img|link)[^>]*(?:src|href)="([^"]*)"', answer.text)
    assert loaded
    assert all(one.startswith("/static/") for one in loaded)
    assert ask.head(path).status_code == answer.status_code


def test_style_script_and_icon_are_small_and_kept(ask: httpx.Client) -> None:
    page = ask.get("/").text + (Path("templates/web/watch.html.j2").read_text())
    names = {"/" + one for one in re.findall(r"static/[a-z]+\.[0-9a-f]{12}\.[a-z]+", page)}
    assert {name.partition(".")[0] for name in names} == {"/static/style", "/static/icon"}
    files = [ask.get(name) for name in names]
    folder = Path("templates/web")
    assert sum(len((folder / name).read_bytes()) for name in ("style.css", "watch.js")) < 30 * 1024
    assert {one.headers["cache-control"] for one in files} == {"public, max-age=31536000, immutable"}
    assert ask.get("/static/style.000000000000.css").status_code == 404
    assert ask.get("/static/layout.html.j2").status_code == 404


def test_a_domain_that_is_typed_leads_to_its_result(ask: httpx.Client) -> None:
    """Nobody answers in DNS here, so the look soon ends with no verdict."""
    sent = ask.post("/", data={"domain": " Somebody@NoWhere.Net "})
    assert sent.status_code == 303
    where = sent.headers["location"]
    assert re.fullmatch("/scan/[A-Za-z0-9_-]{22}", where)
    shown = ask.get(where)
    for _ in range(40 * ENOUGH):
        if '<meta http-equiv="refresh"' not in shown.text:
            break
        assert shown.headers["cache-control"] == "no-store"
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


def test_the_result_leads_to_its_object(ask: httpx.Client) -> None:
    page = ask.get("/domain/good.net").text
    (own,) = re.findall(r'href="(/api/scans/[^"]*)"', page)
    assert ask.get(own).json()["response"]["scan"]["domain"] == "good.net"
    assert 'href="/api/scan?domain=good.net"' in page
    assert "&#34;scandata&#34;" in page


def test_statistics_are_those_of_the_api(ask: httpx.Client) -> None:
    page = ask.get("/statistics").text
    found = ask.get("/api/stats").json()["response"]
    assert f"Of {found['adoption']['domains']} domains" in page
    for day in found["days"]:
        assert f'<th scope="row">{day["day"]}</th>' in page
    counts = [int(one) for one in re.findall(r"<title>[0-9-]+: ([0-9]+) ", page)]
    assert sum(counts) == sum(sum(day["statuses"].values()) for day in found["days"])
    assert f'<th scope="row">With DANE</th><td>{found["adoption"]["dane"]}</td>' in page


def test_the_api_is_described_as_it_is(ask: httpx.Client) -> None:
    page = ask.get("/api").text
    for path, methods in ask.get("/openapi.json").json()["paths"].items():
        for method, one in methods.items():
            if method != "head":
                assert f"{method.upper()}</span> <code>{path}</code>" in page
                assert one["summary"] in page


def test_a_code_is_explained_in_the_words_of_the_program(ask: httpx.Client) -> None:
    everything = ask.get("/rule").text
    for code, doc in explain.documentation(rules.ALL).items():
        assert f'href="/rule/{code}"' in everything
        if code.startswith("certificate."):
            page = re.sub("<[^>]*>", "", ask.get(f"/rule/{code}").text)
            said = doc.replace("`", "").replace("'", "&#39;").replace("\n", " ")
            assert said.partition(".")[0] in page
            assert said.rpartition(". ")[2].strip() in page
    assert ask.get("/rule/mx.nothing").status_code == 404


def test_what_is_kept_is_said(ask: httpx.Client) -> None:
    page = ask.get("/about").text
    assert "for 90 days" in page
    assert "checker.example.org" in page
    assert "No mail is sent" in page


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nope", 404),
        ("GET", "/scan/short", 404),
        ("GET", "/scan/0123456789012345678901", 404),
        ("GET", "/rule/%3Cscript%3E", 404),
        ("PUT", "/", 405),
        ("POST", "/list", 405),
    ],
)
def test_errors_are_pages(ask: httpx.Client, method: str, path: str, status: int) -> None:
    answer = ask.request(method, path)
    assert answer.status_code == status
    assert title(answer)
    assert 'href="/about"' in answer.text
    assert "Traceback" not in answer.text


def test_a_list_that_has_run_out_is_said_on_every_page(people: People, tmp_path: Path) -> None:
    listed = installed(tmp_path / "state", people.alice, timedelta(days=-1), LISTED)
    with serving(tmp_path, *listed, "--limit", "1/hour") as old:
        old.keep(about("good.net"))
        old.keep(about(NAMES[0]))
        for path in PAGES:
            assert "The list has run out" in httpx.get(old.url + path).text, path
        assert "nobody follows it now" in httpx.get(f"{old.url}/domain/{NAMES[0]}").text
        first, second = (httpx.post(old.url, data={"domain": f"{name}.net"}) for name in "ab")
        assert first.status_code == 303
        assert second.status_code == 429
        assert int(second.headers["retry-after"]) > 0
        assert "you have asked for 1 new scans" in second.text
        assert "The list has run out" in second.text


def test_without_a_list_there_is_nothing_to_say_of_it(tmp_path: Path) -> None:
    with serving(tmp_path) as bare:
        page = httpx.get(f"{bare.url}/list").text
        assert "serves no list" in page
        assert "run out" not in page
        assert 'href="/policy.json"' not in page
        file = httpx.get(f"{bare.url}/policy.json")
        assert (file.status_code, file.text) == (404, "this service serves no list\n")
        assert file.headers["content-type"].startswith("text/plain")
