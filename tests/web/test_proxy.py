"""A real nginx before the service, with what the README tells people to write."""

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.needs import needs
from tests.web.plain import settings
from tests.web.raw import PATIENCE, Raw, get
from tests.web.running import Running, running

ROOT = Path(__file__).parents[2]
ASYNC = {"Prefer": "respond-async"}


def snippet(name: str) -> str:
    """The `location` of a document."""
    (block,) = re.findall(r"^```nginx\n(.*?)^```", (ROOT / name).read_text(encoding="utf-8"), re.S | re.M)
    found = re.search(r"^ *location / \{.*?^ *\}", block, re.S | re.M)
    assert found
    return found[0]


@contextmanager
def nginx(folder: Path, location: str, service: Running) -> Iterator[int]:
    """The port of one that has this location."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    location = location.replace("http://127.0.0.1:8080", service.url)
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error; events {{}}\n"
        f"http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{port}; {location} }} }}\n"
    )
    before = subprocess.Popen([needs("nginx", "nginx-light"), "-c", folder / "nginx.conf", "-p", folder])
    try:
        while not _listens(port):
            assert before.poll() is None, (folder / "error").read_text()
        yield port
    finally:
        before.terminate()
        before.wait(PATIENCE)


def _listens(port: int) -> bool:
    with socket.socket() as trying:
        trying.settimeout(PATIENCE)
        return trying.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    with running(settings(tmp_path, limit="2/hour", proxies=("127.0.0.1",))) as found:
        yield found


def asks(port: int, source: str, domain: str, **headers: str) -> int:
    transport = httpx.HTTPTransport(local_address=source)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=transport, timeout=PATIENCE) as client:
        return client.post("/api/scan", json={"domain": domain}, headers=ASYNC | headers).status_code


def test_both_documents_say_the_same() -> None:
    lines = [
        [line.strip() for line in snippet(name).splitlines()] for name in ("README.md", "docs/SERVING.md")
    ]
    assert lines[0] == lines[1]


def test_each_client_behind_it_has_a_limit_of_its_own(service: Running, tmp_path: Path) -> None:
    """What a client writes into X-Forwarded-For itself gives it no other."""
    with nginx(tmp_path, snippet("README.md"), service) as port:
        assert [asks(port, "127.0.0.2", f"a{n}.example.com") for n in range(3)] == [202, 202, 429]
        assert [asks(port, "127.0.0.3", f"b{n}.example.com") for n in range(3)] == [202, 202, 429]
        spoofed = {"X-Forwarded-For": "192.0.2.1"}
        assert asks(port, "127.0.0.2", "c.example.com", **spoofed) == 429
        assert asks(port, "127.0.0.2", "c.example.com", **{"X-Forwarded-For": "127.0.0.1"}) == 429


def test_the_name_and_the_port_that_people_know_come_through(service: Running, tmp_path: Path) -> None:
    """In the addresses that a page names; and a form is known for one of ours by them."""
    with nginx(tmp_path, snippet("README.md"), service) as port, httpx.Client(timeout=PATIENCE) as client:
        ours = f"http://starttls.example.org:{port}"
        named = {"Host": ours.removeprefix("http://")}
        page = client.get(f"http://127.0.0.1:{port}/api", headers=named).text
        assert f"{ours}/api/scan" in page
        form = {**named, "Origin": ours}
        found = client.post(f"http://127.0.0.1:{port}/", data={"domain": "example.com"}, headers=form)
        assert found.status_code == 303


def test_events_come_through_as_they_are(service: Running, tmp_path: Path) -> None:
    with nginx(tmp_path, snippet("README.md"), service) as port:
        assert asks(port, "127.0.0.2", "example.com") == 202
        with service.ledger() as ledger:
            (id_,) = ledger.unfinished(9)
        with Raw(port) as raw:
            raw.send(get(f"/api/scans/{id_}/events"))
            heard, end = b"", time.monotonic() + PATIENCE
            while b"event: progress" not in heard:
                assert time.monotonic() < end
                heard += raw.socket.recv(65536)
            service.finished("example.com", 0)
            while b"event: over" not in heard:
                heard += raw.socket.recv(65536)
