"""What is no list, with the place that is named: line and column from 1, in code points."""

import json

import pytest

from stpolicy.document.list import load, parse
from stpolicy.errors import Refused
from stpolicy.model.finding import Finding
from tests import lists

Expected = list[tuple[str, int, int]]


def _found(data: bytes, largest: int | None = None) -> Expected:
    document = parse(data, "policy.json") if largest is None else parse(data, "policy.json", largest=largest)
    findings = [*document.report.findings, *(finding for _, finding in document.doubtful_names)]
    return [_place(finding) for finding in findings]


def _place(finding: Finding) -> tuple[str, int, int]:
    assert finding.file == "policy.json"
    return finding.code, finding.line or 0, finding.column or 0


ENCODING, SYNTAX = "document.encoding", "document.syntax"
DUPLICATE, SHAPE = "document.duplicate_key", "document.shape"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"\xef\xbb\xbf{}", (ENCODING, 1, 1), id="L4 byte order mark"),
        pytest.param("{}".encode("utf-16"), (ENCODING, 1, 1), id="L4 UTF-16 with a mark"),
        pytest.param(b"\xfe\xff\x00{\x00}", (ENCODING, 1, 1), id="L4 UTF-16 BE with a mark"),
        pytest.param("{}".encode("utf-16-le"), (SYNTAX, 1, 2), id="L4 UTF-16 LE"),
        pytest.param("{}".encode("utf-16-be"), (SYNTAX, 1, 1), id="L4 UTF-16 BE"),
        pytest.param("{}".encode("utf-32"), (ENCODING, 1, 1), id="L4 UTF-32 with a mark"),
        pytest.param(b'{\n"\xc3\xbc": "\xfc"}', (ENCODING, 2, 7), id="L4 Latin-1 after ü"),
        pytest.param(b'{"a": "\xed\xa0\x80"}', (ENCODING, 1, 8), id="L4 surrogate in UTF-8"),
        pytest.param(b'{"a": "\xc0\x80"}', (ENCODING, 1, 8), id="L4 overlong NUL"),
        pytest.param(b'{"a": "\xf4\x90\x80\x80"}', (ENCODING, 1, 8), id="L4 beyond Unicode"),
        pytest.param(b'{"a": "\xc3', (ENCODING, 1, 8), id="L4 cut within a character"),
        pytest.param(b'\n{"\xc3\xbc": "\\ud800"}', (ENCODING, 2, 7), id="L4 lone high surrogate"),
        pytest.param(b'{"a": "\\udc00"}', (ENCODING, 1, 7), id="L4 lone low surrogate"),
        pytest.param(b'{"a": "\\udc00\\ud800"}', (ENCODING, 1, 7), id="L4 surrogates the wrong way round"),
        pytest.param(b'{"\\uDBFF": 1}', (ENCODING, 1, 2), id="L4 lone surrogate in a key"),
        pytest.param(b"", (SYNTAX, 1, 1), id="nothing"),
        pytest.param(b" \n ", (SYNTAX, 2, 2), id="white space"),
        pytest.param(b'{"\xc3\xbc": "a\x01"}', (SYNTAX, 1, 9), id="L1 raw control character"),
        pytest.param(b'{"a": "b\nc"}', (SYNTAX, 1, 9), id="L1 raw line feed"),
        pytest.param(b'{"a": "b\tc"}', (SYNTAX, 1, 9), id="L1 raw tab"),
        pytest.param(b'{"a": "\\u0000"}', (SYNTAX, 1, 7), id="L1 escaped NUL"),
        pytest.param(b'{"a": "x\\n"}', (SYNTAX, 1, 7), id="L1 escaped line feed"),
        pytest.param(b'{"a\\r": 1}', (SYNTAX, 1, 2), id="L1 escaped carriage return in a key"),
        pytest.param(b'{"a": "\\b"}', (SYNTAX, 1, 7), id="L1 escaped backspace"),
        pytest.param(b'{"a": "\\u001F"}', (SYNTAX, 1, 7), id="L1 escaped US"),
        pytest.param(b'{"a": "\x7f"}', (SYNTAX, 1, 7), id="L1 raw DEL"),
        pytest.param(b'{"a": "\\u007F"}', (SYNTAX, 1, 7), id="L1 escaped DEL"),
        pytest.param(b'{"a": "\xc2\x85"}', (SYNTAX, 1, 7), id="L1 raw NEL (C1)"),
        pytest.param(b'{"a": "\\u009b"}', (SYNTAX, 1, 7), id="L1 escaped CSI (C1)"),
        pytest.param(b'{"\xc3\xbc": NaN}', (SYNTAX, 1, 7), id="L4 NaN after ü"),
        pytest.param(b'{"a": Infinity}', (SYNTAX, 1, 7), id="L4 Infinity"),
        pytest.param(b'{"a": -Infinity}', (SYNTAX, 1, 7), id="L4 -Infinity"),
        pytest.param(b'{"a": 1,}', (SYNTAX, 1, 9), id="comma after the last member"),
        pytest.param(b'{"a": [1,]}', (SYNTAX, 1, 10), id="comma after the last item"),
        pytest.param(b"{,}", (SYNTAX, 1, 2), id="comma alone"),
        pytest.param(b'{"a": 1 "b": 2}', (SYNTAX, 1, 9), id="no comma"),
        pytest.param(b'{"a" 1}', (SYNTAX, 1, 6), id="no colon"),
        pytest.param(b"{a: 1}", (SYNTAX, 1, 2), id="key without quotes"),
        pytest.param(b"{'a': 1}", (SYNTAX, 1, 2), id="single quotes"),
        pytest.param(b'{"a": 01}', (SYNTAX, 1, 8), id="leading zero"),
        pytest.param(b'{"a": +1}', (SYNTAX, 1, 7), id="plus sign"),
        pytest.param(b'{"a": True}', (SYNTAX, 1, 7), id="Python's True"),
        pytest.param(b'{\n  // no\n  "a": 1}', (SYNTAX, 2, 3), id="line comment"),
        pytest.param(b'{"a": /* no */ 1}', (SYNTAX, 1, 7), id="block comment"),
        pytest.param(b'{"a": "\\x41"}', (SYNTAX, 1, 8), id="unknown escape"),
        pytest.param(b'{"a": "\\u00g0"}', (SYNTAX, 1, 9), id="bad escape"),
        pytest.param(b'{"a": "b}', (SYNTAX, 1, 7), id="open string"),
        pytest.param(b'{"a": [1', (SYNTAX, 1, 9), id="open array"),
        pytest.param(b'{"a": 1', (SYNTAX, 1, 8), id="open object"),
        pytest.param(b"{}\n{}", (SYNTAX, 2, 1), id="L4 trailing data"),
        pytest.param(b"{} \x00", (SYNTAX, 1, 4), id="L4 trailing NUL"),
        pytest.param(b"\xc2\xa0{}", (SYNTAX, 1, 1), id="no-break space"),
        pytest.param(b"\x0c{}", (SYNTAX, 1, 1), id="form feed"),
        pytest.param(b'{"a": ' + b"1" * 5000 + b"}", (SYNTAX, 1, 7), id="L4 5000 digits"),
        pytest.param(b"[" * 17 + b"]" * 17, ("document.too_deep", 1, 17), id="L4 depth 17"),
        pytest.param(b"[" * 100_000, ("document.too_deep", 1, 17), id="L4 100000 brackets"),
        pytest.param(b'{"\xc3\xbc":' * 100_000, ("document.too_deep", 1, 81), id="L4 100000 braces"),
        pytest.param(b"[" * 16 + b"]" * 16, (SHAPE, 1, 1), id="depth 16 is only no list"),
    ],
)
def test_is_no_list(data: bytes, expected: tuple[str, int, int]) -> None:
    assert _found(data) == [expected]
    assert parse(data, "policy.json").policies is None
    with pytest.raises(Refused):
        load(data, "policy.json")


def test_too_large() -> None:
    data = lists.data()
    assert _found(data, largest=len(data)) == []
    assert _found(data, largest=len(data) - 1) == [("document.too_large", 1, 1)]
    (finding,) = parse(data + b" " * 99, "policy.json", largest=100).report.findings
    assert finding.message == "the file has more than 100 bytes", "nobody counts what is not read"


def test_every_fault_before_a_syntax_error_is_named() -> None:
    data = b'{"a": "\\n",\n "a": "\\ud800",\n "b": nul}'
    assert _found(data) == [(SYNTAX, 1, 7), (DUPLICATE, 2, 2), (ENCODING, 2, 7), (SYNTAX, 3, 7)]


@pytest.mark.parametrize(
    "author",
    ["\U0001f600", "ü:\u2028", "a\\nb", '"', "/", "\ue000", "\uffff", "::"],
    ids=ascii,
)
def test_texts_that_are_fine(author: str) -> None:
    for ensure_ascii in (True, False):
        data = json.dumps(lists.value(author=author), ensure_ascii=ensure_ascii).encode()
        assert _found(data) == []
        policies = parse(data, "policy.json").policies
        assert policies is not None
        assert policies.author == author
