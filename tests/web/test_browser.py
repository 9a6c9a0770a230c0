"""The whole way in a real browser, from a domain that is typed to the result that is read."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.minternet.conftest import internet
from tests.minternet.personalities import policy_list
from tests.minternet.row import ZONE
from tests.minternet.world import World
from tests.personas import People
from tests.web.browser import browser, complaints, until
from tests.web.site import Site, installed, serving

__all__ = ["internet"]


@pytest.fixture(scope="module")
def site(internet: World, people: People, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The service as it is run, with the list of the whole mini-internet."""
    folder = tmp_path_factory.mktemp("site")
    listed = installed(folder / "state", people.alice, timedelta(days=10), policy_list())
    with serving(folder, *listed, "--limit", "100000/hour", internet=internet) as made:
        yield made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chrome]:
    with browser() as made:
        yield made


@pytest.fixture(scope="module")
def plain() -> Iterator[Chrome]:
    """Without scripts."""
    with browser(scripts=False) as made:
        yield made


def text(seen: Chrome, selector: str) -> str:
    return seen.find_element(By.CSS_SELECTOR, selector).text


def typed(seen: Chrome, site: Site, name: str) -> None:
    """Types a domain and sends the form."""
    seen.get(site.url)
    seen.find_element(By.ID, "domain").send_keys(f"{name}.{ZONE}", Keys.ENTER)


def over(seen: Chrome) -> bool:
    return bool(seen.find_elements(By.CSS_SELECTOR, ".verdict"))


def read(seen: Chrome) -> tuple[str, str]:
    """The heading of a result, and the sentence of its verdict."""
    until(seen, over)
    return text(seen, "h1"), text(seen, ".verdict .sentence")


GOOD = "Mail to this domain can travel encrypted, to servers that prove who they are."
WAYS = {
    "everything": GOOD,
    "xn--bcher-kva": GOOD,
    "clear": "Mail to this domain can be read on its way.",
    "expired": "Mail to this domain is encrypted, but a mail server cannot prove that it is the right one.",
    "nxdomain": "This domain does not exist.",
    "refused": "No mail server of this domain answered.",
    "bogus": "We could not look: the internet's directory (DNS) gave no answer about this domain.",
}


@pytest.mark.parametrize("name", WAYS)
def test_from_typing_to_reading(chromium: Chrome, site: Site, name: str) -> None:
    complaints(chromium)
    typed(chromium, site, name)
    heading, sentence = read(chromium)
    assert f"{name}.{ZONE}" in heading
    assert sentence == WAYS[name]
    assert "/scan/" in chromium.current_url
    assert complaints(chromium) == []


@pytest.mark.parametrize("name", ["also-shared", "good-and-bad"])
def test_the_same_without_scripts(plain: Chrome, site: Site, name: str) -> None:
    typed(plain, site, name)
    heading, sentence = read(plain)
    assert heading == f"{name}.{ZONE}"
    assert sentence == WAYS["clear" if name == "good-and-bad" else "everything"]


def test_every_address_and_finding_is_there(chromium: Chrome, site: Site) -> None:
    typed(chromium, site, "one-bad-certificate")
    read(chromium)
    card = chromium.find_element(By.CSS_SELECTOR, "article.card")
    checks = [one.text.split("\n")[0] for one in card.find_elements(By.CSS_SELECTOR, ".checks li > div")]
    assert checks == ["Found passed", "Encrypts passed", "Proves its name failed", "Up to date passed"]
    assert len(card.find_elements(By.XPATH, ".//summary[contains(., 'What was seen at')]")) == 2
    finding = card.find_element(By.CSS_SELECTOR, ".finding.bad")
    assert "its certificate expired on" in finding.text
    assert "renew the certificate and reload the mail server" in finding.text
    finding.find_element(By.TAG_NAME, "summary").click()
    finding.find_element(By.LINK_TEXT, "About this finding").click()
    until(chromium, lambda seen: seen.current_url.endswith("/rule/certificate.expired"))
    assert "A certificate of the chain has expired." in text(chromium, "main")


def test_with_the_keyboard_alone(chromium: Chrome, site: Site) -> None:
    chromium.get(site.url)
    assert chromium.switch_to.active_element.get_attribute("id") == "domain"
    chromium.switch_to.active_element.send_keys(f"clear.{ZONE}", Keys.TAB)
    assert chromium.switch_to.active_element.text == "Check"
    chromium.switch_to.active_element.send_keys(Keys.ENTER)
    read(chromium)
    reached: list[str] = []
    chromium.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    while (here := chromium.switch_to.active_element).tag_name != "body" and len(reached) < 80:
        outline = here.value_of_css_property("outline-style"), here.value_of_css_property("outline-width")
        assert outline == ("solid", "3px"), here.text
        reached.append(here.text)
        here.send_keys(Keys.TAB)
    assert reached[0] == "Skip to the content"
    assert {"Check", "List", "Look again", "Why it matters", "The raw object"} <= set(reached)
    assert reached[-1] == "All findings explained"


def test_looking_again_leads_to_the_newest(chromium: Chrome, site: Site) -> None:
    typed(chromium, site, "plain")
    read(chromium)
    first = chromium.current_url
    chromium.find_element(By.XPATH, "//button[.='Look again']").click()
    until(chromium, lambda seen: over(seen) and seen.current_url == first)  # it is fresh still
    chromium.find_element(By.LINK_TEXT, "Link to the newest result").click()
    until(chromium, lambda seen: seen.current_url == f"{site.url}/domain/plain.{ZONE}")
    assert read(chromium) == (f"plain.{ZONE}", GOOD)


def test_what_is_wrong_with_a_name_is_said_at_the_field(chromium: Chrome, site: Site) -> None:
    chromium.get(site.url)
    chromium.find_element(By.ID, "domain").send_keys("not a domain", Keys.ENTER)
    until(chromium, lambda seen: seen.find_elements(By.ID, "wrong"))
    assert "has a label that is not letters" in text(chromium, "#wrong")
    field = chromium.switch_to.active_element
    assert (field.get_attribute("id"), field.get_attribute("value")) == ("domain", "not a domain")
    chromium.get(site.url)
    chromium.find_element(By.XPATH, "//button[.='Check']").click()
    assert chromium.current_url == f"{site.url}/"  # the browser itself asks for a name


def test_the_list_is_searched(chromium: Chrome, site: Site) -> None:
    chromium.get(f"{site.url}/list")
    chromium.find_element(By.ID, "q").send_keys("bücher", Keys.ENTER)
    until(chromium, lambda seen: "1 to 1 of 1" in text(seen, "main"))
    chromium.find_element(By.CSS_SELECTOR, "tbody a").click()
    until(chromium, lambda seen: "/domain/xn--bcher-kva." in seen.current_url)
