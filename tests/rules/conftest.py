"""A mail server for the rules of `doctor`."""

from pathlib import Path

import pytest

from tests.postfix_room import PostfixRoom, postfix_room


@pytest.fixture
def server(tmp_path: Path) -> PostfixRoom:
    return postfix_room(tmp_path)
