"""The world of a case."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.clients import Client, client
from tests.conformance.loaded import Loaded, loading
from tests.conformance.world import World
from tests.personas import People
from tests.webserver import Server

_SIGNATURES: dict[object, bytes] = {}


@pytest.fixture
def world(people: People, server: Server, authority: Path, tmp_path: Path) -> World:
    """Everything good, nothing installed."""
    return World(people, server, authority, tmp_path, _SIGNATURES)


@pytest.fixture
def asked(who: str, tmp_path: Path) -> Client:
    """The client that a test is parametrised with, by its name."""
    return client(who, tmp_path / "programs")


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """`update`, many runs of which take a quarter of the time."""
    with loading(tmp_path_factory.mktemp("loaded")) as made:
        yield made
