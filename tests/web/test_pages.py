"""What all pages have in common, and those that speak of the service itself."""

import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from stpolicy import rules
from stpolicy.output import explain
from tests.personas import People
from tests.web.pages_room import LISTED, NAMES, PAGES, about, ask, site, title
from tests.web.plain import settings
from tests.web.running import running
from tests.web.site import installed, serving

__all__ = ["ask", "site"]


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


def test_the_result_leads_to_its_object(ask: httpx.Client) -> None:
    page = ask.get("/domain/good.net").text
    (own,) = re.findall(r'href="(/api/scans/[^"]*)"', page)
    assert ask.get(own).json()["response"]["scan"]["domain"] == "good.net"
    assert 'href="/api/scan?domain=good.net"' in page
    assert "&#34;scandata&#34;" in page


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
    ("contact", "href", "said"),
    [
        ("post+master@example.org", "mailto:post%2Bmaster@example.org", "post+master@example.org"),
        ("o'neil&co@example.org", "mailto:o%27neil%26co@example.org", "o&#39;neil&amp;co@example.org"),
        ("https://example.org/a?b=<i>&c=@d", "https://example.org/a?b=&lt;i&gt;&amp;c=@d", ""),
        ("https://example.org", "https://example.org", ""),
        ("", "", ""),
    ],
)
def test_who_is_looked_at_finds_whom_to_write_to(tmp_path: Path, contact: str, href: str, said: str) -> None:
    """Without a contact, postmaster at the name that mail servers are told."""
    with running(settings(tmp_path, contact=contact)) as service:
        page = service.client().get("/about").text
    assert ("postmaster there" in page) == (not contact)
    assert contact == "" or f'<a href="{href}"><bdi>{said or href}</bdi></a>' in page
    assert "<i>" not in page


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
