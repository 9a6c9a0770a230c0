"""`check`, without a network."""

from collections.abc import Callable

import pytest

from stpolicy.flows import check as flow
from tests.cli.checking import World
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
