"""The whole matrix: every fault at every system call. `make crash`, or with fewer: see --help.

python -m tests.crash.whole [--client update] [--start warm] [--map lmdb] [--fault KILL] [--sample N]
"""

import argparse
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import personas, web
from tests.crash.clients import CLIENTS, Client
from tests.crash.matrix import Scenario, matrix, scenario, spread
from tests.crash.strace import FAULTS, Fault, Point
from tests.crash.world import COLD, MAPS, WARM, World, world


@contextmanager
def a_world() -> Iterator[World]:
    """A world of its own, with new keys."""
    with tempfile.TemporaryDirectory(prefix="crash-") as name, personas.people() as people:
        authority = Path(name) / "authority"
        authority.mkdir()
        web.certificates(authority)
        with world(Path(name), people, authority) as there:
            yield there


def _wanted(options: argparse.Namespace) -> Iterator[tuple[Client, str, str | None]]:
    """Client, start and map of each scenario."""
    for name in options.client:
        client = CLIENTS[name]
        for start in options.start:
            for kind in options.map if client.renders else [None]:
                yield client, start, kind


def _run(options: argparse.Namespace) -> int:
    """The share of this process; 1 when something is wrong."""
    share, of = options.share
    faults = tuple(FAULTS[name] for name in options.fault)
    bad = 0
    with a_world() as base:
        for client, start, kind in _wanted(options):
            tried = scenario(base, client, start, kind)
            points = tried.recorded.points
            if client.renders and kind != options.map[0]:  # the rest is the same for every type
                points = tuple(point for point in points if point.path.startswith(str(tried.world.maps)))
            whole = matrix(points, faults)
            if options.sample:
                whole = list(spread(whole, options.sample))
            if share == 0:
                out_of_reach = len(tried.recorded.shadowed)
                print(f"{tried}: {len(points)} calls, and {out_of_reach} out of reach", flush=True)
            bad += _try(tried, whole[share::of], verbose=options.verbose)
    return 1 if bad else 0


def _try(tried: Scenario, cases: list[tuple[Point, Fault]], *, verbose: bool) -> int:
    """Makes trials and prints what came of them; how many went wrong."""
    trials = []
    for point, fault in cases:
        trial = tried.attempt(point, fault)
        trials.append(trial)
        if trial.wrong or verbose:
            print(f"{'WRONG ' if trial.wrong else ''}{tried}: {trial}", flush=True)
    counts = Counter((trial.fault.name, trial.ran.code, trial.outcome) for trial in trials)
    for (name, code, outcome), count in sorted(counts.items()):
        print(f"{tried}: {name:6} exit {code:3}, {outcome}: {count}")
    wrong = sum(bool(trial.wrong) for trial in trials)
    print(f"{tried}: {len(trials)} trials, {wrong} wrong", flush=True)
    return wrong


def main() -> int:
    """Runs it, in several processes if that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--client", action="append", choices=CLIENTS)
    parser.add_argument("--start", action="append", choices=[WARM, COLD])
    parser.add_argument("--map", action="append", choices=MAPS)
    parser.add_argument("--fault", action="append", choices=FAULTS)
    parser.add_argument("--sample", type=int, help="only so many of each scenario")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--share", type=int, nargs=2, default=[0, 1], help=argparse.SUPPRESS)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    options.client = options.client or list(CLIENTS)
    options.start = options.start or [WARM, COLD]
    options.map = options.map or list(MAPS)
    options.fault = options.fault or list(FAULTS)
    if options.jobs == 1:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the keys' agents end with us
        return _run(options)
    again = [sys.executable, "-m", "tests.crash.whole", *sys.argv[1:], "--jobs", "1"]
    shares = [[*again, "--share", str(number), str(options.jobs)] for number in range(options.jobs)]
    running = [subprocess.Popen(command) for command in shares]
    return max([process.wait() for process in running])


if __name__ == "__main__":
    sys.exit(main())
