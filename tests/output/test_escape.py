"""What is printed of others' texts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stpolicy.output.escape import LONGEST, json_text, printable, shown

anything = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text", "plain text"),
        ("bücher 例え", "bücher 例え"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202eevil", "\\u202eevil"),
        ("\u2028", "\\u2028"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\udcff", "\\udcff"),
        ("\U000e0041", "\\U000e0041"),
        ("no\u00a0break\u3000wide", "no break wide"),
    ],
)
def test_shown(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_shown_is_bounded() -> None:
    assert shown("x" * LONGEST) == "x" * LONGEST
    assert shown("x" * (LONGEST + 1)) == "x" * LONGEST + "…"
    assert len(shown("\x1b" * 10**6)) == LONGEST + 1


@given(anything)
def test_a_terminal_obeys_nothing_of_it(text: str) -> None:
    assert shown(text).isprintable()
    assert all(line.replace("\t", "").isprintable() for line in printable(text).split("\n"))


@given(
    st.recursive(anything | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(anything, inner))
)
def test_json_is_the_same_value_and_printable(value: object) -> None:
    text = json_text(value)
    assert json.loads(text) == value
    assert text.endswith("\n")
    assert text.replace("\n", "").isprintable()


def test_json_leaves_names_readable() -> None:
    assert json_text({"domain": "bücher.de"}) == '{\n  "domain": "bücher.de"\n}\n'
