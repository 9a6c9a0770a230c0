"""How the pages look and can be used: narrow and wide, light and dark, and whatever a result holds."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.observations import GOOD, judged
from tests.personas import People
from tests.rules.server_cases import CASES
from tests.web.browser import DESK, PHONE, browser, complaints, prefer, resize
from tests.web.site import Site, installed, serving
from tests.web.test_pages_told import HOSTILE, renamed, replaced

LONG = f"{'a-very-long-label-of-a-domain.' * 7}example.net"
LISTED = {
    "version": "0.1",
    "policy-aliases": {},
    "policies": {LONG: {"mode": "testing", "mxs": [f"mx.{LONG}"[:200]]}}
    | {f"d{number}.example.net": {"mode": "enforce", "mxs": [".example.org"]} for number in range(60)},
}
RESULTS = {
    "good.net": "",
    "bad.net": "starttls.not_offered",
    "warned.net": "certificate.expires_soon",
    "unknown.net": "smtp.temporary",
    "conflict.net": "mta_sts.conflict",
}
PAGES = (
    "/",
    "/?domain=a%20b",
    "/list",
    "/list?q=nobody",
    "/statistics",
    "/api",
    "/rule",
    "/rule/mx.null",
    "/about",
)
EVERY = (*PAGES, *(f"/domain/{name}" for name in (*RESULTS, LONG, "hostile.net")))

_OPEN = "document.querySelectorAll('details').forEach(one => one.open = true)"

_CONTRASTS = """
const parsed = text => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
  .map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
const below = one => {
  for (; one; one = one.parentElement) {
    const colour = parsed(getComputedStyle(one).backgroundColor);
    if (colour.length < 4 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
};
const found = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const one = walk.currentNode.parentElement;
  if (!walk.currentNode.textContent.trim() || !one.checkVisibility() || one.closest('svg')) continue;
  const style = getComputedStyle(one);
  const [a, b] = [light(parsed(style.color)), light(below(one))].sort((x, y) => y - x);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
  found.push([(a + .05) / (b + .05), large ? 3 : 4.5, walk.currentNode.textContent.trim().slice(0, 60)]);
}
return found;
"""

_OUTLINE = """
const named = one => one.id && document.querySelector(`label[for="${one.id}"]`);
return {
  unnamed: [...document.querySelectorAll('input:not([type=hidden])')].filter(one => !named(one)).length,
  levels: [...document.querySelectorAll('h1, h2, h3')].map(one => Number(one.tagName[1])),
  twice: [...document.querySelectorAll('[id]')].map(one => one.id)
    .filter((id, at, all) => all.indexOf(id) !== at),
  lost: [...document.querySelectorAll('[aria-labelledby], [aria-describedby]')]
    .filter(one => !document.getElementById(one.getAttribute('aria-labelledby')
      || one.getAttribute('aria-describedby'))).length,
  silent: [...document.querySelectorAll('button, a, summary')].filter(one => !one.textContent.trim()).length,
  small: [...document.querySelectorAll('button, summary, nav a, input')]
    .filter(one => one.checkVisibility() && one.type !== 'hidden' && !one.closest('.contents, .turn'))
    .filter(one => one.getBoundingClientRect().height < 24).length,
};
"""


@pytest.fixture(scope="module")
def site(people: People, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    listed = installed(folder / "state", people.alice, timedelta(days=10), LISTED)
    with serving(folder, *listed, "--scans", "0") as made:
        for domain, case in RESULTS.items():
            made.keep(of(domain, CASES[case][1] if case else GOOD))
        made.keep(of(LONG, GOOD))
        made.keep(hostile())
        yield made


def of(domain: str, observed: Any) -> dict[str, Any]:
    return {**judged(observed).result, "domain": domain}


def hostile() -> dict[str, Any]:
    """A result in which every text of others is all of the attacks."""
    payload = "".join(HOSTILE)
    found = renamed(replaced(judged(CASES["certificate.untrusted"][1]).result, payload), payload)
    return {**found, "domain": "hostile.net"}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chrome]:
    with browser() as made:
        yield made


def opened(seen: Chrome, site: Site, path: str) -> None:
    """A page with everything on it that can be opened."""
    seen.get(site.url + path)
    seen.execute_script(_OPEN)


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("path", EVERY)
def test_nothing_is_wider_than_the_window(
    chromium: Chrome, site: Site, path: str, size: tuple[int, int]
) -> None:
    resize(chromium, size)
    opened(chromium, site, path)
    assert chromium.execute_script("return innerWidth") == size[0]
    assert chromium.execute_script("return document.documentElement.scrollWidth") <= size[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", EVERY)
def test_all_text_can_be_read(chromium: Chrome, site: Site, path: str, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1, and 3 to 1 for large text."""
    prefer(chromium, color_scheme=scheme)
    opened(chromium, site, path)
    found = chromium.execute_script(_CONTRASTS)
    assert len(found) > 10
    assert [one for one in found if one[0] < one[1]] == []


@pytest.mark.parametrize("path", EVERY)
def test_it_can_be_used_without_seeing_it(chromium: Chrome, site: Site, path: str) -> None:
    opened(chromium, site, path)
    found = chromium.execute_script(_OUTLINE)
    levels = found.pop("levels")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert found == {"unnamed": 0, "twice": [], "lost": 0, "silent": 0, "small": 0}


@pytest.mark.parametrize("path", EVERY)
def test_the_console_has_nothing_to_say(chromium: Chrome, site: Site, path: str) -> None:
    """No error, and no violation of the policy of contents."""
    complaints(chromium)
    opened(chromium, site, path)
    assert complaints(chromium) == []


def test_light_and_dark_are_the_reader_s(chromium: Chrome, site: Site) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        prefer(chromium, color_scheme=scheme)
        chromium.get(site.url)
        grounds[scheme] = chromium.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")
    assert grounds == {"light": "rgba(251, 251, 249, 1)", "dark": "rgba(20, 24, 27, 1)"}


def test_nothing_moves_for_who_does_not_want_it(chromium: Chrome, site: Site) -> None:
    chromium.get(site.url)
    chromium.execute_script(
        "document.querySelector('main').innerHTML = '<ul class=steps><li class=looking><span class=dot>'"
    )
    moves = []
    for wish in ("no-preference", "reduce"):
        prefer(chromium, reduced_motion=wish)
        moves.append(chromium.find_element(By.CLASS_NAME, "dot").value_of_css_property("animation-name"))
    assert moves == ["turn", "none"]


def test_a_hostile_result_does_nothing(chromium: Chrome, site: Site) -> None:
    """H14: scripts, markup, marks of direction and escapes in banners, names and certificates."""
    complaints(chromium)
    chromium.get(f"{site.url}/domain/hostile.net")
    with pytest.raises(NoAlertPresentException):
        _ = chromium.switch_to.alert.text
    assert chromium.title == "hostile.net: failed – stpolicy"
    assert len(chromium.find_elements(By.TAG_NAME, "h1")) == 1
    assert chromium.find_elements(By.CSS_SELECTOR, "main script, main img, main b") == []
    shown = chromium.find_element(By.TAG_NAME, "main").text
    assert "<script>alert(1)</script>" in shown
    assert r"\u202egro.live\u2066\u200f\u2028\x85" in shown
    assert r"\x1b[2J" in shown
    assert "{{ 7 * 7 }}" in shown
    assert complaints(chromium) == []


def test_statistics_can_be_read_as_a_table(site: Site, chromium: Chrome) -> None:
    chromium.get(f"{site.url}/statistics")
    drawn = chromium.find_element(By.CSS_SELECTOR, "svg.chart")
    assert drawn.aria_role in ("img", "image")
    assert "The numbers are in the table below." in drawn.accessible_name
    chromium.find_element(By.TAG_NAME, "summary").click()
    rows = chromium.find_elements(By.CSS_SELECTOR, ".scroll tbody tr")
    counts = [int(one.text) for one in rows[0].find_elements(By.TAG_NAME, "td")]
    assert sum(counts) == len(RESULTS) + 2
    assert len(chromium.find_elements(By.CSS_SELECTOR, ".chart .piece")) == 4
