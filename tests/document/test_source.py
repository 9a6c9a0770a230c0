"""Where a place of a list stands in its text."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stpolicy.document.source import Source
from stpolicy.model.finding import Place, Position


@pytest.mark.parametrize(
    ("text", "offset", "line", "column"),
    [
        pytest.param("", 0, 1, 1, id="nothing"),
        pytest.param("abc", 2, 1, 3, id="first line"),
        pytest.param("abc", 3, 1, 4, id="at the end"),
        pytest.param("a\nbc", 1, 1, 2, id="at the line feed"),
        pytest.param("a\nbc", 2, 2, 1, id="after the line feed"),
        pytest.param("a\n\n\nb", 4, 4, 1, id="empty lines"),
        pytest.param("a\r\nb", 3, 2, 1, id="CRLF"),
        pytest.param("a\rb", 2, 1, 3, id="a carriage return alone begins no line"),
        pytest.param("a\u2028b", 2, 1, 3, id="nor does U+2028"),
        pytest.param("ü€\U0001f600x", 3, 1, 4, id="code points, not bytes or UTF-16 units"),
        pytest.param("u\u0308x", 2, 1, 3, id="code points, not what is seen"),
    ],
)
def test_positions(text: str, offset: int, line: int, column: int) -> None:
    assert Source("p", text).positions([offset]) == {offset: Position(line, column)}


@settings(deadline=None, max_examples=100)
@given(st.text("ab\nü\r", max_size=40), st.data())
def test_many_positions_in_any_order(text: str, data: st.DataObject) -> None:
    offsets = data.draw(st.lists(st.integers(0, len(text))))
    expected = {
        offset: Position(text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1)
        for offset in offsets
    }
    assert Source("p", text).positions(offsets) == expected


TEXT = r"""
{
  "author": "ü \"{[,]}\" ", "version":"0.1",
  "policy-aliases": { "a\u0062": {"mode": "x", "mxs": []} },
  "policies": {
    "a.com": {"mode": "{", "mxs": ["]", "mx.a.com" , "}"]},
    "b.com":{"policy-alias":"ab"},

    "a.com": {
      "mxs": [ {"deep": [1, [2, {"er": 3}]]}, "x" ], "mode": -1.5e3
    },"\u0063.com": null
  }
}
"""


@pytest.mark.parametrize(
    ("place", "begins"),
    [
        pytest.param((), "{\n", id="the list"),
        pytest.param(("author",), '"author"', id="field"),
        pytest.param(("version",), '"version"', id="field after a text of brackets"),
        pytest.param(("policy-aliases",), '"policy-aliases"', id="aliases"),
        pytest.param(("policy-aliases", 0), r'"a\u0062"', id="alias"),
        pytest.param(("policy-aliases", 0, "mxs"), '"mxs": []', id="its patterns"),
        pytest.param(("policies", 0), '"a.com": {"mode"', id="entry"),
        pytest.param(("policies", 0, "mode"), '"mode": "{"', id="its mode"),
        pytest.param(("policies", 0, "mxs", 1), '"mx.a.com"', id="its second pattern"),
        pytest.param(("policies", 0, "mxs", 2), '"}"]', id="its third pattern"),
        pytest.param(("policies", 1), '"b.com"', id="second entry"),
        pytest.param(("policies", 1, "policy-alias"), '"policy-alias":', id="its reference"),
        pytest.param(("policies", 2), '"a.com": {\n', id="the same key again"),
        pytest.param(("policies", 2, "mode"), '"mode": -1.5e3', id="after what is deep"),
        pytest.param(("policies", 2, "mxs", 0, "deep", 1, 1, "er"), '"er"', id="deep down"),
        pytest.param(("policies", 2, "mxs", 1), '"x"', id="after it"),
        pytest.param(("policies", 3), r'"\u0063.com"', id="escaped entry"),
        pytest.param(("policies", 4), '"policies"', id="an entry that is not there"),
        pytest.param(("policies", 0, "pinsets"), '"a.com": {"mode"', id="a field that is not there"),
        pytest.param(("policies", 1, "mxs", 0), '"b.com"', id="a pattern that is not there"),
        pytest.param(("expires",), "{\n", id="a top-level field that is not there"),
    ],
)
def test_offsets(place: Place, begins: str) -> None:
    offset = Source("p", TEXT).offsets([place])[place]
    assert TEXT[offset:].startswith(begins)


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=6)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


def _places(value: Any, before: Place) -> list[tuple[Place, Any]]:
    found = [(before, value)]
    if isinstance(value, dict):
        for key, member in value.items():
            found += _places(member, (*before, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += _places(item, (*before, index))
    return found


@settings(deadline=None, max_examples=100)
@given(values, st.sampled_from([None, 2]), st.booleans())
def test_offsets_of_any_value(value: Any, indent: int | None, ensure_ascii: bool) -> None:
    text = json.dumps({"x": value}, indent=indent, ensure_ascii=ensure_ascii)
    places = dict(_places({"x": value}, ()))
    decoder = json.JSONDecoder()
    for place, offset in Source("p", text).offsets(places).items():
        found, _ = decoder.raw_decode(text, offset)
        expected = place[-1] if place and isinstance(place[-1], str) else places[place]
        assert found == expected
