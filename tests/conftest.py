"""What all tests share: one fixed time and one copy of the public suffix list."""

from datetime import datetime

import pytest

from stpolicy.suffixes import PublicSuffixes
from tests import lists


@pytest.fixture
def now() -> datetime:
    return lists.NOW


@pytest.fixture(scope="session")
def suffixes() -> PublicSuffixes:
    return PublicSuffixes()
