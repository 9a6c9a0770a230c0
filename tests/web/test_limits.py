"""How much one client may ask for, and how often a domain is looked at, whoever asks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from stpolicy.errors import Misuse
from stpolicy.web import server
from stpolicy.web.asking import network
from tests.web.plain import Clock, settings
from tests.web.running import Running, ask, running


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    """Three new scans an hour; a proxy at 127.0.0.1 is believed."""
    with running(settings(tmp_path, limit="3/hour", proxies=("127.0.0.1", "127.0.1.0/24"))) as found:
        yield found


def spend(client: httpx.Client, forwarded: str = "", *, begin: int = 0) -> None:
    """All three."""
    for number in range(begin, begin + 3):
        assert ask(client, f"d{number}.example.com", forwarded).status_code == 202


def test_a_client_that_asks_for_too_much_is_told_when_to_come_back(service: Running) -> None:
    client = service.client("127.0.0.2")
    spend(client)
    service.clock.pass_by(minutes=20)
    refused = ask(client, "e.example.com")
    assert refused.status_code == refused.json()["status_code"] == 429
    assert refused.json()["response"] == {}
    assert refused.headers["retry-after"] == "2400"
    assert refused.json()["message"] == "you have asked for 3 new scans; ask again in 2400 seconds"
    service.clock.pass_by(seconds=2399)
    assert ask(client, "e.example.com").status_code == 429
    service.clock.pass_by(seconds=1)
    assert ask(client, "e.example.com").status_code == 202


def test_what_starts_no_scan_is_not_counted(service: Running) -> None:
    """Results that are there, scans under way, and questions that are none."""
    client = service.client("127.0.0.2")
    for _ in range(5):
        assert ask(client, "d.example.com").status_code == 202
        assert ask(client, "no domain").status_code == 400
    service.finished("d.example.com", 0)
    for _ in range(5):
        assert ask(client, "d.example.com").status_code == 200
        assert client.get("/api/ping").status_code == 200
    assert ask(client, "e.example.com").status_code == 202
    assert ask(client, "f.example.com").status_code == 202
    assert ask(client, "g.example.com").status_code == 429


def test_who_is_refused_still_reads_what_is_there(service: Running) -> None:
    client = service.client("127.0.0.2")
    spend(client)
    assert ask(client, "new.example.com").status_code == 429
    service.finished("d0.example.com", 0)
    assert ask(client, "d0.example.com").status_code == 200
    assert client.get("/api/scan", params={"domain": "d0.example.com"}).status_code == 200


def test_others_are_not_refused(service: Running) -> None:
    spend(service.client("127.0.0.2"))
    assert ask(service.client("127.0.0.2"), "e.example.com").status_code == 429
    assert ask(service.client("127.0.0.3"), "e.example.com").status_code == 202


def test_of_many_domains_each_is_counted(service: Running) -> None:
    client = service.client("127.0.0.2")
    many = [f"m{number}.example.com" for number in range(5)]
    answer = client.post("/api/scans", json={"domains": many})
    assert answer.status_code == 202
    answers = answer.json()["response"]["scans"]
    assert [one["status_code"] for one in answers] == [202, 202, 202, 429, 429]
    assert answers[4]["scan"] is None
    assert "ask again in" in answers[4]["message"]


def test_all_processes_count_together(shared: str, tmp_path: Path) -> None:
    """Both have the ledger in common and nothing else."""
    wanted = settings(tmp_path, database=shared, limit="3/hour")
    with running(wanted) as first, running(wanted) as second:
        one, other = first.client("127.0.0.2"), second.client("127.0.0.2")
        assert [ask(one, f"a{n}.example.com").status_code for n in range(2)] == [202, 202]
        assert [ask(other, f"b{n}.example.com").status_code for n in range(2)] == [202, 429]
        assert ask(one, "c.example.com").status_code == 429
    with running(wanted) as after:
        assert ask(after.client("127.0.0.2"), "c.example.com").status_code == 429, "a restart forgets nothing"


def test_a_forwarded_address_is_that_of_the_client(service: Running) -> None:
    proxy = service.client("127.0.0.1")
    spend(proxy, "192.0.2.1")
    assert ask(proxy, "e.example.com", "192.0.2.1").status_code == 429
    assert ask(proxy, "e.example.com", "192.0.2.2").status_code == 202
    assert ask(service.client("127.0.1.77"), "f.example.com", "192.0.2.1").status_code == 429


def test_a_spoofed_forwarded_address_is_not_believed(service: Running) -> None:
    """X-Forwarded-For of whoever is no proxy of ours says nothing."""
    stranger = service.client("127.0.0.9")
    for number in range(3):
        assert ask(stranger, f"d{number}.example.com", f"192.0.2.{number}").status_code == 202
    assert ask(stranger, "e.example.com", "192.0.2.77").status_code == 429
    assert ask(service.client("127.0.0.1"), "e.example.com", "192.0.2.0").status_code == 202


@pytest.mark.parametrize(
    "chain",
    [
        "198.51.100.1, 192.0.2.1",
        "198.51.100.2, junk, 192.0.2.1",
        "127.0.0.1, 192.0.2.1",
        "198.51.100.3, 192.0.2.1, 127.0.1.4",
        "192.0.2.1:4711",
        "::ffff:192.0.2.1",
    ],
)
def test_the_address_that_counts_is_the_last_that_is_no_proxy(service: Running, chain: str) -> None:
    """What stands before it, anybody may have written."""
    proxy = service.client("127.0.0.1")
    spend(proxy, "192.0.2.1")
    assert ask(proxy, "e.example.com", chain).status_code == 429


def test_what_a_proxy_forwards_that_is_no_address_is_one_client(service: Running) -> None:
    proxy = service.client("127.0.0.1")
    for number, junk in enumerate(["unknown", "x" * 2000, "_hidden"]):
        assert ask(proxy, f"d{number}.example.com", junk).status_code == 202
    assert ask(proxy, "e.example.com", "-").status_code == 429


def test_a_customer_of_ipv6_is_one_client(service: Running) -> None:
    """Each has a /64 at least, so an address more costs nothing."""
    proxy = service.client("127.0.0.1")
    for number in range(3):
        assert ask(proxy, f"d{number}.example.com", f"2001:db8:0:1::{number}").status_code == 202
    assert ask(proxy, "e.example.com", "2001:db8:0:1:ffff:ffff:ffff:ffff").status_code == 429
    assert ask(proxy, "e.example.com", "[2001:db8:0:1::5]:4711").status_code == 429
    assert ask(proxy, "e.example.com", "2001:db8:0:2::1").status_code == 202


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:DB8:0:0:ffff::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("a" * 5000, "unknown"),
    ],
)
def test_an_address_as_it_is_counted(address: str, counted: str) -> None:
    assert network(address) == counted


def test_a_proxy_of_ipv4_is_known_at_a_socket_of_ipv6(tmp_path: Path) -> None:
    wanted = settings(tmp_path, limit="3/hour", proxies=("127.0.0.1",), host="::")
    with running(wanted) as service:
        spend(service.client("127.0.0.1"), "192.0.2.1")
        assert ask(service.client("127.0.0.1"), "e.example.com", "192.0.2.1").status_code == 429
        assert ask(service.client("127.0.0.1"), "e.example.com", "192.0.2.2").status_code == 202


def test_no_proxy_is_believed_unless_it_is_named(tmp_path: Path) -> None:
    assert server.config(settings(tmp_path)).proxy_headers is False
    with running(settings(tmp_path, limit="3/hour")) as service:
        spend(service.client(), "192.0.2.1")
        assert ask(service.client(), "e.example.com", "192.0.2.2").status_code == 429


def test_a_limit_that_is_none_is_misuse(tmp_path: Path) -> None:
    from stpolicy.ledger import Ledger, address
    from stpolicy.web.limits import Limit

    ledger = Ledger(address(f"sqlite:///{tmp_path / 'x.db'}"))
    with pytest.raises(Misuse, match="is no limit"):
        Limit("many", ledger, Clock())
    ledger.close()


def test_counts_are_taken_out_when_they_are_old(tmp_path: Path) -> None:
    with running(settings(tmp_path, limit="3/hour")) as service:
        spend(service.client())
        with service.ledger() as ledger:
            later = datetime(2030, 1, 1, tzinfo=UTC)
            ledger.prune_hits(later)
        spend(service.client(), begin=10)


def test_a_full_queue_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stpolicy.flows.submit.MOST_WAITING", 5)
    with running(settings(tmp_path)) as service:
        client = service.client()
        for number in range(5):
            assert ask(client, f"d{number}.example.com").status_code == 202
        full = ask(client, "e.example.com")
        assert full.status_code == 503
        assert full.headers["retry-after"] == "120"
        assert full.json()["message"] == "5 scans are waiting already"
        assert ask(client, "d0.example.com").status_code == 202, "what waits is still found"
        service.finished("d0.example.com", 0)
        assert ask(client, "e.example.com").status_code == 202
