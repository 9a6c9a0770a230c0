"""Keys that stand twice: named where the second one stands, and never a way past the schema."""

import json

import pytest

from stpolicy.document.list import load, parse
from stpolicy.errors import Refused
from tests import lists

HEAD = f'{{"timestamp": "{lists.TIMESTAMP}", "expires": "{lists.EXPIRES}",\n'
ONE = json.dumps(lists.ONE_HOST)


def _data(*lines: str) -> bytes:
    """A list whose dates are on line 1; `@` stands for a policy."""
    return (HEAD + "\n".join(lines).replace("@", ONE) + "}").encode()


def _found(data: bytes) -> list[tuple[str, int | None, int | None]]:
    document = parse(data, "policy.json")
    return [(finding.code, finding.line, finding.column) for finding in document.report.findings]


NO_ALIASES = '"version": "0.1", "policy-aliases": {},'


@pytest.mark.parametrize(
    ("lines", "line", "column", "entries"),
    [
        pytest.param((NO_ALIASES, '"policies": {"a.b": @, "a.b": @}'), 3, 69, 2, id="domain"),
        pytest.param((NO_ALIASES, '"policies": {"a.b": @,', '"\\u0061.b": @}'), 4, 1, 2, id="escaped domain"),
        pytest.param(
            ('"version": "0.1", "policies": {},', '"policy-aliases": {"ü": @, "x": @,', ' "x": @}'),
            4,
            2,
            0,
            id="alias",
        ),
        pytest.param(
            (NO_ALIASES, '"policies": {"a.b": {"mode": "testing", "mode": "enforce", "mxs": ["x.y"]}}'),
            3,
            41,
            1,
            id="mode",
        ),
        pytest.param(
            (NO_ALIASES, '"policies": {"a.b": {"mode": "testing", "mxs": ["x.y"], "mxs": ["z.y"]}}'),
            3,
            57,
            1,
            id="mxs",
        ),
        pytest.param(
            (NO_ALIASES, '"policies": {"a.b": {"policy-alias": "x",', '"policy-alias": "y"}}'),
            4,
            1,
            1,
            id="policy-alias",
        ),
        pytest.param(
            (NO_ALIASES, '"policies": {"a.b": @, "c.d": @},', '"policies": {"e.f": @}'),
            4,
            1,
            1,
            id="policies",
        ),
        pytest.param((NO_ALIASES, '"policies": 5,', '"policies": {"e.f": @}'), 4, 1, 1, id="hidden policies"),
        pytest.param((NO_ALIASES, '"version": "0.1", "policies": {"a.b": @}'), 3, 1, 1, id="version"),
        pytest.param(
            (NO_ALIASES, '"author": "ü:b", "author": "a:c", "policies": {"a.b": @}'),
            3,
            18,
            1,
            id="with colons",
        ),
    ],
)
def test_duplicate_key_l2(lines: tuple[str, ...], line: int, column: int, entries: int) -> None:
    data = _data(*lines)
    assert _found(data) == [("document.duplicate_key", line, column)]
    policies = parse(data, "policy.json").policies
    assert policies is not None
    assert len(policies.entries) == entries
    with pytest.raises(Refused):
        load(data, "policy.json")


def test_each_repetition_is_named() -> None:
    data = _data(NO_ALIASES, '"policies": {"a.b": @,', '"a.b": @,', '"a.b": @}')
    assert _found(data) == [("document.duplicate_key", 4, 1), ("document.duplicate_key", 5, 1)]


@pytest.mark.parametrize(
    "hidden", ["5", "null", "[]", "{}", '{"mode": "none", "mxs": []}', '{"policy-alias": 5}']
)
@pytest.mark.parametrize("field", ["policies", "policy-aliases"])
def test_a_hidden_duplicate_that_is_no_entry_l2(field: str, hidden: str) -> None:
    """The schema sees the last of two; the first must not reach the model unseen."""
    other = ({"policies", "policy-aliases"} - {field}).pop()
    data = _data(f'"version": "0.1", "{other}": {{}},', f'"{field}": {{"a.b": {hidden},', '"a.b": @}')
    assert _found(data) == [("document.duplicate_key", 4, 1)]
    assert parse(data, "policy.json").policies is None


@pytest.mark.parametrize("names", [("bücher.de", "xn--bcher-kva.de"), ("bücher.de", "Bücher.de")])
@pytest.mark.parametrize("bad", [0, 1])
def test_one_of_two_spellings_that_is_no_entry_l3(names: tuple[str, str], bad: int) -> None:
    entries = [ONE, ONE]
    entries[bad] = '{"mode": "none", "mxs": ["x.y"]}'
    rows = [f'"{name}":{entry}' for name, entry in zip(names, entries, strict=True)]
    data = _data(NO_ALIASES, '"policies": {', rows[0] + ",", rows[1] + "}")
    found = [place for place in _found(data) if place[2] and place[2] > 1]
    assert found == [("document.shape", 4 + bad, len(names[bad]) + 5)]
    assert parse(data, "policy.json").policies is None


def test_two_spellings_that_are_fine_are_for_the_rules_to_name_l3() -> None:
    document = parse(_data(NO_ALIASES, '"policies": {"bücher.de": @, "xn--bcher-kva.de": @}'), "policy.json")
    assert document.report.findings == ()
    assert document.policies is not None
    assert [entry.domain for entry in document.policies.entries] == ["xn--bcher-kva.de"] * 2
