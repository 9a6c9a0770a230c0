"""What is tried: a client, a start and a map make a scenario, and each has its points and faults."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.crash import clients
from tests.crash.clients import Client
from tests.crash.strace import Fault, Point, Record, record
from tests.crash.trial import Trial, attempt
from tests.crash.world import COLD, WARM, World

SEED = 7505


@dataclass(frozen=True)
class Scenario:
    """A client in a world, and what a good run does there."""

    client: Client
    world: World
    recorded: Record
    scratch: Path

    def __str__(self) -> str:
        return " ".join(filter(None, (self.client.name, self.world.start, self.world.kind)))

    def attempt(self, point: Point, fault: Fault) -> Trial:
        """Makes one trial."""
        return attempt(self.client, self.world, point, fault, self.scratch)


def begin(base: World, client: Client, start: str, kind: str | None) -> World:
    """A world as it is at a start: what is there, this client has put there."""
    there = base.at(COLD, kind)
    there.clear()
    there.save()
    if start == COLD:
        return there
    there.reset()
    there.offer(there.old)
    ran = clients.run(client, there)
    assert (ran.code, ran.err) == (0, ""), ran
    there = there.at(WARM, kind)
    there.save()
    return there


def scenario(base: World, client: Client, start: str, kind: str | None) -> Scenario:
    """A scenario, recorded."""
    there, scratch = begin(base, client, start, kind), base.folder / "scratch"
    return Scenario(client, there, record(client, there, scratch), scratch)


def matrix(points: Sequence[Point], faults: Sequence[Fault]) -> list[tuple[Point, Fault]]:
    """Every fault at every point, in the order of time."""
    return [(point, fault) for point in points for fault in faults if fault.fits(point)]


def spread(whole: Sequence[tuple[Point, Fault]], count: int) -> Iterator[tuple[Point, Fault]]:
    """One of each of `count` stretches of time, the same ones each time."""
    chance = random.Random(SEED)
    edges = [len(whole) * number // count for number in range(count + 1)]
    for begins, ends in pairwise(edges):
        if begins < ends:
            yield chance.choice(whole[begins:ends])
