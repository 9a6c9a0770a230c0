"""What `serve` costs, against a bare FastAPI route that answers the same bytes: requests a second in one run.

python bench/web.py [SECONDS [ROUNDS]]     exit code 1 when a bound is broken; needs Debian's wrk and gnupg

Both are one process on one port of the loopback interface, under uvicorn with its HTTP/1.1 in Python. The
bare one has no middleware, no limits, and a route that returns a response made of bytes that it has at hand.
"""

import argparse
import asyncio
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

sys.path.insert(0, str(Path(__file__).parent.parent))

from stpolicy.ledger import Ledger, Outcome, address
from stpolicy.model.names import Domain
from stpolicy.web import _clock, server
from tests import packets, pairs, personas
from tests.web.plain import settings
from tests.web.running import pinned

AT_ONCE = 32
BOUND = 0.5
DOMAIN = "example.com"
RESULT = '{"domain":"example.com","scandata":{"status":0,"padding":"' + "x" * 6000 + '"},"version":2}'
"""As large as the result of a domain with two mail servers."""
ENTRIES = 300


def bare(payload: Path) -> None:
    """The floor: answers what the service answered, with the same length."""
    from fastapi import FastAPI, Response

    app = FastAPI()
    scan, policy = ((payload / name).read_bytes() for name in ("scan", "policy"))

    @app.get("/api/scan")
    async def _scan(domain: str) -> Response:
        return Response(scan if domain else b"", media_type="application/json")

    @app.get("/policy.json")
    async def _policy() -> Response:
        return Response(policy, media_type="application/json")

    wanted = uvicorn.Config(app, http="h11", ws="none", loop="asyncio", access_log=False, log_level="error")
    _serve(wanted)


def ours(folder: Path) -> None:
    """The service, as `stpolicy serve` runs it."""
    with personas.people() as people:
        now = _clock.now()
        version = folder / "state" / "versions" / "only"
        version.mkdir(parents=True)
        policies = {
            f"d{n}.example.com": {"mode": "enforce", "mxs": [f"mx{n}.example.net"]} for n in range(ENTRIES)
        }
        data = pairs.dated(now, policies=policies)
        (version / "policy.json").write_bytes(data)
        (version / "policy.json.asc").write_bytes(packets.asc(people.alice.packet(data, at=now)))
        (folder / "state" / "current").symlink_to("versions/only")
        wanted = settings(folder, folder=folder / "state", who=pinned(people))
    ledger = Ledger(address(wanted.database))
    ledger.upgrade()
    scan, _ = ledger.submit(Domain(DOMAIN), "x" * 22, now, most=9)
    begun = ledger.take(scan.id, now)
    if begun is None or not ledger.finish(begun, Outcome(RESULT, 0, mta_sts=True, dane=True), now):
        raise AssertionError
    ledger.close()
    _serve(server.config(wanted))


def _serve(config: uvicorn.Config) -> None:
    listening = server.bound(settings(Path()))
    print(listening.getsockname()[1], flush=True)
    asyncio.run(uvicorn.Server(config).serve([listening]))


@dataclass(frozen=True, slots=True)
class Server:
    """One of both, running."""

    url: str
    process: int

    @property
    def spent(self) -> float:
        """Seconds of processor so far."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests: a second, and a second of the server's processor."""

    wall: float
    processor: float


@contextmanager
def serving(which: str, folder: Path) -> Iterator[Server]:
    """One of both, for as long as it is needed."""
    command = [sys.executable, __file__, "--only", which, str(folder)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if running.stdout is None:
            raise AssertionError
        yield Server(f"http://127.0.0.1:{int(running.stdout.readline())}", running.pid)
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)


def fetched(url: str) -> bytes:
    """What is answered, as soon as anything is."""
    command = ["curl", "-sSf", "--retry", "50", "--retry-connrefused", "--retry-delay", "1", url]
    return subprocess.run(command, check=True, capture_output=True).stdout


def rate(server: Server, path: str, seconds: int) -> Rate:
    """How fast; AssertionError where a request was not answered well."""
    before = server.spent
    command = ["wrk", "-t1", f"-c{AT_ONCE}", f"-d{seconds}s", server.url + path]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    spent = server.spent - before
    a_second = re.search(r"Requests/sec: +([0-9.]+)", said)
    requests = re.search(r"([0-9]+) requests in", said)
    if "Non-2xx" in said or "Socket errors" in said or not a_second or not requests:
        raise AssertionError(said)
    return Rate(float(a_second[1]), int(requests[1]) / spent)


def compare(floor: Server, service: Server, path: str, seconds: int, rounds: int) -> Rate:
    """Ours by the floor's; the median of rounds, in which both take turns."""
    if fetched(floor.url + path) != fetched(service.url + path):
        raise AssertionError(path)
    turns = [(rate(floor, path, seconds), rate(service, path, seconds)) for _ in range(rounds)]
    theirs, mine = turns[-1]
    print(f"  {path}: floor {theirs.wall:.0f}/s, ours {mine.wall:.0f}/s", flush=True)
    return Rate(
        statistics.median(mine.wall / theirs.wall for theirs, mine in turns),
        statistics.median(mine.processor / theirs.processor for theirs, mine in turns),
    )


def ratios(folder: Path, seconds: int, rounds: int) -> dict[str, Rate]:
    """By path."""
    paths = {"scan": f"/api/scan?domain={DOMAIN}", "policy": "/policy.json"}
    with serving("ours", folder) as service:
        for name, path in paths.items():
            (folder / name).write_bytes(fetched(service.url + path))
        with serving("bare", folder) as floor:
            return {path: compare(floor, service, path, seconds, rounds) for path in paths.values()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("seconds", nargs="?", type=int, default=4)
    parser.add_argument("rounds", nargs="?", type=int, default=5)
    parser.add_argument("--only", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        {"bare": bare, "ours": ours}[given.only[0]](Path(given.only[1]))
        return
    if not shutil.which("wrk"):
        sys.exit("wrk is missing: apt-get install wrk")
    with tempfile.TemporaryDirectory() as name:
        found = ratios(Path(name), given.seconds, given.rounds)
    for path, ratio in found.items():
        kept = "kept" if ratio.wall >= BOUND else "BROKEN"
        print(f"{path}: {ratio.wall:.2f} of the floor, at least {BOUND}: {kept}", end="")
        print(f" (for the same processor time {ratio.processor:.2f})")
    sys.exit(0 if all(ratio.wall >= BOUND for ratio in found.values()) else 1)


if __name__ == "__main__":
    main()
