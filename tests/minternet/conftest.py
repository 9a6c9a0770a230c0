"""The mini-internet, one for each process that runs tests, with greetings that come fifty times sooner."""

import json
from collections.abc import Iterator

import pytest

from tests.minternet.clients import Found, check
from tests.minternet.personalities import ROWS, policy_list
from tests.minternet.world import World, world


@pytest.fixture(scope="session")
def internet() -> Iterator[World]:
    with world(scale=0.02) as made:
        yield made


@pytest.fixture(scope="session")
def found(internet: World, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The domain results of the whole table, from one run."""
    path = tmp_path_factory.mktemp("list") / "policy.json"
    path.write_text(json.dumps(policy_list()))
    results = check(internet, path)
    assert len(results) == len(ROWS)
    return results
