"""Fixtures with keys: made by the real gpg, in folders of their own."""

import shutil
from collections.abc import Iterator

import pytest

from tests import personas
from tests.needs import needs
from tests.personas import Home, People


@pytest.fixture(scope="session")
def people() -> Iterator[People]:
    """Everybody with a key; no agent may outlive them (G10)."""
    needs("gpg", "gnupg")
    needs("gpgv", "gpgv")
    with personas.people() as everybody:
        yield everybody
    assert personas.agents(everybody.folder) == []


@pytest.fixture
def home(people: People) -> Iterator[Home]:
    """An empty GnuPG home for one test."""
    fresh = people.home()
    yield fresh
    fresh.end()
    people.homes.remove(fresh)
    shutil.rmtree(fresh.path, ignore_errors=True)
