"""A flood of slow, huge and malformed requests: others are served, and memory stays as it is."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx

from tests.needs import needs
from tests.program import COMMAND
from tests.web.raw import PATIENCE, Raw, get, post

MB = 1 << 20
GENEROUS = 400 * MB
"""Bytes: what the process may have in all."""
_SOURCES = count()
_DOMAINS = count()


@dataclass(frozen=True, slots=True)
class Served:
    """A process that serves."""

    port: int
    process: int

    @property
    def resident(self) -> int:
        """Bytes."""
        return self._status("VmRSS")

    @property
    def most_resident(self) -> int:
        """Bytes, ever."""
        return self._status("VmHWM")

    def _status(self, name: str) -> int:
        lines = Path(f"/proc/{self.process}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024

    @property
    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process}/fd"))  # noqa: PTH208

    def connect(self) -> Raw:
        """From an address that nobody has used yet."""
        number = next(_SOURCES)
        return Raw(self.port, f"127.{1 + number // 60000 % 250}.{number // 250 % 240}.{1 + number % 250}")


@contextmanager
def serving(folder: Path, *before: str) -> Iterator[Served]:
    """`stpolicy serve`, as people run it; its scans end at once, for there is no resolver."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        "--port",
        str(port),
        "--database",
        f"sqlite:///{folder / 'scans.db'}",
        "--limit",
        "100000/hour",
    ]
    network = ["--resolver", "127.0.0.1:1", "--helo", "tests.example.org", "--scans", "4"]
    with (folder / "said").open("wb") as said:
        running = subprocess.Popen([*before, *COMMAND, "serve", *options, *network], stdout=said, stderr=said)
    try:
        _until(lambda: _answers(port))
        yield Served(port, running.pid)
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE) in (0, 143)
    said_ = (folder / "said").read_text()
    assert "Traceback" not in said_, said_
    assert len(said_) < 4096, "a flood does not fill the log"


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/ping", timeout=PATIENCE).status_code == 200
    except httpx.HTTPError:
        return False


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def slow_head(raw: Raw) -> None:
    raw.send(b"POST /api/scan HTTP/1.1\r\nHost: tests\r\nX: " + b"y" * 8000)


def slow_body(raw: Raw) -> None:
    raw.send(post(b"x" * 60000, "Content-Length: 65536"))


def huge_body(raw: Raw) -> None:
    """Sends as much as the server takes."""
    raw.send(post(b"", "Transfer-Encoding: chunked"))
    for _ in range(64):
        raw.send(b"8000\r\n" + b"x" * 32768 + b"\r\n")


def said_to_be_huge(raw: Raw) -> None:
    raw.send(post(b"x" * 1000, "Content-Length: 1000000000"))
    assert raw.answer().status == 413


def malformed(raw: Raw) -> None:
    raw.send(os.urandom(2000) + b"\r\n\r\n")
    raw.ends()


def huge_head(raw: Raw) -> None:
    raw.send(get("/" + "y" * 300_000))
    raw.ends()


def deep(raw: Raw) -> None:
    raw.send(post(b"[" * 65000))
    assert raw.answer().status == 400


def unread(raw: Raw) -> None:
    """Asks again and again, and reads nothing."""
    raw.send(get("/openapi.json") * 200)


def asks(raw: Raw) -> None:
    name = f"d{next(_DOMAINS)}.example.com"
    raw.send(post(json.dumps({"domain": name}).encode()))
    assert raw.answer().status == 202


def follows(raw: Raw) -> None:
    raw.send(get("/api/scans/" + "x" * 22 + "/events"))


LASTING = (slow_head, slow_body, unread)
"""They hold their connections."""
PASSING = (huge_body, said_to_be_huge, malformed, huge_head, deep, asks, follows)


def wave(served: Served) -> None:
    """Many of each kind, and in the midst of it a client that has done nothing wrong."""
    with ExitStack() as closing, ThreadPoolExecutor(8) as many:

        def lasting(kind: Callable[[Raw], None]) -> None:
            raw = closing.enter_context(served.connect())
            with suppress(ConnectionError):
                kind(raw)

        def passing(kind: Callable[[Raw], None]) -> None:
            with served.connect() as raw, suppress(ConnectionError):
                kind(raw)

        work = [many.submit(lasting, kind) for kind in LASTING for _ in range(30)]
        work += [many.submit(passing, kind) for _ in range(30) for kind in PASSING]
        with httpx.Client(base_url=f"http://127.0.0.1:{served.port}", timeout=PATIENCE) as good:
            while not all(one.done() for one in work):
                assert good.get("/api/ping").status_code == 200
                assert good.get("/api/stats").status_code == 200
        for one in work:
            one.result()


def test_memory_stays_as_it_is_and_others_are_served(tmp_path: Path) -> None:
    """The first flood makes room; those after it find that enough."""
    with serving(tmp_path) as served:
        idle = served.descriptors
        wave(served)
        first = served.resident
        for _ in range(2):
            wave(served)
        assert served.resident < 1.25 * first + 8 * MB
        assert served.most_resident < GENEROUS
        _until(lambda: served.descriptors <= idle + 16)


def test_more_connections_than_there_is_room_for_are_not_taken(tmp_path: Path) -> None:
    """With the descriptors that are left the service goes on, and says nothing of each."""
    few = needs("prlimit", "util-linux"), "--nofile=512:512"
    with serving(tmp_path, *few) as served:
        with ExitStack() as closing:
            for _ in range(700):
                with suppress(ConnectionError):
                    slow_head(closing.enter_context(served.connect()))
            assert served.descriptors < 512 - 64
        _until(lambda: _answers(served.port))


def test_each_kind_alone_does_no_harm(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        for kind in LASTING + PASSING:
            with served.connect() as raw, suppress(ConnectionError):
                kind(raw)
            assert _answers(served.port), kind
