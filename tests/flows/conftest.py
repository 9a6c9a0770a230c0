"""What tests of jobs share."""

import pytest

from stpolicy.flows import jobs, lasting


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "SWEEP_EVERY", 0.1)
    monkeypatch.setattr(lasting, "AGAIN", 0.05)
