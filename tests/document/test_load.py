"""`load`, for those who use a list and do not report on it."""

import json

import pytest

from stpolicy.document.list import load
from stpolicy.document.shape import misfits
from stpolicy.errors import Refused
from tests import lists


def _said(data: bytes) -> str:
    with pytest.raises(Refused) as raised:
        load(data, "policy.json")
    assert raised.value.mend == "stpolicy validate policy.json"
    return raised.value.message


def test_a_list() -> None:
    assert load(lists.data(), "policy.json").policy_for("example.com") is not None


def test_one_finding_is_named_with_its_place() -> None:
    said = _said(b'{"a": }')
    assert said.startswith("policy.json:1:7: ")
    assert said.endswith("[document.syntax]")


@pytest.mark.parametrize("more", [1, 2, 9])
def test_the_first_of_several_is_named_and_the_rest_counted(more: int) -> None:
    value = lists.value() | {f"unknown{number}": 1 for number in range(more + 1)}
    assert _said(json.dumps(value).encode()).endswith(f"[document.unknown_field] (and {more} more)")


def test_doubtful_names_count_too() -> None:
    assert _said(lists.data({"a b.com": lists.ONE_HOST})).endswith("[document.shape]")


@pytest.mark.parametrize(("length", "is_whole"), [(5, True), (58, True), (59, False), (500, False)])
def test_long_values_are_cut(length: int, is_whole: bool) -> None:
    """With its quotes a value of 58 characters fills the 60 that a message shows."""
    value = lists.value({"a.com": {"mode": "x" * length, "mxs": ["mx.a.com"]}})
    message = misfits(value)[0].message
    assert ("x" * length in message) is is_whole
    assert ("..." in message) is not is_whole
    assert len(message) < 110


def test_an_empty_list_with_white_space_in_its_objects() -> None:
    data = lists.data({}, {}).replace(b"{}", b"{ \n}").replace(b"}}", b"}, \n}")
    assert "document.syntax" in _said(data)
    assert load(lists.data({}, {}).replace(b"{}", b"{ \n}"), "x").entries == ()
