"""What somebody sees who watches a scan; here the test itself is the one that looks at the domain."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from stpolicy.model.scanned import Part
from tests.observations import GOOD, judged
from tests.web.browser import browser, complaints, until
from tests.web.plain import free_port
from tests.web.site import Site, serving

LOOKING, SEEN = Part.LOOKING, Part.SEEN


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("site"), "--scans", "0") as made:
        yield made


@pytest.fixture(params=[True, False], ids=["scripts", "plain"], scope="module")
def seen(request: pytest.FixtureRequest) -> Iterator[Chrome]:
    with browser(scripts=request.param) as made:
        yield made


def asked(seen: Chrome, site: Site, domain: str) -> str:
    """Types a domain; gives the id of its scan."""
    seen.get(site.url)
    seen.find_element(By.ID, "domain").send_keys(domain, Keys.ENTER)
    until(seen, lambda seen: "/scan/" in seen.current_url)
    return seen.current_url.rpartition("/")[2]


def says(seen: Chrome, sentence: str) -> None:
    def there(seen: Chrome) -> bool:
        return seen.find_element(By.ID, "said").text == sentence

    until(seen, there)


def steps(seen: Chrome) -> list[str]:
    return [one.text.replace("\n", " ") for one in seen.find_elements(By.CSS_SELECTOR, "#steps li")]


def finished(site: Site, domain: str) -> None:
    site.keep({**judged(GOOD).result, "domain": domain})


def test_how_far_it_is_is_seen_as_it_goes(seen: Chrome, site: Site, request: pytest.FixtureRequest) -> None:
    complaints(seen)
    domain = f"{request.node.callspec.id}.net"
    id_ = asked(seen, site, domain)
    says(seen, "Waiting for its turn.")
    seen.execute_script("window.first = true")  # what drives a browser is no script of the page
    site.note(id_)
    says(seen, "Asking DNS for the mail servers.")
    site.note(id_, mx__example__com=LOOKING, **{"MTA-STS": LOOKING})
    says(seen, "0 of 2 looked at.")
    site.note(id_, mx__example__com=SEEN, **{"MTA-STS": LOOKING})
    says(seen, "1 of 2 looked at.")
    until(seen, lambda seen: steps(seen) == ["mx.example.com looked at", "MTA-STS being looked at"])
    assert seen.title == f"Looking at {domain} – stpolicy"
    by_script = request.node.callspec.id == "scripts"
    assert bool(seen.execute_script("return window.first")) is by_script  # else it was loaded anew
    finished(site, domain)
    until(seen, lambda seen: seen.title == f"{domain}: passed – stpolicy")
    assert seen.find_element(By.CSS_SELECTOR, ".verdict .word").text == "passed"
    assert complaints(seen) == []


def test_a_scan_that_is_given_up_says_why(seen: Chrome, site: Site, request: pytest.FixtureRequest) -> None:
    id_ = asked(seen, site, f"{request.node.callspec.id}.org")
    ledger = site.ledger
    begun = ledger.take(id_, ledger.scan(id_).queued)  # type: ignore[union-attr]
    assert begun
    ledger.fail(begun, "it took <b>too</b> long", begun.queued)
    ledger.close()
    until(seen, lambda seen: seen.find_elements(By.CSS_SELECTOR, ".verdict.unknown"))
    assert "it took <b>too</b> long" in seen.find_element(By.TAG_NAME, "main").text
    assert seen.find_element(By.XPATH, "//button[.='Try again']").is_displayed()


def test_a_service_that_is_away_for_a_moment_is_waited_for(seen: Chrome, tmp_path: Path) -> None:
    """Also without scripts: a browser shows an error page of its own then, and people load again."""
    port = free_port()
    with serving(tmp_path, "--scans", "0", port=port) as first:
        id_ = asked(seen, first, "patient.net")
        says(seen, "Waiting for its turn.")
        first.note(id_, mx__example__com=LOOKING)
        says(seen, "0 of 1 looked at.")
        address = seen.current_url
    with serving(tmp_path, "--scans", "0", port=port) as second:
        if not seen.find_elements(By.ID, "said"):
            seen.get(address)
        second.note(id_, mx__example__com=SEEN)
        says(seen, "1 of 1 looked at.")
        finished(second, "patient.net")
        until(seen, lambda seen: seen.title.startswith("patient.net: passed"))
    complaints(seen)
