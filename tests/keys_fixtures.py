"""Fixtures with keys: made by the real gpg, in folders of their own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import personas, webserver
from tests.needs import needs
from tests.personas import Home, People
from tests.webserver import Server


@pytest.fixture(scope="session")
def people() -> Iterator[People]:
    """Everybody with a key; no agent may outlive them (G10)."""
    needs("gpg", "gnupg")
    needs("gpgv", "gpgv")
    with personas.people() as everybody:
        yield everybody
    assert personas.agents(everybody.folder) == {}


@pytest.fixture
def home(people: People) -> Iterator[Home]:
    """An empty GnuPG home for one test."""
    fresh = people.home()
    yield fresh
    fresh.end()
    people.homes.remove(fresh)
    shutil.rmtree(fresh.path, ignore_errors=True)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with certificates: see webserver.certificates."""
    needs("openssl", "openssl")
    folder = tmp_path_factory.mktemp("authority")
    webserver.certificates(folder)
    return folder


@pytest.fixture
def server(authority: Path) -> Iterator[Server]:
    """A web server whose certificate is good for whoever trusts ca.pem."""
    with webserver.serving(authority / "good.pem") as running:
        yield running
