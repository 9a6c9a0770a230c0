"""The world of a case."""

from pathlib import Path

import pytest

from tests.conformance.clients import Client, client
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
