"""The schema: what it takes, and that the quick answer and the explained one are both jsonschema's."""

import json
from copy import deepcopy
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stpolicy import resources
from stpolicy.document import shape
from stpolicy.document.dump import dump
from tests import lists

SCHEMA = json.loads(resources.schema())
REFERENCE = jsonschema.Draft7Validator(SCHEMA)
many = settings(deadline=None, max_examples=100)


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


TAKEN = [
    pytest.param(lists.value(), id="plain"),
    pytest.param(lists.value({}), id="no policies"),
    pytest.param(lists.value({"пример.рф".encode("idna").decode(): lists.ONE_HOST}), id="xn--p1ai"),
    pytest.param(lists.value({"a.b": lists.ONE_HOST | {"mxs": [".xn--p1ai"]}}), id="suffix xn--p1ai"),
    pytest.param(lists.value({"Example.COM.": lists.ONE_HOST}), id="upper case and a trailing dot"),
    pytest.param(lists.value({"10.0.0.1": lists.ONE_HOST}), id="what only a rule can judge"),
    pytest.param(lists.value({"a.b": lists.ONE_HOST | {"mxs": ["A.b", "a.b"]}}), id="spellings of one"),
    pytest.param(lists.value(aliases={"x": {"policy-alias": "y"}}), id="alias of an alias"),
    pytest.param(lists.value({"a.b": {"policy-alias": "nowhere"}}), id="alias that is not defined"),
    pytest.param(lists.value(timestamp=1, expires=2.0), id="epoch seconds"),
    pytest.param(lists.value(timestamp=f"2026-11-01T00:00:00.{'1' * 5000}Z"), id="5000 digits"),
    pytest.param(lists.value(author=""), id="empty author"),
]

REFUSED = [
    pytest.param(lists.value({"evil.com\n": lists.ONE_HOST}), id="L1 line feed after a domain"),
    pytest.param(lists.value({"a.b": lists.ONE_HOST | {"mxs": ["mx.a.com\n"]}}), id="L1 after a pattern"),
    pytest.param(lists.value(aliases={"x\n": lists.ONE_HOST}), id="L9 line feed after an alias"),
    pytest.param(lists.value({"a.b": {"policy-alias": "x\n"}}), id="L9 line feed after a reference"),
    pytest.param(lists.value(timestamp=f"{lists.TIMESTAMP}\n"), id="line feed after a date"),
    pytest.param(lists.value(timestamp="٢٠٢٦-١١-٠١T00:00:00Z"), id="Arabic-Indic digits"),
    pytest.param(lists.value(timestamp=f"{lists.TIMESTAMP} #"), id="more after a date"),
    pytest.param(lists.value(timestamp="2026-11-01T00:00:00"), id="naive"),
    pytest.param(lists.value(timestamp="2026-11-01T00:00:00+0000"), id="+0000"),
    pytest.param(lists.value(timestamp=True), id="true as a date"),
    pytest.param(lists.value(timestamp=-1), id="negative"),
    pytest.param(lists.value(timestamp=0.5), id="half a second"),
    pytest.param(lists.value({"bücher.de": lists.ONE_HOST}), id="L8 U-label"),
    pytest.param(lists.value({"\u212a.com": lists.ONE_HOST}), id="L3 KELVIN SIGN"),
    pytest.param(lists.value({"a.b": lists.ONE_HOST | {"mxs": ["*.a.com"]}}), id="wildcard"),
    pytest.param(lists.value({"a:b": lists.ONE_HOST}), id="L1 colon"),
    pytest.param(lists.value({"": lists.ONE_HOST}), id="empty name"),
    pytest.param(lists.value({"a.b": lists.ONE_HOST | {"policy-alias": "x"}}), id="policy and reference"),
    pytest.param(lists.value(version="0.10"), id="version 0.10"),
    pytest.param(lists.value(pinsets={}), id="unknown field"),
]


@pytest.mark.parametrize("value", TAKEN)
def test_takes(value: object) -> None:
    assert shape.fits(value)
    assert shape.misfits(value) == []
    assert REFERENCE.is_valid(value)


@pytest.mark.parametrize("value", REFUSED)
def test_refuses(value: object) -> None:
    assert not shape.fits(value)
    assert not REFERENCE.is_valid(value)


junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=8),
    lists.names,
    lists.written_dates,
    st.sampled_from(["testing", "enforce", "0.1", [], {}, [""], ["a.b", "a.b"], [1, 1.0, True]]),
    st.lists(lists.names, max_size=3),
    st.dictionaries(lists.names, st.just(lists.ONE_HOST), max_size=2),
    st.fixed_dictionaries(
        {},
        optional={
            "mode": lists.modes.map(str),
            "mxs": st.lists(lists.names),
            "policy-alias": lists.names,
        },
    ),
).map(deepcopy)  # `broken` goes on to change it


@st.composite
def broken(draw: st.DrawFn) -> Any:
    """A list with up to three members replaced, added or taken away, at any depth."""
    value = json.loads(dump(draw(lists.policy_lists(max_size=3))))
    for _ in range(draw(st.integers(0, 3))):
        inside: Any = value
        while isinstance(inside, (dict, list)) and inside:
            step = draw(st.sampled_from(sorted(inside) if isinstance(inside, dict) else range(len(inside))))
            if not isinstance(inside[step], (dict, list)) or draw(st.booleans()):
                break
            inside = inside[step]
        if isinstance(inside, list):
            inside.insert(0, draw(junk))
        elif not inside or draw(st.integers(0, 3)) == 0:
            inside[draw(lists.names | st.sampled_from(["mode", "policy-alias", "pinsets"]))] = draw(junk)
        elif draw(st.booleans()):
            del inside[step]
        else:
            inside[step] = draw(junk)
    return value


@many
@given(st.one_of(broken(), junk))
@example(lists.value(timestamp=1e300))
@example(lists.value(timestamp=10**4000))
def test_the_quick_answer_is_that_of_jsonschema(value: Any) -> None:
    assert shape.fits(value) is REFERENCE.is_valid(value)


@many
@given(st.one_of(broken(), junk))
def test_the_explanation_is_that_of_the_whole_value(value: Any) -> None:
    """Only the members that do not fit are explained: that must leave nothing out and add nothing."""
    whole = shape._in_ascii(value)
    expected = {misfit for error in REFERENCE.iter_errors(whole) for misfit in shape._explain(error)}
    found = shape.misfits(value)
    assert set(found) == expected
    assert bool(found) is not shape.fits(whole)
    assert len(found) == len(set(found))


@many
@given(st.dictionaries(st.sampled_from(["bücher.de", "Bücher.de", "xn--bcher-kva.de", "a.b"]), junk))
def test_no_entry_is_lost_when_names_become_ascii(members: dict[str, Any]) -> None:
    whole = shape._in_ascii(lists.value(members))
    assert len(whole["policies"]) == len(members)


def test_a_text_of_many_shapes_is_explained_briefly() -> None:
    (misfit,) = shape.misfits(lists.value(author=["x" * 1000]))
    assert len(misfit.message) < 120
