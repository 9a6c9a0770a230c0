"""An authority and a client that trusts it alone."""

from datetime import datetime
from pathlib import Path

import pytest

from stpolicy.checker.tls import Client
from tests import webserver
from tests.checker.authority import HOST, Party, party
from tests.checker.policy_look import Look
from tests.lists import NOW


@pytest.fixture(scope="session")
def root() -> Party:
    return party("Test Root", ca=True)


@pytest.fixture(scope="session")
def good(root: Party) -> Party:
    """The certificate of a healthy mail server."""
    return party(HOST, root, names=[HOST])


@pytest.fixture(scope="session")
def trusted(root: Party, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("roots") / "root.pem"
    file.write_bytes(root.pem())
    return file


@pytest.fixture(scope="session")
def client(trusted: Path) -> Client:
    return Client(trusted, NOW)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def look(authority: Path, server: webserver.Server) -> Look:
    return Look(authority, server)
