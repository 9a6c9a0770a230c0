"""The fast path is taken whenever it may be, and leaves no trace."""

import gc
import json

import pytest

from stpolicy.document import list as document
from stpolicy.document.scan import scan
from stpolicy.document.shape import misfits
from stpolicy.document.source import Source
from tests import lists


def _is_fast(data: bytes) -> bool:
    return document._fast(Source("x", data.decode())) is not None


@pytest.mark.parametrize("count", range(0, 34, 3))
@pytest.mark.parametrize("author", [None, "", "a:b", "::::"])
def test_taken_for_any_number_of_keys_and_colons(count: int, author: str | None) -> None:
    entries: dict[str, object] = {f"n{n}.com": lists.ONE_HOST for n in range(count)}
    aliases = {f"a{n}": lists.ONE_HOST for n in range(count // 3)}
    more = {} if author is None else {"author": author}
    assert _is_fast(json.dumps(lists.value(entries, aliases, **more)).encode())


@pytest.mark.parametrize("date", [0, 1793577600, 1793577600.0, "2026-11-01T00:00:00+02:00"])
def test_taken_for_any_date(date: object) -> None:
    assert _is_fast(lists.data(timestamp=date))


@pytest.mark.parametrize(
    "author", ["é", "\U0001f600", "\N{RIGHT-TO-LEFT MARK}", "a\\u00e9b", '\\"', "\\\\"], ids=ascii
)
def test_taken_for_harmless_text(author: str) -> None:
    whole = lists.data(author="AUTHOR").replace(b"AUTHOR", author.encode())
    assert _is_fast(whole)


@pytest.mark.parametrize(
    "author",
    ["\x7f", "\x80", "\\u0000", "\\u001f", "\\n", "\\ud800", "\\u003a", "\\u003A", "\\u007F", "\\u0085"],
    ids=ascii,
)
def test_not_taken_for_text_to_look_at(author: str) -> None:
    whole = lists.data(author="AUTHOR").replace(b"AUTHOR", author.encode())
    assert not _is_fast(whole)


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("data", [lists.data(), b"{", b"\xff"], ids=["good", "bad", "bytes"])
def test_collection_is_as_it_was(data: bytes, enabled: bool) -> None:
    was_enabled = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        document.parse(data, "x")
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()


def _one(entry: object, name: str = "a.com") -> str:
    value = json.loads(lists.data({name: entry}))
    found = misfits(value)
    assert len(found) == 1
    return found[0].message


@pytest.mark.parametrize(
    ("written", "said"),
    [(True, "true"), (None, "null"), (5, "5"), ("other", "'other'"), (["testing"], '["testing"]')],
    ids=str,
)
def test_values_are_shown_as_they_are_written(written: object, said: str) -> None:
    assert _one({"mode": written, "mxs": ["mx.a.com"]}).startswith(
        f"{said} should be one of: testing, enforce"
    )


@pytest.mark.parametrize("name", ["a.com", "bücher.de"])
def test_a_u_label_beside_something_else(name: str) -> None:
    """The U-labels are readable, so only the number is wrong."""
    assert _one({"mode": "testing", "mxs": ["mx.bücher.de", 5]}, name).startswith("5 ")


def test_u_labels_alone_are_no_misfit() -> None:
    for name in ("a.com", "bücher.de"):
        for mx in ("mx.a.com", ".bücher.de"):
            assert misfits(json.loads(lists.data({name: {"mode": "testing", "mxs": [mx]}}))) == []


@pytest.mark.parametrize("arrays", range(12, 22))
@pytest.mark.parametrize("outer", [0, 1, 3])
def test_depth_of_an_object_without_objects_in_it(arrays: int, outer: int) -> None:
    """Read at one go, but never deeper than anything else may be."""
    text = '{"a": ' * outer + '{"b": ' + "[" * arrays + "]" * arrays + "}" * (outer + 1)
    value, faults = scan(text)
    codes = [fault.code for fault in faults]
    if outer + 1 + arrays > 16:
        assert codes == ["document.too_deep"]
        assert faults[0].offset == text.index("[") + 16 - outer - 1
    else:
        assert codes == []
        assert value == json.loads(text)


@pytest.mark.parametrize("width", [3, 16, 40])
def test_arrays_beside_each_other_are_not_deep(width: int) -> None:
    text = json.dumps({"a": [[] for _ in range(width)]})
    assert scan(text) == (json.loads(text), [])
