"""What holds for every list, every mutation of one, and any bytes at all."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from stpolicy.document.codes import DOCUMENT
from stpolicy.document.dump import dump
from stpolicy.document.list import Document, _fast, _thorough, load, parse
from stpolicy.document.source import Source
from stpolicy.errors import Refused
from stpolicy.flows.validate import validate
from stpolicy.model.file import File
from stpolicy.model.policy import PolicyList
from stpolicy.suffixes import PublicSuffixes
from tests import lists

SUFFIXES = PublicSuffixes()
many = settings(deadline=None, max_examples=100)

FRAGMENTS = [
    *[b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b" ", b"\n", b"\0", b"\x7f", b"\xc2\x85", b"\xff"],
    *[b"\\u0000", b"\\u003a", b"\\ud800", b"\\ud83d\\ude00", b"\\u0061", b"\\n", b"NaN", b"1e400", b"null"],
    *[b'"a":1,', b'"policies":{},', b'"mode":"enforce",', b'"author":"a:b",', b"\xc3\xbc", b"//"],
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A list with one to three things done to its bytes."""
    data = dump(draw(lists.policy_lists(max_size=3)))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(1, 40)))
        match draw(st.sampled_from(["flip", "delete", "insert", "repeat", "move"])):
            case "flip":
                flipped = bytes(byte ^ draw(st.integers(1, 255)) for byte in data[at : at + 1])
                data = data[:at] + flipped + data[at + 1 :]
            case "delete":
                data = data[:at] + data[end:]
            case "insert":
                data = data[:at] + draw(st.sampled_from(FRAGMENTS)) + data[at:]
            case "repeat":
                data = data[:end] + data[at:]
            case _:
                data = data[:at] + data[end:] + data[at:end]
    return data


def _key(name: str, escaped: bool) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in name) if escaped else name


_SPELLED = st.builds(
    _key, st.sampled_from(["a.com", "A.com", "b.com", "bücher.de", "xn--bcher-kva.de"]), st.booleans()
)
_ENTRIES = st.sampled_from(
    [
        '{"mode": "enforce", "mxs": ["x.y"]}',
        '{"mode": "testing", "mode": "enforce", "mxs": ["x.y"]}',
        '{"m\\u006fde": "testing", "mxs": [".x.y", "x.y"]}',
        '{"policy-alias": "g"}',
        '{"policy-alias": "g", "mode": "testing"}',
        '{"mode": "none", "mxs": ["x.y"]}',
        '{"mode": "testing", "mxs": ["a b", "ü.de"]}',
        '{"mode": "testing", "mxs": []}',
        "{}",
        "5",
    ]
)


@st.composite
def repeating(draw: st.DrawFn) -> bytes:
    """A list in which keys may repeat at every level, plain or escaped."""

    def members() -> str:
        pairs = draw(st.lists(st.tuples(_SPELLED, _ENTRIES), max_size=4))
        return "{" + ", ".join(f'"{name}": {entry}' for name, entry in pairs) + "}"

    fields = [
        f'"timestamp": "{lists.TIMESTAMP}"',
        f'"expires": "{lists.EXPIRES}"',
        '"version": "0.1"',
        f'"policy-aliases": {members()}',
        f'"policies": {members()}',
    ]
    fields += draw(
        st.lists(st.sampled_from([*fields, '"author": "a:b"', '"author": "c"', '"x": 1']), max_size=3)
    )
    return ("{" + ", ".join(draw(st.permutations(fields))) + "}").encode()


def _all_findings(document: Document) -> list[tuple[str, int | None, int | None]]:
    findings = [*document.report.findings, *(finding for _, finding in document.doubtful_names)]
    return [(finding.code, finding.line, finding.column) for finding in findings]


def _survives(data: bytes) -> None:
    document = parse(data, "policy.json")
    text = data.decode("utf-8", "replace")
    for code, line, column in _all_findings(document):
        assert code in DOCUMENT
        assert line
        assert column
        assert line <= text.count("\n") + 1
        assert column <= max(map(len, text.split("\n"))) + 1
    assert document.policies is not None or document.report.failed
    report = validate(File("policy.json", data), now=lists.NOW, suffixes=SUFFIXES)
    assert report.failed or not document.report.findings
    try:
        policies = load(data, "policy.json")
    except Refused:
        assert _all_findings(document)
    else:
        assert policies == document.policies
        assert not _all_findings(document)


@many
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    _survives(data)


FIELDS = st.text() | st.sampled_from(sorted(lists.value()))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(FIELDS, inner),
)


@many
@given(ANY_JSON)
def test_any_json(value: Any) -> None:
    _survives(json.dumps(value).encode())
    _survives(json.dumps(lists.value() | {"policies": value}).encode())


@many
@given(mutated())
@example(lists.data(expires=2**53, timestamp=0))
@example(lists.data(expires=0, timestamp=2**53))
@example(lists.data({"bücher.de": {"mode": "none"}, "xn--bcher-kva.de": lists.ONE_HOST}))
def test_mutations_of_a_list(data: bytes) -> None:
    _survives(data)


@many
@given(repeating())
def test_repeated_keys(data: bytes) -> None:
    _survives(data)


@many
@given(lists.policy_lists())
def test_what_is_dumped_is_parsed(policies: PolicyList) -> None:
    data = dump(policies)
    document = parse(data, "policy.json")
    assert document.policies == policies
    assert not document.report.findings
    assert dump(document.policies) == data


@many
@given(lists.policy_lists())
def test_a_dump_is_plain_json_to_everybody(policies: PolicyList) -> None:
    value = json.loads(dump(policies))
    assert list(value["policies"]) == [entry.name for entry in policies.entries]
    assert value["timestamp"] == policies.timestamp.written
    assert value.get("author") == policies.author


@many
@given(st.one_of(mutated(), repeating(), lists.policy_lists().map(dump)))
def test_the_quick_way_and_the_thorough_way_agree(data: bytes) -> None:
    """Whatever the quick way takes, the thorough way takes too and finds nothing in."""
    try:
        source = Source("policy.json", data.decode())
    except UnicodeDecodeError:
        return
    if quick := _fast(source):
        thorough = _thorough(source)
        assert thorough.policies == quick.policies
        assert _all_findings(thorough) == _all_findings(quick)
        assert quick.policies is None or not _all_findings(quick)


def test_the_quick_way_is_taken() -> None:
    """Else the test before would say nothing."""
    for text in (lists.data().decode(), dump(lists.policy_list({"a.com": lists.enforce("x.y")})).decode()):
        assert _fast(Source("policy.json", text)) is not None


@many
@given(lists.policy_lists(), st.sampled_from([None, 1, "\t"]), st.booleans())
def test_layout_is_no_meaning(policies: PolicyList, indent: int | str | None, ensure_ascii: bool) -> None:
    value = json.loads(dump(policies))
    text = json.dumps(value, indent=indent, ensure_ascii=ensure_ascii)
    assert parse(text.encode(), "policy.json").policies == policies
