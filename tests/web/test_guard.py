"""What holds for every request, whatever it is: headers that protect, and bounds of size and time."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from stpolicy.ledger import Ledger
from stpolicy.web import guard
from tests.cli.following import Following
from tests.web.raw import Answer, Raw, get, post
from tests.web.running import Running, pinned, running, settings

GOOD = json.dumps({"domain": "example.com"}).encode()
KIB = 1024


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(settings(tmp_path_factory.mktemp("guard"), limit="100000/hour")) as found:
        yield found


def protected(answer: Answer) -> None:
    for name, value in guard.HEADERS.items():
        assert answer.headers[name.lower()] == value
    for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert part in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "server" not in answer.headers


def serves(service: Running) -> None:
    """Others."""
    with Raw(service.port, "127.0.0.2") as raw:
        raw.send(get("/api/ping", "Connection: close"))
        assert raw.answer().status == 200


def told(service: Running, request: bytes, status: int) -> str:
    """The sentence of a refusal, in its envelope; afterwards the service serves."""
    with Raw(service.port) as raw:
        raw.send(request)
        answer = raw.answer()
    assert answer.status == status, answer
    protected(answer)
    assert answer.headers["content-type"] == "application/json"
    said = json.loads(answer.body)
    assert said["status_code"] == status
    assert said["response"] == {}
    assert said["message"]
    serves(service)
    return str(said["message"])


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (get("/api/ping"), 200),
        (get("/api/nothing"), 404),
        (get("/nothing"), 404),
        (get("/policy.json"), 404),
        (get("/metrics"), 200),
        (get("/healthz"), 200),
        (get("/openapi.json"), 200),
        (b"HEAD /healthz HTTP/1.1\r\nHost: tests\r\nConnection: close\r\n\r\n", 200),
        (b"PUT /api/scan HTTP/1.1\r\nHost: tests\r\nContent-Length: 0\r\n\r\n", 405),
        (post(b"[]"), 400),
        (post(GOOD, "Content-Type: text/plain"), 415),
        (post(b"", "Content-Length: 99999999"), 413),
        (b"rubbish\r\n\r\n", 400),
        (get("/%00%ff%0d%0aX-Evil:1"), 404),
        (get("/api/ping", "Upgrade: websocket", "Connection: Upgrade"), 200),
    ],
)
def test_every_answer_has_the_headers_that_protect(service: Running, request_: bytes, status: int) -> None:
    with Raw(service.port) as raw:
        raw.send(request_)
        if request_.startswith(b"HEAD"):
            head = raw.ends().decode()
            lines = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
            answer = Answer(int(head.split()[1]), lines, b"")
            assert answer.headers["x-frame-options"] == "deny"
            return
        answer = raw.answer()
    assert answer.status == status
    protected(answer)


def test_an_answer_without_a_body_has_them_too(following: Following, tmp_path: Path) -> None:
    """304."""
    following.install()
    wanted = settings(tmp_path, folder=following.folder, who=pinned(following.people))
    with running(wanted) as service, Raw(service.port) as raw:
        for path in ("/policy.json", "/policy.json.asc"):
            raw.send(get(path))
            answer = raw.answer()
            protected(answer)
            raw.send(get(path, f"If-None-Match: {answer.headers['etag']}"))
            unchanged = raw.answer()
            assert (unchanged.status, unchanged.body) == (304, b"")
            protected(unchanged)


def test_a_fault_of_ours_is_said_and_protected_too(
    service: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(Ledger, "adoption", broken)
    with caplog.at_level(logging.CRITICAL):
        assert told(service, get("/api/stats"), 500) == "something went wrong on our side"
    counted = service.client().get("/metrics").text
    assert 'route="/api/stats",status="500"' in counted


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


def test_requests_sent_together_are_answered_in_order(service: Running) -> None:
    with Raw(service.port) as raw:
        raw.send(get("/api/ping") + get("/api/nothing") + post(GOOD) + get("/api/ping"))
        assert [raw.answer().status for _ in range(4)] == [200, 404, 202, 200]


def test_a_client_that_goes_in_the_middle_is_no_news(
    service: Running, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither an error in the log nor work left behind."""
    for _ in range(20):
        with Raw(service.port) as raw:
            raw.send(post(b"{", "Content-Length: 100"))
    serves(service)
    told(service, post(b"rubbish"), 400)
    assert not caplog.records


def test_output_is_escaped_in_json(service: Running) -> None:
    """H14: what a peer says never becomes a line, a colour or a tag; and no browser takes it for a page."""
    hostile = "\x1b[31m</script><img src=x>\r\n::set-env\u2028\x00\ud800'\""
    with Raw(service.port) as raw:
        for body in (json.dumps({"domain": hostile}), json.dumps({"domains": [hostile, "ok.example.com"]})):
            raw.send(post(body.encode(), path="/api/scans" if "domains" in body else "/api/scan"))
            answer = raw.answer()
            assert answer.headers["content-type"] == "application/json"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert all(32 <= byte < 127 for byte in answer.body)
            json.loads(answer.body)
