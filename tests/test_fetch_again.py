"""A list that was fetched before: asked for on the condition that it has changed (R16)."""

from pathlib import Path

import pytest

from stpolicy import fetch
from stpolicy.errors import StpolicyError
from stpolicy.fetch import Source, Validators
from tests.webserver import Server, answer, ok

pytestmark = pytest.mark.usefixtures("room")
"""No proxy, no netrc."""

BODY = b'{"hello": 1}'
KNOWN = (Validators('"1"', "Sat, 21 Nov 2026 00:00:00 GMT"), Validators('"2"'))
SAME = answer("304 Not Modified", b"")
MODIFIED = "Sun, 22 Nov 2026 00:00:00 GMT"
OTHER = ok(BODY, 'ETag: "3"', f"Last-Modified: {MODIFIED}", "Date: Sun, 22 Nov 2026 00:01:00 GMT")


def test_r16_nothing_has_changed(server: Server, authority: Path) -> None:
    server.answers |= {"/l.json": SAME, "/l.json.asc": SAME}
    source = Source(f"{server.url}/l.json", 99, 99, authority / "ca.pem")
    assert fetch.changed(source, KNOWN) is None
    assert 'If-None-Match: "1"\r\nIf-Modified-Since: Sat, 21 Nov 2026 00:00:00 GMT\r\n' in server.requests[0]
    assert 'If-None-Match: "2"\r\n' in server.requests[1]
    assert "If-Modified-Since" not in server.requests[1]


def test_r16_both_have_changed(server: Server, authority: Path) -> None:
    server.answers |= {"/l.json": OTHER, "/l.json.asc": ok(b"s")}
    pair = fetch.changed(Source(f"{server.url}/l.json", 99, 99, authority / "ca.pem"), KNOWN)
    assert pair is not None
    assert pair.validators == (Validators('"3"', MODIFIED), Validators())
    assert len(server.requests) == 2


@pytest.mark.parametrize("same", ["/l.json", "/l.json.asc"])
def test_r16_one_has_changed_so_both_are_fetched(same: str, server: Server, authority: Path) -> None:
    """The server says 304 only to whoever asks for it."""
    whole = {"/l.json": OTHER, "/l.json.asc": ok(b"s")}
    server.answers |= whole
    server.conditional = {same}
    pair = fetch.changed(Source(f"{server.url}/l.json", 99, 99, authority / "ca.pem"), KNOWN)
    assert pair is not None
    assert (pair.data, pair.signature) == (BODY, b"s")
    assert ["If-None-Match" in head for head in server.requests] == [True, True, False, False]


def test_r16_not_modified_though_nobody_asked(server: Server, authority: Path) -> None:
    server.answers |= {"/l.json": SAME, "/l.json.asc": SAME}
    with pytest.raises(StpolicyError, match="304"):
        fetch.pair(Source(f"{server.url}/l.json", 99, 99, authority / "ca.pem"))


@pytest.mark.parametrize(
    "headers",
    [
        ("Date: Sun, 22 Nov 2026 00:00:59 GMT",),
        ("Date: Sun, 22 Nov 2026 00:00:00 GMT",),
        ("Date: Sat, 21 Nov 2026 00:00:00 GMT",),
        ("Date: now",),
        ("Date: Sun, 22 Nov 2026 00:01:00",),
        (),
    ],
)
def test_r16_a_file_that_has_just_been_written_is_asked_for_again(
    headers: tuple[str, ...], server: Server, authority: Path
) -> None:
    """Servers know the time of a file in whole seconds: the next one could have the same."""
    server.answers |= {
        "/l.json": ok(BODY, 'ETag: "3"', f"Last-Modified: {MODIFIED}", *headers),
        "/l.json.asc": ok(b"s"),
    }
    pair = fetch.pair(Source(f"{server.url}/l.json", 99, 99, authority / "ca.pem"))
    assert pair.validators == (Validators(), Validators())


def test_validators_that_are_too_long_are_not_kept(server: Server, authority: Path) -> None:
    server.answers |= {"/l.json": ok(BODY, f'ETag: "{"x" * 300}"'), "/l.json.asc": ok(b"s")}
    pair = fetch.pair(Source(f"{server.url}/l.json", 99, 99, authority / "ca.pem"))
    assert pair.validators == (Validators(), Validators())
