"""What holds for every request, whatever it is: headers that protect, and bounds of size and time."""

import asyncio
import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from stpolicy.ledger import Ledger
from stpolicy.web import server
from stpolicy.web.guard import PIECE, Guard
from tests.cli.following import Following
from tests.web.looking import protected, serves, told
from tests.web.plain import settings
from tests.web.raw import Answer, Raw, get, post
from tests.web.running import Running, pinned, running

GOOD = json.dumps({"domain": "example.com"}).encode()
KIB = 1024


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(settings(tmp_path_factory.mktemp("guard"), limit="100000/hour")) as found:
        yield found


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


def test_requests_sent_together_are_answered_in_order(service: Running) -> None:
    with Raw(service.port) as raw:
        raw.send(get("/api/ping") + get("/api/nothing") + post(GOOD) + get("/api/ping"))
        assert [raw.answer().status for _ in range(4)] == [200, 404, 202, 200]


@pytest.mark.parametrize(("path", "status"), [("/api/ping", 200), ("/api/nothing", 404)])
def test_a_whole_url_is_asked_for_like_its_path(service: Running, path: str, status: int) -> None:
    """RFC 9112 section 3.2.2; the answer is in the envelope."""
    with Raw(service.port) as raw:
        raw.send(get(f"http://tests{path}"))
        answer = raw.answer()
    assert (answer.status, json.loads(answer.body)["status_code"]) == (status, status)


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


def test_an_answer_does_not_wait_for_an_acknowledgement(tmp_path: Path) -> None:
    """asyncio sets TCP_NODELAY only on sockets that say of themselves that they are TCP."""
    with server.bound(settings(tmp_path)) as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_a_long_answer_is_handed_on_in_pieces() -> None:
    """The server keeps what a client has not taken, and takes no further piece meanwhile."""
    body, sent = bytes(range(256)) * 1000, list[Message]()

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": body})

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "client": None, "state": {}}
    guarded = Guard(app, lambda *_: None, lambda _, wrong: Response(repr(wrong)))
    asyncio.run(guarded(scope, receive, send))
    pieces = sent[1:]
    assert b"".join(piece["body"] for piece in pieces) == 2 * body
    assert max(len(piece["body"]) for piece in pieces) == PIECE
    assert [piece["more_body"] for piece in pieces] == [True] * (len(pieces) - 1) + [False]
