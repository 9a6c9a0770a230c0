"""What a map's text says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stpolicy.document.table import map_expiry, map_text
from stpolicy.model.dates import Instant

DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "digest", "rows"),
    [
        ("", None, {}),
        (f"# list of today, sha256 {DIGEST}\na.com secure\n", DIGEST, {"a.com": "secure"}),
        (f"# made by us\n# sha256: {DIGEST}\n\n# local\nb\u00fc.de\tx\n", DIGEST, {"b\u00fc.de": "x"}),
        (f"a.com secure\n# sha256 {DIGEST}\n", None, {"a.com": "secure"}),
        (f"# sha256 {DIGEST}0\n", None, {}),
        (
            "# c\n  continued x\na.com x\n\tb.com x\n\n   \nc.com\n",
            None,
            {"a.com": "x\tb.com x", "c.com": ""},
        ),
        ("a.com x\n # no end\n\n y\nb.com  z \n", None, {"a.com": "x y", "b.com": "z"}),
        ("A.com x\na.COM y\na.com z\n", None, {"A.com": "x"}),
        ("a\u2028b.com x\n", None, {"a\u2028b.com": "x"}),
    ],
)
def test_map_text(text: str, digest: str | None, rows: dict[str, str]) -> None:
    assert map_text(text.encode()) == (digest, rows)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"# list of 1, in force until 2026-11-15T00:00:00.25Z, sha256 {DIGEST}\n",
            Instant(1794700800, "25"),
        ),
        (f"## list of 1, in force until 1794700800, sha256 {DIGEST}\n", Instant(1794700800)),
        (f"# list of 1.0, in force until 1794700800.0, sha256 {DIGEST}\n", Instant(1794700800)),
        (f"# list of 1, NOT IN FORCE since 1794700800, sha256 {DIGEST}\n", None),
        (f"# in force until tomorrow, sha256 {DIGEST}\n", None),
        (f"# in force until {'9' * 5000}, sha256 {DIGEST}\n", None),
        (f"# in force until \u0661, sha256 {DIGEST}\n", None),
        (f"a.com x\n# in force until 1794700800, sha256 {DIGEST}\n", None),
        ("", None),
    ],
)
def test_when_the_list_of_a_map_runs_out(text: str, expected: Instant | None) -> None:
    assert map_expiry(text.encode()) == expected


@given(st.binary(max_size=80))
def test_any_text_is_read(data: bytes) -> None:
    _, rows = map_text(data)
    assert all(key and not key.startswith("#") for key in rows)
