"""R1-R4: ended, or its disk failing, at a system call that touches what it keeps (`make crash`: at all)."""

from dataclasses import dataclass, field

import pytest

from tests.crash.clients import CLIENTS
from tests.crash.conftest import knows, possible
from tests.crash.matrix import Scenario, matrix, scenario, spread
from tests.crash.strace import FAULTS
from tests.crash.trial import Trial
from tests.crash.world import COLD, WARM, World

SAMPLE = {("update", WARM): 8, ("update", COLD): 3, ("script", WARM): 6}
"""How many of a scenario's trials are made here."""

KEPT = [(client, start) for client, start in SAMPLE if client in CLIENTS]


@dataclass
class Scenarios:
    """Each is recorded once."""

    base: World
    known: dict[tuple[str, ...], Scenario] = field(default_factory=dict)

    def __call__(self, name: str, start: str, kind: str = "lmdb") -> Scenario:
        if (name, start, kind) not in self.known:
            client = CLIENTS[name]
            possible(client.around)
            made = scenario(self.base, client, start, kind if client.renders else None)
            self.known[name, start, kind] = made
        return self.known[name, start, kind]


@pytest.fixture(scope="module")
def scenarios(base: World) -> Scenarios:
    return Scenarios(base)


def good(trial: Trial) -> None:
    assert not trial.wrong, str(trial)


@pytest.mark.parametrize(
    ("client", "start", "number"),
    [(client, start, number) for client, start in KEPT for number in range(SAMPLE[client, start])],
)
def test_r4_whatever_fails(scenarios: Scenarios, client: str, start: str, number: int) -> None:
    """A sample, spread over the run."""
    tried = scenarios(client, start)
    whole = matrix(tried.recorded.points, list(FAULTS.values()))
    point, fault = list(spread(whole, SAMPLE[client, start]))[number]
    good(tried.attempt(point, fault))


@pytest.mark.parametrize("name", ["staged", "mark", "current", "policy.lmdb", "policy", "state.json"])
def test_r1_killed_at_a_switch(scenarios: Scenarios, name: str) -> None:
    """Of each the old one or the new one is there, and the next run goes on."""
    tried = scenarios("update", WARM)
    new = {"staged": f".tmp-{tried.world.new.label}", "policy.lmdb": ".policy.new.lmdb"}
    new |= {name: f"{name}.new" for name in ("mark", "state.json")}
    source = new.get(name, f".{name}.new")
    [point] = [
        point
        for point in tried.recorded.points
        if point.call == "rename" and point.path.endswith(f"/{source}")
    ]
    good(tried.attempt(point, FAULTS["KILL"]))


@pytest.mark.parametrize("name", ["policy.json", "policy.json.asc", "mark.new"])
def test_r2_a_disk_that_lies(scenarios: Scenarios, name: str) -> None:
    """What was written is read back before anything leads to it."""
    tried = scenarios("update", WARM)
    [point] = [
        point for point in tried.recorded.points if point.call == "write" and point.path.endswith(f"/{name}")
    ]
    trial = tried.attempt(point, FAULTS["LIE"])
    good(trial)
    assert (trial.ran.code, trial.outcome) == (3, "old pair")


def test_r1_killed_while_berkeley_db_makes_its_file(scenarios: Scenarios) -> None:
    """It refuses to make another one while half of one is there."""
    knows("hash")
    tried = scenarios("update", WARM, "hash")
    point = next(point for point in tried.recorded.points if "/__db." in point.path and point.call == "fcntl")
    good(tried.attempt(point, FAULTS["KILL"]))


def test_r4_a_disk_that_does_not_say_whether_a_map_is_there(scenarios: Scenarios) -> None:
    """It is taken neither for a map that is not there nor for somebody else's."""
    tried = scenarios("update", WARM)
    asked = [
        point
        for point in tried.recorded.points
        if point.call == "newfstatat" and point.path.endswith("/maps/policy")
    ]
    assert asked
    for point in asked:
        good(tried.attempt(point, FAULTS["EIO"]))
