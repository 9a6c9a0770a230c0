"""`check`, without a network; and what the tests of `setup` begin with."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from stpolicy.flows import check as flow
from tests.cli.checking import World
from tests.cli.following import Following
from tests.cli.setting_up import publish_keys, quiet_postfix
from tests.postfix_room import PostfixRoom
from tests.program import NOW, Program, Ran


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(flow, "check", made.check)
    return made


@pytest.fixture
def check(program: Program, world: World) -> Callable[..., Ran]:
    def run(*arguments: object, stdin: bytes = b"") -> Ran:
        return program("check", "--now", NOW, "--helo", "probe.example.net", *arguments, stdin=stdin)

    return run


@pytest.fixture
def etc(room: Path) -> Path:
    return room.parent / "own-etc"


@pytest.fixture
def served(following: Following) -> Following:
    following.offer()
    publish_keys(following, following.people.alice, following.people.mallory)
    return following


@pytest.fixture
def published(served: Following, monkeypatch: pytest.MonkeyPatch) -> Following:
    """On a machine without Postfix."""
    monkeypatch.setattr("stpolicy.mta._program._path", lambda: os.devnull)
    return served


@pytest.fixture
def postfix(served: Following, tmp_path: Path) -> PostfixRoom:
    return quiet_postfix(served, tmp_path)
