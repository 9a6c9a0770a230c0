"""How often a domain is looked at, whoever asks and however it is spelt."""

from pathlib import Path

import pytest

from tests.web.plain import settings
from tests.web.running import ask, running

SPELLINGS = ["example.com", "EXAMPLE.com", "example.com.", " example.com ", "Example.COM."]
BOOKS = [
    "bücher.example.com",
    "BÜCHER.example.com",
    "xn--bcher-kva.example.com",
    "XN--BCHER-KVA.EXAMPLE.COM.",
]


@pytest.mark.parametrize("spellings", [SPELLINGS, BOOKS], ids=["ascii", "idn"])
def test_a_domain_is_looked_at_once_however_it_is_spelt(tmp_path: Path, spellings: list[str]) -> None:
    """And whoever asks."""
    with running(settings(tmp_path, limit="1000/hour")) as service:
        jobs = [
            ask(service.client(f"127.0.0.{number + 2}"), name) for number, name in enumerate(spellings * 2)
        ]
        assert {job.status_code for job in jobs} == {202}
        assert len({job.json()["response"]["id"] for job in jobs}) == 1


@pytest.mark.parametrize(("status", "seconds"), [(0, 600), (1, 600), *((bad, 60) for bad in range(2, 7))])
def test_a_result_is_answered_again_for_a_time(tmp_path: Path, status: int, seconds: int) -> None:
    """A bad one for less: somebody is mending it. Never for less than a minute."""
    with running(settings(tmp_path, limit="1000/hour")) as service:
        client, other = service.client("127.0.0.2"), service.client("127.0.0.3")
        first = ask(client, "example.com").json()["response"]["id"]
        service.finished("example.com", status, '{"mark":1}')
        service.clock.pass_by(seconds=seconds - 1)
        for asking in (client, other):
            again = ask(asking, "Example.COM.")
            assert again.status_code == 200
            assert again.json()["response"] == {"mark": 1}
        service.clock.pass_by(seconds=1)
        second = ask(other, "example.com")
        assert second.status_code == 202
        assert second.json()["response"]["id"] != first


def test_a_scan_that_came_to_nothing_is_not_begun_again_at_once(tmp_path: Path) -> None:
    with running(settings(tmp_path)) as service:
        client = service.client()
        id_ = ask(client, "example.com").json()["response"]["id"]
        with service.ledger() as ledger:
            scan = ledger.take(id_, service.clock())
            assert scan
            ledger.fail(scan, "it came to nothing", service.clock())
        again = ask(client, "example.com")
        assert again.status_code == 503
        assert again.headers["retry-after"] == "60"
        service.clock.pass_by(seconds=60)
        assert ask(client, "example.com").status_code == 202


@pytest.mark.parametrize("status", [0, 2])
def test_a_result_from_a_clock_that_ran_ahead_is_not_answered_for_ever(tmp_path: Path, status: int) -> None:
    with running(settings(tmp_path, limit="1000/hour")) as service:
        client = service.client()
        first = ask(client, "example.com").json()["response"]["id"]
        service.clock.pass_by(days=1)
        service.finished("example.com", status)
        service.clock.pass_by(days=-1)
        again = ask(client, "example.com")
        assert again.status_code == 202
        assert again.json()["response"]["id"] != first
