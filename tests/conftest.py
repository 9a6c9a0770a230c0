"""What all tests share: one fixed time, the public suffix list, an empty room, and the program run in it."""

import os
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test

from stpolicy import config
from stpolicy.suffixes import PublicSuffixes
from tests import lists, measure
from tests.cli.following import Following, Maps
from tests.needs import needs
from tests.personas import People
from tests.program import Program
from tests.webserver import Server

pytest_plugins = ["tests.databases", "tests.keys_fixtures"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Properties go over the same lines a hundred times; to count those every time doubles what they cost."""
    for item in items:
        if isinstance(item, pytest.Function) and is_hypothesis_test(item.obj):
            item.add_marker("no_cover")


@pytest.fixture(scope="session", autouse=True)
def _unmeasured() -> None:
    measure.stop()


@pytest.fixture
def now() -> datetime:
    return lists.NOW


@pytest.fixture(scope="session")
def suffixes() -> PublicSuffixes:
    return PublicSuffixes()


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, with a home beside it and no settings from anywhere."""
    folder, home = tmp_path / "room", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    for name in [name for name in os.environ if name.startswith(("STPOLICY_", "GIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(config, "SYSTEM", tmp_path / "etc" / "stpolicy.toml")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def program(room: Path, capsys: pytest.CaptureFixture[str]) -> Program:
    """The program, run in this process and in the room."""
    return Program(capsys)


@pytest.fixture
def following(server: Server, people: People, authority: Path, room: Path, program: Program) -> Following:
    """A mail server that follows a list of Alice's."""
    return Following(server, people, authority, room.parent / "state", program)


@pytest.fixture
def maps(following: Following) -> Maps:
    """A server that keeps a map for a real Postfix."""
    needs("postmap", "postfix")
    return Maps(following)
