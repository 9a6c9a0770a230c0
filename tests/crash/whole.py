"""The whole matrix: every fault at every system call. `make crash`, or with fewer: see --help.

python -m tests.crash.whole [--client update] [--start warm] [--map lmdb] [--fault KILL] [--sample N]
"""

import argparse
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests import personas, webserver
from tests.crash.clients import CLIENTS, Client
from tests.crash.matrix import matrix, scenario, spread
from tests.crash.strace import FAULTS
from tests.crash.world import COLD, MAPS, WARM, World, world


@contextmanager
def a_world() -> Iterator[World]:
    """A world of its own, with new keys."""
    with tempfile.TemporaryDirectory(prefix="crash-") as name, personas.people() as people:
        authority = Path(name) / "authority"
        authority.mkdir()
        webserver.certificates(authority)
        with world(Path(name), people, authority) as there:
            yield there


def _wanted(options: argparse.Namespace) -> Iterator[tuple[Client, str, str | None]]:
    """Client, start and map of each scenario."""
    for name in options.client:
        client = CLIENTS[name]
        for start in options.start:
            for kind in options.map if client.renders else [None]:
                yield client, start, kind


@dataclass
class Summary:
    """What came of a scenario, or of a share of it."""

    name: str
    calls: int
    out_of_reach: int
    outcomes: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    """By fault, exit code, and the pair that was there then."""
    wrong: int = 0

    def print(self) -> None:
        trials = self.outcomes.total()
        print(f"{self.name}: {self.calls} calls, {trials} trials, {self.wrong} of them wrong")
        for (fault, code, outcome), count in sorted(self.outcomes.items()):
            print(f"    {fault:6}  exit {code:3}, {outcome}: {count}")
        if self.out_of_reach:
            print(f"    and {self.out_of_reach} calls that the fault cannot be brought to")


def _share(options: argparse.Namespace, number: int) -> list[Summary]:
    """Tries one share of the whole, in a world of its own."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the keys' agents end with us
    faults = [FAULTS[name] for name in options.fault]
    found = []
    with a_world() as base:
        for client, start, kind in _wanted(options):
            tried = scenario(base, client, start, kind)
            points = tried.recorded.points
            if client.renders and kind != options.map[0]:  # the rest is the same for every type
                points = tuple(point for point in points if point.path.startswith(str(tried.world.maps)))
            whole = matrix(points, faults)
            if options.sample:
                whole = list(spread(whole, options.sample))
            summary = Summary(str(tried), len(points), len(tried.recorded.shadowed))
            found.append(summary)
            for point, fault in whole[number :: options.jobs]:
                trial = tried.attempt(point, fault)
                summary.outcomes[fault.name, trial.ran.code, trial.outcome] += 1
                summary.wrong += bool(trial.wrong)
                if trial.wrong or options.verbose:
                    print(f"{'WRONG ' if trial.wrong else ''}{tried}: {trial}", flush=True)
    return found


def main() -> int:
    """Tries it all, in several processes if that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--client", action="append", choices=CLIENTS)
    parser.add_argument("--start", action="append", choices=[WARM, COLD])
    parser.add_argument("--map", action="append", choices=MAPS)
    parser.add_argument("--fault", action="append", choices=FAULTS)
    parser.add_argument("--sample", type=int, help="only so many of each scenario")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    options.client = options.client or list(CLIENTS)
    options.start = options.start or [WARM, COLD]
    options.map = options.map or list(MAPS)
    options.fault = options.fault or list(FAULTS)
    with ProcessPoolExecutor(options.jobs) as pool:
        shares = list(pool.map(_share, [options] * options.jobs, range(options.jobs)))
    wrong = 0
    for parts in zip(*shares, strict=True):
        whole = parts[0]
        for part in parts[1:]:
            whole.outcomes += part.outcomes
            whole.wrong += part.wrong
        whole.print()
        wrong += whole.wrong
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
