"""Overlays: what a site decides, and what is none."""

import pytest

from stpolicy.document import overlay
from stpolicy.errors import Misuse
from stpolicy.model.overlay import Overlay
from tests import lists
from tests.render.made import enforce, rendered

OVERLAY = """{
  "policies": {
    "a.com": {"mode": "enforce", "mxs": ["own.a.com"], "reason": "a contract\\u0020with them"},
    "b.com": {"mode": "testing", "mxs": ["mx.b.com"], "until": "2026-11-30"},
    "C.com.": {"mode": "enforce", "mxs": ["*.example.org"], "until": "2020-01-01"}
  },
  "exclude": {"d.com": {"reason": "broken", "until": "2030-01-01T00:00:00Z"}}
}"""


def _read(text: str, name: str = "o.json") -> Overlay:
    return overlay.read(text.replace("*.example.org", ".example.org").encode(), name)


def test_overlays_decide() -> None:
    policies = {name: enforce("mx.example.com") for name in ("a.com", "b.com", "c.com", "d.com", "e.com")}
    rows, table, text = rendered(policies, overlays=(_read(OVERLAY),))
    assert {key: value.split(" ")[1] for key, value in rows.items()} == {
        "a.com": "match=own.a.com",
        "c.com": "match=mx.example.com",
        "e.com": "match=mx.example.com",
    }
    assert (table.overlay, table.excluded, table.enforced) == (1, 1, 2)
    above = text.splitlines()[text.splitlines().index(f"a.com {rows['a.com']}") - 1]
    assert above.startswith("# a.com: policy by o.json: a contract with them (the list says: enforce, mx.")
    assert "# d.com: excluded by o.json until 2030-01-01T00:00:00Z: broken" in text


def test_the_last_overlay_that_speaks_of_a_domain_decides() -> None:
    first = _read('{"policies": {"a.com": {"mode": "enforce", "mxs": ["one.a.com"]}}}')
    second = _read('{"exclude": {"a.com": {}}}')
    policies = {"a.com": enforce("mx.a.com")}
    assert list(rendered(policies, overlays=(first, second))[0]) == []
    assert rendered(policies, overlays=(second, first))[0]["a.com"].startswith("secure match=one.a.com ")


def test_rows_of_an_overlay_stay_when_the_list_has_run_out() -> None:
    rows, _, _ = rendered(
        {"e.com": enforce("mx.e.com")}, overlays=(_read(OVERLAY),), now=lists.NOW.replace(year=2028)
    )
    assert list(rows) == ["a.com"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"policies": []}',
        '{"more": {}}',
        '{"policies": {"a.com": {}}}',
        '{"policies": {"a.com": {"mode": "none", "mxs": ["mx.a.com"]}}}',
        '{"policies": {"a.com": {"mode": ["enforce"], "mxs": ["mx.a.com"]}}}',
        '{"policies": {"a.com": {"mode": "enforce"}}}',
        '{"policies": {"a.com": {"mode": "enforce", "mxs": []}}}',
        '{"policies": {"a.com": {"mode": "enforce", "mxs": "mx.a.com"}}}',
        '{"policies": {"a.com": {"mode": "enforce", "mxs": [7]}}}',
        '{"policies": {"a.com": {"mode": "enforce", "mxs": ["hostname"]}}}',
        '{"policies": {"a.com": {"mode": "enforce", "mxs": ["a.com:b.com"]}}}',
        '{"policies": {"a.com": {"policy-alias": "x"}}}',
        '{"policies": {"a b": {"mode": "enforce", "mxs": ["mx.a.com"]}}}',
        '{"policies": {"a.com\\nb.com none": {"mode": "enforce", "mxs": ["mx.a.com"]}}}',
        '{"exclude": {"a.com": {}, "A.com": {}}}',
        '{"policies": {"a.com": {"mode": "enforce", "mxs": ["mx.a.com"]}}, "exclude": {"a.com": {}}}',
        '{"exclude": {"a.com": {}, "a.com": {}}}',
        '{"exclude": {"a.com": {"reason": 7}}}',
        '{"exclude": {"a.com": {"reason": "a\\u0000b"}}}',
        '{"exclude": {"a.com": {"until": "tomorrow"}}}',
        '{"exclude": {"a.com": {"until": "2026-13-01"}}}',
        '{"exclude": {"a.com": []}}',
        '{"exclude": {"a.com": {"mode": "enforce"}}}',
    ],
)
def test_overlays_that_are_none(text: str) -> None:
    with pytest.raises(Misuse, match=r"o\.json"):
        _read(text)


def test_an_overlay_that_is_no_text_or_too_large() -> None:
    for data in (b"\xff", b" " * (overlay.LARGEST + 1)):
        with pytest.raises(Misuse):
            overlay.read(data, "o.json")
