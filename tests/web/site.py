"""`stpolicy serve` as it is run, with or without the mini-internet, and results that it has already."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from stpolicy import store
from stpolicy.ledger import Ledger, Outcome, address
from stpolicy.model.dates import instant
from stpolicy.model.mark import Mark
from stpolicy.model.names import Domain
from stpolicy.model.result import scan as scan_object
from stpolicy.model.scanned import Part
from tests.minternet.world import ROOT, World
from tests.namespace import descendants
from tests.personas import Person, stamp

ENOUGH = 60
"""Seconds that nothing takes unless it hangs."""

_PORT = 8080
"""In the mini-internet, where nobody else has it."""
_NUMBERS = count()


def now() -> datetime:
    """The program has no other clock either."""
    return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251


def installed(folder: Path, signer: Person, ends: timedelta, policies: Mapping[str, object]) -> list[str]:
    """A state folder with a signed list that runs out so much later than now; the options that serve it."""
    made = now() + ends - timedelta(days=14)
    dates = {"timestamp": stamp(made), "expires": stamp(made + timedelta(days=14))}
    data = json.dumps({**policies, **dates}).encode()
    files = {"policy.json": data, "policy.json.asc": signer.sign(data, at=made)}
    folder.mkdir()
    mark = Mark(instant(made), instant(made), "0" * 64).text().encode()
    store.install(folder, f"{made:%Y%m%dT%H%M%SZ}", files, ("mark", mark))
    ring = folder.parent / f"{folder.name}.gpg"
    ring.write_bytes(signer.public)
    return ["--dir", str(folder), "--keyring", str(ring), "--signer", signer.fingerprint]


@dataclass(frozen=True)
class Site:
    """A service that runs; `url` has no slash at its end."""

    url: str
    folder: Path

    @property
    def ledger(self) -> Ledger:
        """What the service keeps: another process may write there too."""
        return Ledger(address(_database(self.folder)))

    def note(self, id_: str, **progress: Part) -> None:
        """Begins a scan, or begins it again, and keeps how far it is: `__` in a name is a dot."""
        ledger = self.ledger
        begun = ledger.take(id_, now())
        assert begun
        ledger.note(begun, {name.replace("__", "."): part for name, part in progress.items()})
        ledger.close()

    def keep(self, result: Mapping[str, Any], **traits: bool) -> str:
        """Keeps a domain result as that of a scan which is done; gives the id of the scan.

        A scan of the domain that waits is ended by it.
        """
        ledger = self.ledger
        id_, domain = f"{next(_NUMBERS):022d}", Domain(result["domain"])
        scan, _ = ledger.submit(domain, id_, now(), most=1000)
        begun = ledger.take(scan.id, now())
        assert begun
        has = {"mta_sts": False, "dane": False} | traits
        assert ledger.finish(
            begun, Outcome(json.dumps(scan_object(dict(result))), result["status"], **has), now()
        )
        ledger.close()
        return scan.id


def _database(folder: Path) -> str:
    return f"sqlite:///{folder / 'scans.db'}"


@contextmanager
def serving(folder: Path, *options: str, internet: World | None = None, port: int = 0) -> Iterator[Site]:
    """A service that keeps its scans in a folder; without an internet its resolver is nobody.

    `port` is that of the loopback interface, and without an internet only; a free one if not given.
    """
    us = [sys.executable, "-m", "stpolicy", "serve", "--quiet", "--database", _database(folder)]
    with ExitStack() as closing:
        if internet:
            looks = ["--resolver", "127.0.0.1", "--timeout", "8", "--ca-file", str(internet.ca_file)]
            named = ["--helo", "checker.stpolicy-lab.net", "--port", str(_PORT)]
            command = internet.space.command([*us, *looks, *named, *options], ROOT)
            port = closing.enter_context(passage(internet, _PORT))
        else:
            port = port or free_port()
            looks = ["--resolver", "127.0.0.1:1", "--helo", "checker.example.org", "--port", str(port)]
            command = [*us, *looks, *options]
        environment = internet.space.environment if internet else dict(os.environ)
        log = closing.enter_context((folder / "log").open("w"))
        began = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True
        )
        closing.callback(_end, began)
        _begun(port, began, folder / "log")
        yield Site(f"http://127.0.0.1:{port}", folder)


def _end(process: "subprocess.Popen[str]") -> None:
    for one in [*descendants(process.pid), process.pid]:
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGTERM)
    process.wait(ENOUGH)


def _begun(port: int, process: "subprocess.Popen[str]", log: Path) -> None:
    """Waits until it answers."""
    until = time.monotonic() + ENOUGH
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as asking:
            asking.settimeout(5)
            asking.sendall(b"GET /api/ping HTTP/1.0\r\n\r\n")
            if asking.recv(64).startswith(b"HTTP/1.1 200"):
                return
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def free_port() -> int:
    """Of the loopback interface, one that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


@contextmanager
def passage(internet: World, port: int) -> Iterator[int]:
    """A port of our own loopback that leads to one in there: a browser stays outside."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def keep() -> None:
            with suppress(OSError):
                while True:
                    near, _ = door.accept()
                    threading.Thread(target=_carry, args=(internet, near, port), daemon=True).start()

        keeper = threading.Thread(target=keep, daemon=True)
        keeper.start()
        try:
            yield int(door.getsockname()[1])
        finally:
            door.shutdown(socket.SHUT_RDWR)
            keeper.join(ENOUGH)


def _carry(internet: World, near: socket.socket, port: int) -> None:
    with near, suppress(OSError):
        far = internet.space.within(lambda: socket.create_connection(("127.0.0.1", port), ENOUGH))
        with far:
            ways = {near: far, far: near}
            while True:
                for come in select.select(list(ways), [], [])[0]:
                    data = come.recv(65536)
                    if not data:
                        return
                    ways[come].sendall(data)
