"""The lab, one for each process that runs tests, and as it was after every test."""

from collections.abc import Iterator

import pytest

from tests.lab import room
from tests.lab.room import Lab


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """See room.Lab."""
    with room.opened() as opened:
        yield opened


@pytest.fixture(autouse=True)
def restored(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leaves the lab as it was found."""
    yield
    if "lab" in request.fixturenames:
        found = request.getfixturevalue("lab")
        assert isinstance(found, Lab)
        found.restore()
