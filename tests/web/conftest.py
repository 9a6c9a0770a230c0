"""A service in a thread of the tests: on either database without a network, and in the mini-internet."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from stpolicy.checker.smtp import Manner
from stpolicy.flows.check import Network
from stpolicy.ledger import Ledger, address
from tests.minternet.conftest import internet
from tests.minternet.world import World
from tests.web.plain import Clock, settings
from tests.web.serving import Site, asking

__all__ = ["internet"]


@pytest.fixture
def site(database: str, ledger: Ledger, tmp_path: Path) -> Iterator[Site]:
    """A service that serves no list, and whose scans nobody runs but the test."""
    clock = Clock()
    with asking(settings(tmp_path, database=database, limit="100000/hour"), clock) as client:
        yield Site(client, ledger, clock, int(client.base_url.port or 0))


@pytest.fixture(scope="session")
def looking(internet: World) -> Network:
    """How a service looks at the mini-internet."""
    manner = Manner("checker.stpolicy-lab.net", timeout=8)
    return Network(manner, (("127.0.0.1", 53),), internet.ca_file)


@pytest.fixture(scope="module")
def live(
    internet: World, looking: Network, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A client of a service that looks at the mini-internet."""
    folder = tmp_path_factory.mktemp("live")
    url = f"sqlite:///{folder / 'scans.db'}"
    ledger = Ledger(address(url))

    def clock() -> datetime:
        return datetime.now(UTC)  # noqa: TID251  (certificates are judged by it)

    with asking(
        settings(folder, limit="100000/hour", network=looking, at_once=16), clock, internet
    ) as client:
        yield client
    ledger.close()
