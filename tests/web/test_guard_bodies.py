"""Bodies and heads that are too large, unclear, or no sense at all: refused, and never a fault of ours."""

import json
from collections.abc import Iterator

import pytest

from tests.web.looking import protected, serves, told
from tests.web.plain import settings
from tests.web.raw import Raw, get, post
from tests.web.running import Running, running

GOOD = json.dumps({"domain": "example.com"}).encode()
KIB = 1024


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(settings(tmp_path_factory.mktemp("bodies"), limit="100000/hour")) as found:
        yield found


@pytest.mark.parametrize("length", ["-1", "+1", "1e9", "x", "0x10", "1_0", "", " ", "9" * 30, "٣"])
def test_a_length_that_is_none_is_refused(service: Running, length: str) -> None:
    header = f"Content-Length: {length}".encode().decode("latin-1")
    with Raw(service.port) as raw:
        raw.send(post(b"", header))
        answer = raw.answer()
    assert answer.status in (400, 413)
    protected(answer)


def test_two_lengths_are_refused(service: Running) -> None:
    told(service, post(GOOD, "Content-Length: 5", "Content-Length: 6"), 400)
    told(service, post(GOOD, "Content-Length: 5, 6"), 400)


def test_a_length_beside_chunks_is_refused(service: Running) -> None:
    """RFC 9112 section 6.3: a proxy that takes the other one sees another request."""
    body = b"5\r\nhello\r\n0\r\n\r\n"
    told(service, post(body, f"Content-Length: {len(body)}", "Transfer-Encoding: chunked"), 400)


@pytest.mark.parametrize("length", [64 * KIB + 1, 10**9, 10**15])
@pytest.mark.parametrize("path", ["/api/scan", "/api/scans", "/api/ping", "/api/nothing"])
def test_a_length_that_is_too_large_is_refused_at_once(service: Running, path: str, length: int) -> None:
    """Before any of the body is there, and whether or not it would be read."""
    assert "65536 bytes" in told(service, post(b"", f"Content-Length: {length}", path=path), 413)


def test_a_body_that_is_too_large_is_refused(service: Running) -> None:
    """All of it is sent before the answer is read, which must still be there."""
    told(service, post(b"x" * (1024 * KIB)), 413)


def test_chunks_that_are_too_much_are_refused(service: Running) -> None:
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    told(service, post(chunk * 64 + b"0\r\n\r\n", "Transfer-Encoding: chunked"), 413)


def test_a_body_of_the_largest_size_is_read(service: Running) -> None:
    padded = GOOD[:-1] + b', "more": "' + b"x" * (64 * KIB - len(GOOD) - 12) + b'"}'
    assert len(padded) == 64 * KIB
    with Raw(service.port) as raw:
        raw.send(post(padded))
        assert raw.answer().status == 202


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe\xfa",
        b'{"domain": "\xc3\x28"}',
        b"{" * 30000,
        b"[" * 60000,
        b'{"domain":' * 6000,
        b'{"domain": ' + b"9" * 60000 + b"}",
        b'{"domain": "a.com", "domain": "b.com"}',
        b'{"domain": "a.com\\u0000.b.com"}',
        b'{"domain": "\\ud800.com"}',
        b'{"domain": ["a.com"]}',
        b'{"domain": null}',
        b'{"domain": ""}',
        b'{"domain": "' + b"a" * 60000 + b'"}',
        b'{"domain": "' + b"a." * 500 + b'"}',
        b'{"domain": "127.0.0.1"}',
        b'{"domain": "localhost"}',
        b'{"domain": "a.com\\r\\nX: y"}',
        b'"a.com"',
        b"null",
        b"NaN",
        b'{"domain": "a.com"} x',
        b"",
    ],
    ids=lambda body: repr(body[:24]),
)
@pytest.mark.parametrize("path", ["/api/scan", "/api/scans"])
def test_a_body_that_says_nothing_sensible_is_refused(service: Running, body: bytes, path: str) -> None:
    told(service, post(body, path=path), 400)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"domain=%00"),
        ("application/x-www-form-urlencoded", b"domain=%ff%fe"),
        ("application/x-www-form-urlencoded", b"domain=a.com&domain=b.com"),
        ("application/x-www-form-urlencoded", b"&" * 60000),
        ("application/x-www-form-urlencoded", b"a=b&" * 15000),
        ("multipart/form-data", b"--x\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=domain\r\n\r\na"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="domain"; filename="f"\r\n\r\na.com\r\n--x--\r\n',
        ),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * 9000),
        ("multipart/form-data; boundary=" + "x" * 5000, b"--" + b"x" * 5000),
        ("application/json; charset=utf-16", b"\xff\xfe{\x00"),
    ],
    ids=lambda given: repr(given[:40]),
)
def test_a_form_that_cannot_be_read_is_refused(service: Running, kind: str, body: bytes) -> None:
    told(service, post(body, f"Content-Type: {kind}"), 400)


@pytest.mark.parametrize(
    "request_",
    [
        get("/api/ping", "X: " + "y" * 400_000),
        get("/api/ping", *(f"X{n}: y" for n in range(60_000))),
        get("/" + "y" * 400_000),
        get("/api/ping", "Bad Header: x"),
        get("/api/ping", "X: a\x00b"),
        b"GET /api/ping HTTP/1.1\r\n\r\n",
        b"GET /api/ping HTTPS/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100 + b"\r\n\r\n",
        post(b"zz\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
        post(b"", "Transfer-Encoding: gzip"),
    ],
    ids=lambda request: repr(request[:40]),
)
def test_what_is_no_http_is_refused(service: Running, request_: bytes) -> None:
    with Raw(service.port) as raw:
        raw.send(request_)
        got = raw.ends()
    assert got.split()[1] in (b"400", b"501"), got
    assert b"content-security-policy: default-src 'none'" in got
    serves(service)
