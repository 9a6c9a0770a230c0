"""`stpolicy serve` as it is run: how it begins, and how it ends."""

import json
import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from stpolicy.ledger import Ledger, address
from stpolicy.model.names import Domain
from stpolicy.model.scanned import State
from stpolicy.web import server
from tests.databases import PostgreSql
from tests.minternet.world import ROOT
from tests.namespace import descendants
from tests.program import COMMAND, Program
from tests.web.installed import today
from tests.web.plain import ENOUGH, free_port
from tests.web.serving import Process, process, until_true

NO_LOOK = ("--scans", "0", "--resolver", "127.0.0.1:1")
LATER = {"Prefer": "respond-async"}
SERVES, WORKS = "serving http://", "working on "
"""What is said once it is so."""


@contextmanager
def lasting_requests(site: Process, path: str, method: str = "GET") -> Iterator["list[str]"]:
    """What comes of a request that goes on until the service ends."""
    lines: list[str] = []

    def read() -> None:
        url = f"http://127.0.0.1:{site.port}{path}"
        with httpx.stream(method, url, timeout=ENOUGH) as answer:
            lines.append(str(answer.status_code))
            lines.extend(answer.iter_lines())

    with ThreadPoolExecutor() as pool:
        reading = pool.submit(read)
        yield lines
        reading.result(ENOUGH)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)], ids=str
)
def test_it_ends_in_order(database: str, tmp_path: Path, number: signal.Signals, code: int) -> None:
    """Whoever waits for a scan is told where to ask; a stream of events ends, and nobody waits long."""
    with process(tmp_path, "--database", database, *NO_LOOK, port=free_port()) as site:
        job = site.ask("POST", "/api/scan?domain=one.org", headers=LATER).json()["response"]
        with (
            lasting_requests(site, f"{job['href']}/events") as events,
            lasting_requests(site, "/api/scan?domain=one.org", "POST") as waiting,
        ):
            until_true(lambda: "event: progress" in events, site)
            time.sleep(0.5)  # so that the other one waits too; nothing tells when
            begun = time.monotonic()
            assert site.end(number) == code
            assert time.monotonic() - begun < 10
        assert site.said().splitlines()[-1] == f"{SERVES}127.0.0.1:{site.port}/"
        assert events[0] == "200"
        assert waiting[0] == "202"
        assert json.loads(waiting[1])["response"]["id"] == job["id"]
        assert "Traceback" not in site.said()


def test_a_hangup_that_the_caller_ignores_is_ignored(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'scans.db'}"
    with process(tmp_path, "--database", url, *NO_LOOK, port=free_port()) as site:
        assert site.end() == 143
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        begun = subprocess.Popen([*COMMAND, "serve", "--database", url, *NO_LOOK, "--port", str(site.port)])
        until_true(lambda: answers(site))
        begun.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert answers(site)
        begun.send_signal(signal.SIGTERM)
        assert begun.wait(ENOUGH) == 143
    finally:
        signal.signal(signal.SIGHUP, before)


def answers(site: Process) -> bool:
    with suppress(httpx.TransportError):
        return site.ask("GET", "/api/ping").status_code == 200
    return False


def failed(folder: Path, *arguments: str, port: int = 0) -> tuple[int, str]:
    """The exit code of a service that does not begin, and what it says."""
    with process(folder, *arguments, port=port, wait=False) as site:
        code = site.process.wait(ENOUGH)
        said = site.said()
    assert "Traceback" not in said
    assert not any(begun in said for begun in (SERVES, WORKS))
    return code, said


@pytest.mark.parametrize("more", [(), ("--host", "::1")])
def test_a_port_that_somebody_has_is_said(tmp_path: Path, more: tuple[str, ...]) -> None:
    url = f"sqlite:///{tmp_path / 'scans.db'}"
    family = socket.AF_INET6 if more else socket.AF_INET
    with socket.socket(family) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as another service does
        door.bind(("::1" if more else "127.0.0.1", 0))
        port = door.getsockname()[1]
        door.listen()
        code, said = failed(tmp_path, "--database", url, *more, port=port)
    assert code == 3
    assert f"port {port}" in said
    assert "--port" in said


def test_a_port_that_somebody_has_is_said_of_several_processes_too(shared: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        code, _ = failed(tmp_path, "--database", shared, "--workers", "2", port=door.getsockname()[1])
    assert code == 3


SHARED = "--database postgresql+psycopg://nobody@/none"
CANNOT = {
    "--limit many": (2, "--limit"),
    "--limit 0/hour": (2, "'0/hour'"),
    "--limit 120/hour;5/minute": (2, "5/minute"),
    "--threshold 2": (2, "pinned signers"),
    "--timeout nan": (2, "number of seconds"),
    "--contact a@b": (2, "a@b"),
    "--contact @example.org": (2, "'@example.org'"),
    "--contact 'a b@example.org'": (2, "'a b@example.org'"),
    "--contact example.org": (2, "'example.org'"),
    "--contact http://example.org/": (2, "'http://example.org/'"),
    "--contact 'javascript:alert(1)//@example.org'": (2, "'javascript:alert(1)//@example.org'"),
    "--contact https://a@example.org/": (2, "'https://a@example.org/'"),
    "--contact 'https://example.org/ a'": (2, "'https://example.org/ a'"),
    "--keep 99999999999": (2, "--keep"),
    "--ca-file no.db": (2, "no.db holds no certificates"),
    "--database 'sqlite:///file:x.db?mode=memory&uri=true'": (2, "names no file"),
    f"{SHARED} --worker --workers 4": (2, "--worker does not"),
    f"{SHARED} --worker --scans 0": (2, "would do nothing"),
    "--exclude no-such-file": (2, "no-such-file"),
    "--workers 2": (2, "needs a database"),
    "--database sqlite:///no.db": (3, "no.db"),
    "--database sqlite:///no-such-folder/scans.db": (3, "no-such-folder is not there"),
    "--database postgresql+psycopg://nobody@/none?host=/no-such-folder": (3, "does not answer"),
}


@pytest.mark.parametrize(("line", "what"), CANNOT.items(), ids=CANNOT)
def test_what_it_cannot_begin_with_is_one_sentence(
    program: Program, room: Path, line: str, what: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_run", None)  # nobody would end it
    (room / "no.db").write_text("this is no database, and long enough to be looked at" * 100)
    database = [] if "--database" in line else ["--database", "sqlite:///scans.db"]
    ran = program("serve", *database, *shlex.split(line))
    assert (ran.code, ran.out, what[1] in ran.err) == (what[0], "", True), ran
    assert not any(begun in ran.err for begun in (SERVES, WORKS))
    assert len(ran.err.splitlines()) <= (8 if "--keep" in line else 3)  # usage


def test_a_file_has_one_service(tmp_path: Path) -> None:
    """The next one would take scans for lost that the first is looking at."""
    url = f"sqlite:///{tmp_path / 'scans.db'}"
    with process(tmp_path, "--database", url, *NO_LOOK, port=free_port()) as site:
        code, said = failed(tmp_path, "--database", url, port=free_port())
        assert code == 75
        assert "another service" in said
        os.kill(site.id, signal.SIGKILL)
        site.process.wait(ENOUGH)
    with process(tmp_path, "--database", url, *NO_LOOK, port=free_port()) as site:
        assert site.end() == 143


@pytest.mark.parametrize("how", [["--worker"], ["--workers", "2"], []])
def test_a_shared_database_without_our_tables_is_not_touched(
    postgresql: PostgreSql, tmp_path: Path, how: list[str]
) -> None:
    url = postgresql.fresh()
    port = 0 if "--worker" in how else free_port()
    code, said = failed(tmp_path, "--database", url, *how, port=port)
    assert code == 3
    assert "stpolicy db upgrade" in said
    ledger = Ledger(address(url))
    assert not ledger.is_current
    ledger.close()


def test_several_processes_share_a_port_and_count_together(shared: str, tmp_path: Path) -> None:
    with process(
        tmp_path, "--database", shared, "--workers", "3", "--resolver", "127.0.0.1:1", port=free_port()
    ) as site:
        until_true(lambda: len(spawned(site)) == 3, site)
        until_true(lambda: site.said() == f"{SERVES}127.0.0.1:{site.port}/\n", site)
        for _ in range(60):  # each on a connection of its own, so that all processes get some
            assert site.ask("GET", "/api/ping").status_code == 200
        said = site.ask("GET", "/metrics").text
        line = 'stpolicy_requests_total{method="GET",route="/api/ping",status="200"} '
        counted = float(said.partition(line)[2].partition("\n")[0])
        assert counted >= 60
        answer = site.ask("POST", "/api/scan?domain=one.org")  # its resolver is not there
        assert answer.status_code == 200
        assert answer.json()["response"]["scandata"]["status"] == 3
        one = spawned(site)[0]
        os.kill(one, signal.SIGKILL)
        until_true(lambda: len(spawned(site)) == 3 and one not in spawned(site), site)
        assert answers(site)
        left = descendants(site.id)
        assert site.end() == 143
        until_true(lambda: not any(Path(f"/proc/{child}").exists() for child in left))
        assert "Traceback" not in site.said()


def test_processes_that_begin_slowly_are_waited_for(
    shared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine each takes longer to read its modules than one that hangs is given."""
    slow = "import sys, time\nif '--multiprocessing-fork' in sys.argv: time.sleep(8)\n"
    (tmp_path / "sitecustomize.py").write_text(slow)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    with process(tmp_path, "--database", shared, "--workers", "2", *NO_LOOK, port=free_port()) as site:
        assert site.end() == 143


def spawned(site: Process) -> list[int]:
    """The processes that serve: not the one that counts resources of the parent."""
    found = []
    for child in descendants(site.id):
        with suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(child)
    return found


def test_a_worker_ends_in_order(shared: str, tmp_path: Path) -> None:
    for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
        with process(tmp_path, "--worker", "--database", shared, "--resolver", "127.0.0.1:1") as worker:
            ledger = Ledger(address(shared))
            domain = Domain(f"d{code}.org")
            ledger.submit(domain, f"scan{code}", today(), most=10)
            until_true(lambda: ledger.active(domain) is None, worker)  # noqa: B023
            found = ledger.newest(domain, *State)
            assert found
            assert found.state is State.DONE
            ledger.close()
            assert worker.end(number) == code
            assert worker.said().count(WORKS) == 1
            assert "Traceback" not in worker.said()
