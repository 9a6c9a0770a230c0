"""What a result is judged by: the entry of the list that is being served, when the scan is run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from stpolicy.flows.check import Network
from stpolicy.ledger import Ledger, address
from tests.minternet.row import ZONE
from tests.minternet.world import World
from tests.personas import People
from tests.web.installed import Installed, today
from tests.web.plain import settings
from tests.web.serving import asking
from tests.web.test_scan_api import enveloped

PLAIN, TESTING, OTHER = f"plain.{ZONE}", f"two-hosts.{ZONE}", f"ipv6-only.{ZONE}"
Judging = Callable[[], httpx.Client]


@contextmanager
def judging(
    folder: Path, internet: World, looking: Network, state: Installed | None
) -> Iterator[httpx.Client]:
    url = f"sqlite:///{folder / 'scans.db'}"
    more: dict[str, Any] = {"who": state.pins, "folder": state.folder} if state else {}
    wanted = settings(folder, limit="100000/hour", network=looking, at_once=4, **more)
    ledger = Ledger(address(url))
    with asking(wanted, today, internet) as client:
        yield client
    ledger.close()


@pytest.fixture
def state(people: People, tmp_path: Path) -> Installed:
    return Installed(tmp_path / "state", people.alice)


def looked(client: httpx.Client, name: str) -> dict[str, Any]:
    found = enveloped(client.post("/api/scan", json={"domain": name}), 200)["response"]["scandata"]
    assert isinstance(found, dict)
    return found


def codes(found: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in found["findings"]}


def test_a_domain_is_held_against_its_entry(
    internet: World, looking: Network, state: Installed, tmp_path: Path
) -> None:
    aliases = {"mail": {"mode": "testing", "mxs": [f".two-hosts.{ZONE}"]}}
    wrong = {"mode": "enforce", "mxs": ["mx.other.org"]}
    listed = {"policy-aliases": aliases, "policies": {PLAIN: wrong, TESTING: {"policy-alias": "mail"}}}
    state.serve(listed, today())
    with judging(tmp_path, internet, looking, state) as client:
        found = looked(client, PLAIN)
        assert "mx.unlisted" in codes(found)
        assert found["mx_hostnames"] == ["mx.other.org"]
        assert found["extra_results"]["policylist"] == {"status": 0, "mode": "enforce"}
        found = looked(client, TESTING)
        assert "mx.unlisted" not in codes(found)
        assert found["mx_hostnames"] == [f".two-hosts.{ZONE}"]
        assert found["extra_results"]["policylist"] == {"status": 0, "mode": "testing"}
        found = looked(client, OTHER)
        assert "mx.unlisted" not in codes(found)
        assert found["extra_results"]["policylist"] == {"status": 2, "mode": ""}


def test_the_list_of_now_counts(internet: World, looking: Network, state: Installed, tmp_path: Path) -> None:
    """One that is switched while the service runs, also where nobody has asked for the list since."""
    wrong = {"mode": "enforce", "mxs": ["mx.other.org"]}
    at = today()
    state.serve({"policies": {OTHER: wrong}}, at.replace(year=at.year - 1))
    with judging(tmp_path, internet, looking, state) as client:
        state.serve({"policies": {PLAIN: wrong}}, at)
        assert looked(client, PLAIN)["extra_results"]["policylist"]["mode"] == "enforce"
        assert looked(client, OTHER)["extra_results"]["policylist"]["mode"] == ""


def test_without_a_list_a_domain_is_held_against_its_own_names(
    internet: World, looking: Network, tmp_path: Path
) -> None:
    with judging(tmp_path, internet, looking, None) as client:
        found = looked(client, PLAIN)
        assert found["mx_hostnames"] == [PLAIN, f"mx.{PLAIN}"]
        assert found["status"] == 0
        assert found["extra_results"]["policylist"] == {"status": 2, "mode": ""}
