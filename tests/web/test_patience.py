"""Clients that take their time, or too much room: they are cut, and nobody else notices."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from stpolicy.web import guard, patience, server
from stpolicy.web.settings import Settings
from tests.web.plain import settings
from tests.web.raw import PATIENCE, Raw, get, post
from tests.web.running import Running, running
from tests.web.serving import until_true

LATER = {"Prefer": "respond-async"}
SOON = 0.3
"""Seconds."""


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    with running(settings(tmp_path, limit="100000/hour")) as found:
        yield found


def serves(service: Running, source: str = "127.0.0.2") -> bool:
    """Whether somebody else is answered."""
    with Raw(service.port, source) as raw:
        raw.send(get("/api/ping", "Connection: close"))
        return raw.answer().status == 200


def test_a_body_that_comes_too_slowly_is_refused(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "SLOWEST", SOON)
    with Raw(service.port) as raw:
        raw.send(post(b"{", "Content-Length: 100"))
        answer = raw.answer()
        assert answer.status == json.loads(answer.body)["status_code"] == 408
        assert answer.headers["connection"] == "close"
        assert raw.ends() == b""


def test_a_body_that_drips_is_not_waited_for_either(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time is that of the whole body."""
    monkeypatch.setattr(guard, "SLOWEST", SOON)
    with Raw(service.port) as raw:
        raw.send(post(b"", "Content-Length: 60000"))
        raw.socket.settimeout(SOON / 10)
        said = b""
        while not said:
            raw.send(b"x")
            with suppress(TimeoutError):
                said = raw.socket.recv(65536)
        assert said.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("begin", [b"", b"GET /api/ping HT", b"GET /api/ping HTTP/1.1\r\nHost: tests\r\n"])
def test_a_head_that_does_not_come_is_not_waited_for(
    service: Running, monkeypatch: pytest.MonkeyPatch, begin: bytes
) -> None:
    monkeypatch.setattr(patience, "HEAD_SECONDS", SOON)
    with Raw(service.port) as raw:
        raw.send(begin)
        assert raw.ends() == b""


def test_a_head_that_drips_is_not_waited_for(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is that of a further request: each byte would begin the time anew otherwise."""
    monkeypatch.setattr(patience, "HEAD_SECONDS", SOON)
    with Raw(service.port) as raw:
        raw.send(get("/api/ping"))
        assert raw.answer().status == 200
        _drip(raw, b"G")


def test_what_follows_an_answer_is_not_read_for_ever(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body that is refused, or that nobody reads, drips on."""
    monkeypatch.setattr(patience, "HEAD_SECONDS", SOON)
    with Raw(service.port) as raw:
        raw.send(post(b"", "Transfer-Encoding: chunked", path="/api/nothing"))
        assert raw.answer().status == 404
        _drip(raw, b"1\r\nx\r\n")


@pytest.mark.parametrize("more", [(), ("Connection: close",)], ids=["kept", "closed"])
def test_who_does_not_read_is_cut(
    service: Running, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    """What such a client has asked for is not kept for it meanwhile."""
    monkeypatch.setattr(patience, "TAKE_SECONDS", SOON)
    client = service.client()
    assert client.post("/api/scan?domain=big.example.com", headers=LATER).is_success
    service.finished("big.example.com", 0, json.dumps("x" * (32 << 20)))
    with Raw(service.port, buffer=4096) as raw:
        raw.send(get("/api/scan?domain=big.example.com", *more))
        until_true(lambda: not patience.Impatient.connected["127.0.0.1"] - 1)
        assert len(raw.ends()) < 32 << 20
    assert serves(service)


def test_who_does_not_read_the_end_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is small enough to be left to the server, which would wait for ever for somebody to take it."""
    monkeypatch.setattr(patience, "TAKE_SECONDS", SOON)
    monkeypatch.setattr(patience, "HEAD_SECONDS", 10 * PATIENCE)
    bound = server.bound

    def small(wanted: Settings) -> socket.socket:
        listening = bound(wanted)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return listening

    monkeypatch.setattr(server, "bound", small)
    with running(settings(tmp_path)) as service:
        assert service.client().post("/api/scan?domain=one.example.com", headers=LATER).is_success
        service.finished("one.example.com", 0, json.dumps("x" * 60_000))
        with Raw(service.port, "127.0.0.9", buffer=4096) as raw:
            raw.send(get("/api/scan?domain=one.example.com"))
            until_true(lambda: patience.Impatient.connected["127.0.0.9"] == 1)
            until_true(lambda: not patience.Impatient.connected["127.0.0.9"])
            assert len(raw.ends()) < 60_000


def test_a_slow_reader_who_reads_gets_all(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    client = service.client()
    assert client.post("/api/scan?domain=big.example.com", headers=LATER).is_success
    service.finished("big.example.com", 0, json.dumps("x" * (8 << 20)))
    with Raw(service.port, buffer=4096) as raw:
        raw.send(get("/api/scan?domain=big.example.com", "Connection: close"))
        answer = raw.answer()
        assert len(json.loads(answer.body)["response"]) == 8 << 20


def test_one_client_has_so_many_connections_and_no_more(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "HEAD_SECONDS", PATIENCE)
    connected = patience.Impatient.connected
    with ExitStack() as closing:
        held = [
            closing.enter_context(Raw(service.port, "127.0.0.9")) for _ in range(patience.MOST_CONNECTIONS)
        ]
        until_true(lambda: connected["127.0.0.9"] == patience.MOST_CONNECTIONS)
        with Raw(service.port, "127.0.0.9") as refused:
            assert refused.ends() == b""
        assert serves(service)
        held[0].send(get())
        assert held[0].answer().status == 200
    until_true(lambda: "127.0.0.9" not in connected)
    assert serves(service, "127.0.0.9")
    until_true(lambda: not connected)


def test_a_proxy_has_as_many_as_it_needs(tmp_path: Path) -> None:
    with running(settings(tmp_path, proxies=("127.0.0.9",))) as service, ExitStack() as closing:
        for _ in range(patience.MOST_CONNECTIONS + 20):
            raw = closing.enter_context(Raw(service.port, "127.0.0.9"))
            raw.send(get())
            assert raw.answer().status == 200


def _drip(raw: Raw, drop: bytes) -> None:
    """Sends on and on, until the server has had enough."""
    raw.socket.settimeout(SOON / 10)
    for _ in range(int(PATIENCE / SOON * 10)):
        try:
            raw.send(drop)
            if not raw.socket.recv(65536):
                return
        except TimeoutError:
            continue
        except ConnectionError:
            return
    raise AssertionError("it goes on")
