"""The service as the tests of its pages ask it: a list, a few results, no scripts, and nobody in DNS."""

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from tests.observations import GOOD, judged
from tests.personas import People
from tests.rules.server_cases import CASES
from tests.web.plain import ENOUGH
from tests.web.site import Site, installed, serving

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
