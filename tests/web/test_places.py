"""Waiting for scans and following them: each client has a share, and nobody has all of it."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from stpolicy.web import api, places
from stpolicy.web.service import Service
from tests.web.plain import settings
from tests.web.raw import PATIENCE, Raw, get
from tests.web.running import Running, ask, running
from tests.web.serving import until_true

WAITS = b"POST /api/scan?domain=example.com HTTP/1.1\r\nHost: tests\r\n\r\n"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    with running(settings(tmp_path, limit="100000/hour", proxies=("127.0.0.1",))) as found:
        yield found


@pytest.fixture
def path(service: Running) -> str:
    """Where a scan is followed."""
    return f"{ask(service.client(), 'example.com').json()['response']['href']}/events"


def serves(service: Running) -> bool:
    """Whether somebody else is answered."""
    with Raw(service.port, "127.0.0.2") as raw:
        raw.send(get("/api/ping", "Connection: close"))
        return raw.answer().status == 200


def read_until(raw: Raw, mark: bytes) -> None:
    got = b""
    while mark not in got:
        piece = raw.socket.recv(65536)
        assert piece, got
        got += piece


def follows(service: Running, path: str, source: str, *headers: str) -> Raw:
    """A client that has asked for events; what comes of it is still to be read."""
    raw = Raw(service.port, source)
    raw.send(get(path, *headers))
    return raw


def begins(raw: Raw) -> int:
    """The status of an answer that may go on."""
    return int(raw.socket.recv(12).removeprefix(b"HTTP/1.1 "))


def test_a_client_has_its_share_and_leaves_the_rest(
    service: Running, path: str, waits: threading.Event
) -> None:
    """However many it asks for; another one still follows, and waits."""
    with ExitStack() as leaving:
        found = [
            begins(leaving.enter_context(follows(service, path, "127.0.0.9")))
            for _ in range(places.MOST_OF_ONE + 10)
        ]
        assert (found.count(200), found.count(429)) == (places.MOST_OF_ONE, 10)
        other = leaving.enter_context(follows(service, path, "127.0.0.2"))
        read_until(other, b"event: progress")
        with Raw(service.port, "127.0.0.2") as waiting:
            waiting.send(WAITS)
            assert waits.wait(PATIENCE)
            with Raw(service.port, "127.0.0.9") as raw:
                raw.send(WAITS)
                assert raw.answer().status == 202, "it is told where to ask"
            service.finished("example.com", 0)
            assert waiting.answer().status == 200
        read_until(other, b"event: over")


def test_who_is_told_so_knows_when_to_ask_again(
    service: Running, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "MOST_OF_ONE", 1)
    with follows(service, path, "127.0.0.9") as first:
        assert begins(first) == 200
        refused = service.client("127.0.0.9").get(path)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
        found = refused.json()
        assert (found["status_code"], found["response"]) == (429, {})
        assert "follow" in found["message"]
    until_true(lambda: there_is_room(service, path))


def there_is_room(service: Running, path: str) -> bool:
    with follows(service, path, "127.0.0.9") as raw:
        return begins(raw) == 200


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once a client waits, which it does for longer than any test."""
    begun, over = threading.Event(), api.over

    async def told(here: Service, id_: str) -> None:
        begun.set()
        await over(here, id_)

    monkeypatch.setattr(api, "WAIT", 10 * PATIENCE)
    monkeypatch.setattr(api, "over", told)
    return begun


def test_waits_and_streams_are_one_share(
    service: Running, path: str, waits: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "MOST_OF_ONE", 1)
    with Raw(service.port, "127.0.0.9") as waiting:
        waiting.send(WAITS)
        assert waits.wait(PATIENCE)
        assert not there_is_room(service, path)
        service.finished("example.com", 0)
        assert waiting.answer().status == 200
    until_true(lambda: there_is_room(service, path))


@pytest.mark.parametrize("bound", ["MOST_AT_ONCE", "MOST_OF_ONE"])
def test_who_has_hung_up_holds_no_place(
    service: Running, path: str, waits: threading.Event, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    """However often somebody asks, and goes."""
    monkeypatch.setattr(places, bound, 1)
    for _ in range(5):
        with Raw(service.port, "127.0.0.9") as raw:
            raw.send(WAITS)
            assert waits.wait(PATIENCE)
            assert not there_is_room(service, path)
        waits.clear()
        until_true(lambda: there_is_room(service, path))


def test_a_share_is_that_of_the_client_behind_a_proxy(
    service: Running, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whom a stranger claims to speak for, is himself."""
    monkeypatch.setattr(places, "MOST_OF_ONE", 1)
    said = "X-Forwarded-For: {}".format
    cases = (
        ("127.0.0.1", "192.0.2.1", 200),
        ("127.0.0.1", "192.0.2.2", 200),
        ("127.0.0.1", "192.0.2.1", 429),
        ("127.0.0.1", "2001:db8::1", 200),
        ("127.0.0.1", "2001:db8::ffff", 429),
        ("127.0.0.9", "192.0.2.3", 200),
        ("127.0.0.9", "192.0.2.4", 429),
    )
    with ExitStack() as leaving:
        for source, client, status in cases:
            raw = leaving.enter_context(follows(service, path, source, said(client)))
            assert begins(raw) == status, (source, client)


def test_so_many_follow_a_scan_and_no_more(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is one too many is told so; the others get their events, and those that go make room."""
    monkeypatch.setattr(places, "MOST_AT_ONCE", 20)
    asked = service.client().post("/api/scan?domain=example.com", headers={"Prefer": "respond-async"})
    path = f"{asked.json()['response']['href']}/events"
    with ExitStack() as closing:
        following = [closing.enter_context(Raw(service.port)) for _ in range(20)]
        for raw in following:
            raw.send(get(path))
            read_until(raw, b"event: progress")
        with Raw(service.port) as raw:
            raw.send(get(path))
            refused = raw.answer()
            assert (refused.status, refused.headers["retry-after"]) == (503, "10")
        assert serves(service)
        following.pop().socket.close()

        def room() -> bool:
            with Raw(service.port) as raw:
                raw.send(get(path))
                return raw.socket.recv(12) == b"HTTP/1.1 200"

        until_true(room)
        service.finished("example.com", 0)
        for raw in following:
            read_until(raw, b"event: over")
