"""`stpolicy serve` as it is run, in the mini-internet, and a way to it from outside."""

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
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stpolicy import store
from stpolicy.model.dates import instant
from stpolicy.model.mark import Mark
from tests.minternet.personalities import ROWS, policy_list
from tests.minternet.world import ROOT, World
from tests.namespace import descendants
from tests.personas import Person, stamp

ENOUGH = 60
"""Seconds that nothing takes unless it hangs."""


def installed(folder: Path, signer: Person, ends: timedelta, policies: Mapping[str, object]) -> list[str]:
    """A state folder with a signed list that ends so much later than now; the options that serve it."""
    now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251  (the program has no other clock either)
    made = now + ends - timedelta(days=14)
    dates = {"timestamp": stamp(made), "expires": stamp(made + timedelta(days=14))}
    data = json.dumps({**policies, **dates}).encode()
    signature = signer.sign(data, at=made)
    folder.mkdir()
    mark = Mark(instant(made), instant(made), "0" * 64).text().encode()
    store.install(folder, f"{made:%Y%m%dT%H%M%SZ}", {"policy.json": data, "policy.json.asc": signature}, ("mark", mark))
    ring = folder.parent / f"{folder.name}.gpg"
    ring.write_bytes(signer.public)
    return ["--dir", str(folder), "--keyring", str(ring), "--signer", signer.fingerprint]


def listed(*names: str) -> dict[str, object]:
    """The list of the mini-internet; of these domains alone where some are named."""
    rows = tuple(row for row in ROWS if not names or row.name in names)
    return policy_list(rows)


@dataclass(frozen=True)
class Site:
    """A service that runs; `url` has no slash at its end."""

    url: str
    process: "subprocess.Popen[str]"


@contextmanager
def serving(internet: World, folder: Path, *options: str) -> Iterator[Site]:
    """The service, whose scans are kept in a folder, until the end of the block."""
    us = [sys.executable, "-m", "stpolicy", "serve", "--port", "8080", "--quiet"]
    looks = ["--resolver", "127.0.0.1", "--helo", "checker.stpolicy-lab.net", "--timeout", "8"]
    kept = ["--database", f"sqlite:///{folder / 'scans.db'}", "--ca-file", str(internet.ca_file)]
    command = internet.space.command([*us, *looks, *kept, *options], ROOT)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, env=internet.space.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True
        )
        try:
            with passage(internet, 8080) as port:
                _begun(internet, process, folder / "log")
                yield Site(f"http://127.0.0.1:{port}", process)
        finally:
            for one in [*descendants(process.pid), process.pid]:
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGTERM)
            process.wait(ENOUGH)


def _begun(internet: World, process: "subprocess.Popen[str]", log: Path) -> None:
    """Waits until something answers at the port."""
    until = time.monotonic() + ENOUGH
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        with suppress(OSError):
            internet.space.within(lambda: socket.create_connection(("127.0.0.1", 8080), 1)).close()
            return
        time.sleep(0.1)
    raise AssertionError(log.read_text())


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
            yield door.getsockname()[1]
        finally:
            door.shutdown(socket.SHUT_RDWR)
            keeper.join(ENOUGH)


def _carry(internet: World, near: socket.socket, port: int) -> None:
    with near, suppress(OSError):
        far = internet.space.within(lambda: socket.create_connection(("127.0.0.1", port), ENOUGH))
        with far:
            ways = {near: far, far: near}
            while ways:
                for come in select.select(list(ways), [], [])[0]:
                    data = come.recv(65536)
                    if not data:
                        return
                    ways[come].sendall(data)
