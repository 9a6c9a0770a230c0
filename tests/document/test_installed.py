"""What the last run noted, and what a map's text says."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stpolicy.document.installed import last_success, map_text
from stpolicy.model.dates import Instant

DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"reason": "unchanged", "last_success": "2026-11-01T00:00:00Z"}', Instant(1793491200)),
        (b'{"last_success": null}', None),
        (b'{"last_success": "yesterday"}', None),
        (b'{"last_success": true}', None),
        (b"{}", None),
        (b"[]", None),
        (b"1", None),
        (b'"last_success"', None),
        (b"", None),
        (b"[" * 100_000, None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_last_success(data: bytes, expected: Instant | None) -> None:
    assert last_success(data) == expected


@given(st.binary(max_size=60))
@example(b'{"last_success": 1e999}')
@example(b'{"last_success": NaN}')
def test_t24_any_state_is_read(data: bytes) -> None:
    last_success(data)


@pytest.mark.parametrize(
    ("text", "digest", "keys"),
    [
        ("", None, ()),
        (f"# list of today, sha256 {DIGEST}\na.com secure\n", DIGEST, ("a.com",)),
        (f"# made by us\n# sha256: {DIGEST}\n\n# local\nb\u00fc.de\tx\n", DIGEST, ("b\u00fc.de",)),
        (f"a.com secure\n# sha256 {DIGEST}\n", None, ("a.com",)),
        (f"# sha256 {DIGEST}0\n", None, ()),
        ("# c\n  continued x\na.com x\n\tb.com x\n\n   \nc.com\n", None, ("a.com", "c.com")),
        ("a\u2028b.com x\n", None, ("a\u2028b.com",)),
    ],
)
def test_map_text(text: str, digest: str | None, keys: tuple[str, ...]) -> None:
    assert map_text(text.encode()) == (digest, keys)


@given(st.binary(max_size=80))
def test_any_text_is_read(data: bytes) -> None:
    _, keys = map_text(data)
    assert all(key and not key.startswith("#") for key in keys)
