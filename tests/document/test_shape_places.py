"""What has not the shape of a list, and where that is."""

import json

import pytest

from stpolicy.document.list import load, parse
from stpolicy.errors import Refused
from tests import lists

ONE = lists.ONE_HOST
UNKNOWN, MISSING = "document.unknown_field", "document.missing_field"
SHAPE, DATE, VERSION = "document.shape", "document.date", "document.version"


def _found(value: object) -> list[tuple[str, int, int]]:
    """What is found in a value that is written with each member on a line of its own."""
    data = json.dumps(value, indent=1, ensure_ascii=False).encode()
    with pytest.raises(Refused):
        load(data, "policy.json")
    document = parse(data, "policy.json")
    findings = [*document.report.findings, *(finding for _, finding in document.doubtful_names)]
    return [(finding.code, finding.line or 0, finding.column or 0) for finding in findings]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, [(SHAPE, 1, 1)], id="null"),
        pytest.param(5, [(SHAPE, 1, 1)], id="number"),
        pytest.param("text", [(SHAPE, 1, 1)], id="text"),
        pytest.param([], [(SHAPE, 1, 1)], id="array"),
        pytest.param({}, [(MISSING, 1, 1)] * 5, id="empty object"),
        pytest.param(lists.value(pinsets={}), [(UNKNOWN, 14, 2)], id="unknown field"),
        pytest.param(lists.value(author=5), [(SHAPE, 14, 2)], id="author is a number"),
        pytest.param(lists.value(author=None), [(SHAPE, 14, 2)], id="author is null"),
        pytest.param(lists.value(version="0.2"), [(VERSION, 4, 2)], id="version 0.2"),
        pytest.param(lists.value(version=0.1), [(VERSION, 4, 2)], id="version as a number"),
        pytest.param(lists.value(timestamp="2026-11-01T00:00:00"), [(DATE, 2, 2)], id="naive date"),
        pytest.param(lists.value(timestamp="2026-11-31T00:00:00Z"), [(DATE, 2, 2)], id="no real date"),
        pytest.param(lists.value(expires="2026-11-15T00:00:00+19:59"), [(DATE, 3, 2)], id="offset +19:59"),
        pytest.param(lists.value(expires=True), [(DATE, 3, 2)], id="date is true"),
        pytest.param(lists.value(expires=None), [(DATE, 3, 2)], id="date is null"),
        pytest.param(lists.value(expires=10**30), [(DATE, 3, 2)], id="date beyond 2^53"),
        pytest.param(lists.value(expires=1.5), [(DATE, 3, 2)], id="date in parts of seconds"),
        pytest.param(lists.value(expires=-1), [(DATE, 3, 2)], id="date before 1970 in seconds"),
        pytest.param(lists.value(timestamp="", expires=""), [(DATE, 2, 2), (DATE, 3, 2)], id="both dates"),
        pytest.param(lists.value([]), [(SHAPE, 6, 2)], id="policies is an array"),
        pytest.param(lists.value([ONE]), [(SHAPE, 6, 2)], id="policies is a full array"),
        pytest.param(lists.value(aliases=5), [(SHAPE, 5, 2)], id="aliases is a number"),
        pytest.param(lists.value({"a.b": ONE, "c.d": 5}), [(SHAPE, 13, 3)], id="entry is a number"),
    ],
)
def test_list(value: object, expected: list[tuple[str, int, int]]) -> None:
    assert _found(value) == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param({}, [(MISSING, 7, 3)] * 2, id="empty entry"),
        pytest.param({"mxs": ["x.y"]}, [(MISSING, 7, 3)], id="no mode"),
        pytest.param({"mode": "enforce"}, [(MISSING, 7, 3)], id="no mxs"),
        pytest.param(ONE | {"mode": "none"}, [(SHAPE, 8, 4)], id="L9 mode none"),
        pytest.param(ONE | {"mode": "Enforce"}, [(SHAPE, 8, 4)], id="mode in upper case"),
        pytest.param(ONE | {"mode": ["enforce"]}, [(SHAPE, 8, 4)], id="mode in an array"),
        pytest.param(ONE | {"mxs": []}, [(SHAPE, 9, 4)], id="L9 no patterns"),
        pytest.param(ONE | {"mxs": "x.y"}, [(SHAPE, 9, 4)], id="mxs is a text"),
        pytest.param(ONE | {"mxs": ["x.y", 5]}, [(SHAPE, 11, 5)], id="pattern is a number"),
        pytest.param(ONE | {"mxs": ["x.y", ""]}, [(SHAPE, 11, 5)], id="empty pattern"),
        pytest.param(ONE | {"mxs": ["x.y", "x.y"]}, [(SHAPE, 9, 4)], id="repeated pattern"),
        pytest.param(ONE | {"mx": []}, [(UNKNOWN, 12, 4)], id="unknown field of an entry"),
        pytest.param({"policy-alias": "x", "mode": "enforce"}, [(UNKNOWN, 9, 4)], id="alias and mode"),
        pytest.param({"policy-alias": "x", "mxs": ["x.y"]}, [(UNKNOWN, 9, 4)], id="alias and mxs"),
        pytest.param({"policy-alias": None}, [(SHAPE, 8, 4)], id="alias is null"),
        pytest.param({"policy-alias": ""}, [(SHAPE, 8, 4)], id="L9 empty alias name"),
    ],
)
def test_entry(entry: object, expected: list[tuple[str, int, int]]) -> None:
    assert _found(lists.value({"a.b": entry})) == expected
    as_an_alias = [(code, line - 1, column) for code, line, column in expected]
    assert _found(lists.value({}, {"a.b": entry})) == as_an_alias


@pytest.mark.parametrize(
    ("value", "line"),
    [
        pytest.param(lists.value({"a.b": ONE, "a b": ONE}), 13, id="L1 space in a domain"),
        pytest.param(lists.value({"": ONE}), 7, id="empty domain"),
        pytest.param(lists.value({"☃.de": ONE}), 7, id="L8 no A-label"),
        pytest.param(lists.value(aliases={"a:b": ONE}), 6, id="L1 colon in an alias"),
        pytest.param(lists.value(aliases={"a": ONE, "": ONE}), 12, id="L9 empty alias"),
    ],
)
def test_name(value: object, line: int) -> None:
    assert _found(value) == [(SHAPE, line, 3)]


def test_columns_are_counted_in_code_points() -> None:
    data = '{"author": "ü€\U0001f600", "version": "0.2"}'.encode()
    codes = {(finding.code, finding.column) for finding in parse(data, "p").report.findings}
    assert ("document.version", 19) in codes


@pytest.mark.parametrize("field", ["timestamp", "expires", "version", "policies", "policy-aliases"])
def test_required_fields(field: str) -> None:
    assert {finding.code for finding in parse(lists.data(without=(field,)), "p").report.findings} == {MISSING}


def test_a_finding_names_the_entry() -> None:
    (finding,) = parse(lists.data({"a.b": ONE, "c.d": ONE | {"x": 1}}), "p").report.findings
    assert (finding.code, finding.where) == (UNKNOWN, "c.d")


def test_with_an_unknown_field_the_list_can_still_be_judged() -> None:
    document = parse(lists.data(pinsets={}), "p")
    assert document.policies is not None
    assert document.policies.policy_for("example.com") is not None
