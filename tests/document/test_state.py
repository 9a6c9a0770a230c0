"""state.json: read whatever it is, written as a shell can read it too."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stpolicy.document.state import dump, read
from stpolicy.model.dates import Instant
from stpolicy.model.outcome import Reason
from stpolicy.model.state import Listed, MapState, State

LISTED = Listed(Instant(1793491200, "25"), Instant(1794700800), "ab" * 32, "20261101T000000Z-0123456789ab")
MAP = MapState("lmdb:/x", "12" * 32, "1:2:3", Instant(1794700800), {"enforced": 7}, reload_pending=True)
STATE = State(
    Reason.INSTALLED,
    "",
    Instant(1793494800),
    "stpolicy 0.1.0",
    Instant(1793494800),
    "https://list.example.org/policy.json",
    LISTED,
    {"https://list.example.org/policy.json": ("v", "a", "b", "c", "d")},
    MAP,
)


def test_what_is_written_is_read() -> None:
    assert read(dump(STATE)) == STATE
    bare = State(Reason.NETWORK, "a \u2028 \ud800", Instant(0), "x")
    assert read(dump(bare)) == bare


def test_a_shell_finds_a_key_on_a_line_of_its_own() -> None:
    lines = dump(STATE).decode("ascii").splitlines()
    assert '  "reason": "installed",' in lines
    assert '  "last_success": "2026-11-01T01:00:00Z",' in lines
    assert sum(line.startswith('  "last_success"') for line in lines) == 1


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"reason": "unchanged", "last_success": "2026-11-01T00:00:00Z"}', Instant(1793491200)),
        (b'{"reason": "unchanged", "last_success": null}', None),
        (b'{"reason": "unchanged"}', None),
        (b'{"reason": "unchanged", "last_success": "yesterday"}', None),
        (b'{"reason": "unchanged", "last_success": true}', None),
    ],
)
def test_last_success(data: bytes, expected: Instant | None) -> None:
    found = read(data)
    assert (found.last_success if found else None) == expected


@pytest.mark.parametrize(
    "data",
    [None, b"", b"[]", b"1", b"\xff", b"[" * 100_000, b'{"reason": "great"}', b'{"reason": []}'],
)
def test_t24_what_is_no_state(data: bytes | None) -> None:
    assert read(data) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.binary(max_size=60))
@example(b'{"reason": "installed", "last_success": 1e999}')
@example(b'{"reason": "installed", "last_success": NaN}')
def test_t24_any_bytes_are_read(data: bytes) -> None:
    read(data)


@given(st.sampled_from([*json.loads(dump(STATE))]), _JSON)
def test_t24_any_value_is_read(key: str, value: object) -> None:
    read(json.dumps(json.loads(dump(STATE)) | {key: value}).encode())


@given(st.sampled_from(["list", "map"]), st.data(), _JSON)
def test_t24_any_value_within_is_read(part: str, data: st.DataObject, value: object) -> None:
    document = json.loads(dump(STATE))
    document[part][data.draw(st.sampled_from([*document[part]]))] = value
    read(json.dumps(document).encode())
