"""What `check` costs, against a client that only looks: ratios of whole processes measured in one run.

python bench/looks.py [DOMAINS [ROUNDS [MANY]]]     exit code 1 when a bound is broken; needs root

DOMAINS is 1000 if not given, and is also tried four times as large, with a host for each: 5000 are 20,000
hosts. MANY, if given, is how many domains on these hosts are tried for memory alone, say 100000. The world
is the mini-internet of the tests, with healthy domains without number and 40 ms before each reply and each
flight of TLS. Both clients get the same domains, resolver, root and number of connections at a time.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lists import STPOLICY, Cost, measure

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.minternet import bulk
from tests.minternet.world import Crowd, World, world
from tests.namespace import descendants

ROOT = Path(__file__).parent.parent
AT_ONCE = 1024
LATENCY = 0.04
TIME_OUT = 5
BOUND = 1.5
LINEAR = 1.2
"""How much more than four times four times as many hosts may cost."""
MOST_MEMORY = 400
"""MB of all processes together, for any number of domains."""
LOOK_EVERY = 0.2
"""Seconds between two looks at the memory of the processes."""


@dataclass(frozen=True, slots=True)
class Clients:
    """The commands of both clients in one world."""

    floor: list[str]
    ours: list[str]


@contextmanager
def crowd(domains: int, hosts: int, sick: float = 0) -> Iterator[Clients]:
    """So many domains on so many hosts; DNS is asked once beforehand: its cache is not what is measured."""
    with (
        tempfile.TemporaryDirectory() as name,
        world(latency=LATENCY, rows=(), crowd=Crowd(domains, hosts, sick)) as made,
    ):
        clients = _clients(made, Path(name), domains, hosts)
        measure(clients.ours, (0, 3))
        yield clients


def _clients(made: World, folder: Path, domains: int, hosts: int) -> Clients:
    names, policy = folder / "domains", folder / "policy.json"
    names.write_text("".join(f"{bulk.domain(n)}\n" for n in range(domains)))
    dated = {"timestamp": "2026-11-01T00:00:00Z", "expires": "2026-11-15T00:00:00Z", "version": "0.1"}
    entries = {"policy-aliases": {}, "policies": bulk.policies(domains, hosts)}
    policy.write_text(json.dumps(dated | entries))
    inside = [*made.prefix, sys.executable]
    asked = ["--resolver", "127.0.0.1", "--ca-file", str(made.ca_file), "--timeout", str(TIME_OUT)]
    how = ["--concurrency", str(AT_ONCE), "--pause", "0", "--helo", "bench.example.org", "--format", "ndjson"]
    floor = [*inside, str(ROOT / "bench" / "floor.py"), "127.0.0.1", str(made.ca_file), str(AT_ONCE)]
    return Clients([*floor, str(names)], [*inside, *STPOLICY[1:], "check", str(policy), *asked, *how])


def ratios(clients: Clients, rounds: int) -> tuple[float, float]:
    """Ours by the floor's: wall, processor; the median of pairs."""
    pairs = [(measure(clients.floor), measure(clients.ours)) for _ in range(rounds)]
    wall = statistics.median(ours.wall / floor.wall for floor, ours in pairs)
    cpu = statistics.median(ours.cpu / floor.cpu for floor, ours in pairs)
    floor, ours = pairs[-1]
    print(f"  floor {_said(floor)}; ours {_said(ours)}")
    return wall, cpu


def memory(command: list[str]) -> float:
    """MB that a command and all its processes have at most; what they share counts once (PSS, proc(5))."""
    most = 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        while running.poll() is None:
            most = max(most, sum(map(_resident, [running.pid, *descendants(running.pid)])))
            time.sleep(LOOK_EVERY)
    if running.returncode:
        sys.exit(f"{' '.join(command)} ended with {running.returncode}")
    return most


def _resident(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _said(cost: Cost) -> str:
    return f"{cost.wall:.2f} s, processor {cost.cpu:.2f} s, {cost.peak:.0f} MB"


def main() -> None:
    domains = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    many = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    kept = []

    def judge(what: str, found: float, bound: float) -> None:
        kept.append(found <= bound)
        print(f"{what}: {found:.2f}, at most {bound:.2f}: {'kept' if kept[-1] else 'BROKEN'}", flush=True)

    with crowd(domains, domains) as clients:
        wall, cpu = ratios(clients, rounds)
        judge(f"{domains} domains, {domains} hosts: wall / floor", wall, BOUND)
        judge(f"{domains} domains, {domains} hosts: processor / floor", cpu, BOUND)
        whole = measure(clients.ours)
    with crowd(domains, 50) as clients:
        wall, _ = ratios(clients, rounds)
        judge(f"{domains} domains, 50 hosts: wall / floor", wall, BOUND)
    with crowd(domains, domains, 0.05) as clients:
        sick = measure(clients.ours, (3,))
        judge("with 5 % dead and dripping: more wall, in time-outs", (sick.wall - whole.wall) / TIME_OUT, 2)
    with crowd(4 * domains, 4 * domains) as clients:
        more = measure(clients.ours)
        judge("four times as many: wall / four times the wall", more.wall / whole.wall / 4, LINEAR)
        judge("four times as many: memory, MB", memory(clients.ours), MOST_MEMORY)
    if many:
        with crowd(many, 4 * domains) as clients:
            judge(f"{many} domains, {4 * domains} hosts: memory, MB", memory(clients.ours), MOST_MEMORY)
    sys.exit(0 if all(kept) else 1)


if __name__ == "__main__":
    main()
