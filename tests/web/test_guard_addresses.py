"""H2, H3: whatever names a domain leads us by, nothing connects to an address that is not global.

The addresses are there, a server listens at each, would answer, and counts who connects.
"""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.minternet.behaviour import V6, Smtp, Sts, Web, policy
from tests.minternet.row import ZONE, Row, row
from tests.minternet.world import World, world

PORTS = (25, 443)

LOOPBACK = ("127.0.0.1", "127.9.9.9", "::1")
INSIDE = (
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "fc00::1",
    "fec0::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
)
TRAPS = LOOPBACK + INSIDE
MORE = ("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "0.0.0.0", "::", "224.0.0.1", "ff02::1")
"""They lead to the same sockets, or nowhere that one can listen."""
GOOD = Smtp()


def _many(*addresses: str) -> tuple[Any, ...]:
    return tuple(V6(one) if ":" in one else one for one in addresses)  # type: ignore[arg-type]


def _rows() -> Iterator[Row]:
    yield row("good", (GOOD, V6(GOOD)), 0, sts=Sts(Web(policy())))
    for number, address in enumerate(TRAPS + MORE):
        yield row(f"mx{number}", _many(address), 2, sts=Sts(address))
    yield row("both", (GOOD, *_many("10.0.0.1", "::1")), 2)
    names = "127.0.0.1. 2130706433. 127.1. 0x7f.1. 0177.0.0.1. 0. localhost. 10.0.0.1. [127.0.0.1]."
    yield row("literals", None, 2, mx=";".join(f"10 {name}" for name in names.split()), patterns="mx")


ROWS = tuple(_rows())


@pytest.fixture(scope="module")
def internet() -> Iterator[World]:
    with world(scale=0.02, rows=ROWS) as made:
        for address in TRAPS[1:]:
            if address not in LOOPBACK:
                _run(made, "ip", "addr", "add", address, "dev", "lo", *(["nodad"] if ":" in address else []))
        yield made


def _run(made: World, *command: str) -> None:
    done = made.run(command)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def started(made: World, command: list[str], said: str) -> Iterator[None]:
    process = made.space.start(command)
    assert process.stdout
    try:
        line = process.stdout.readline()
        assert said in line, line + process.stdout.read()
        yield
    finally:
        made.space.end(process)
        process.stdout.close()


def _knock() -> None:
    for address in TRAPS:
        for port in PORTS:
            with socket.create_connection((address, port), 30) as connection:
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass


def came(internet: World) -> set[tuple[str, int]]:
    """Addresses and ports to which anybody has connected, but for those of the mini-internet itself."""
    return {where for where in internet.connections() if not where[0].startswith(("45.9.", "2a0f:9400:"))}


def scanned(internet: World, folder: Path, *options: str) -> dict[str, dict[str, Any]]:
    """What the API says of every domain of the table."""
    command = [sys.executable, "-m", "stpolicy", "serve", "--helo", "tests.example.org", "--timeout", "5"]
    network = ["--resolver", "127.0.0.1", "--ca-file", str(internet.ca_file), "--limit", "1000/hour"]
    database = ["--database", f"sqlite:///{folder / 'scans.db'}"]
    with started(internet, [*command, *network, *database, *options], "serving http://127.0.0.1:8080/"):
        return internet.space.within(_asked)


def _asked() -> dict[str, dict[str, Any]]:
    domains = [each.domain for each in ROWS]
    transport = httpx.HTTPTransport(retries=10)
    with httpx.Client(base_url="http://127.0.0.1:8080", transport=transport, timeout=120) as client:
        queued = client.post("/api/scans", json={"domains": domains}).json()["response"]["scans"]
        assert [one["status_code"] for one in queued] == [202] * len(domains), queued
        return {
            domain: client.post("/api/scan", json={"domain": domain}).json()["response"]["scandata"]
            for domain in domains
        }


def test_nothing_connects_to_an_address_that_is_not_global(internet: World, tmp_path: Path) -> None:
    """Neither for mail servers nor for MTA-STS; and what is global beside it is looked at all the same."""
    internet.connections(reset=True)
    found = scanned(internet, tmp_path)
    assert came(internet) == set()
    assert found[f"good.{ZONE}"]["status"] == 0
    assert found[f"good.{ZONE}"]["mta_sts"]["mode"] == "enforce"
    for domain, result in found.items():
        if domain not in (f"good.{ZONE}", f"literals.{ZONE}"):
            codes = {finding["code"] for finding in result["findings"]}
            assert "mx.not_global" in codes, (domain, codes)
            assert result["mta_sts"]["mode"] == "", domain
    both = found[f"both.{ZONE}"]["results"][f"mx.both.{ZONE}"]
    (good,) = [address for address in internet.addresses(f"mx.both.{ZONE}") if address.startswith("45.")]
    assert internet.connections()[good, 25]["connections"] > 0
    assert set(both["addresses"]) >= {good}
    text = json.dumps(found[f"literals.{ZONE}"])
    assert "mx.not_a_host_name" in text or found[f"literals.{ZONE}"]["status"] in (2, 6)


def test_a_connection_would_have_been_seen(internet: World) -> None:
    """A server is at each of these addresses, and it is counted that we came."""
    internet.connections(reset=True)
    internet.space.within(_knock)
    assert came(internet) == {(address, port) for address in TRAPS for port in PORTS}


def test_without_the_guard_the_same_questions_lead_there(internet: World, tmp_path: Path) -> None:
    """So the guard is what keeps them away."""
    internet.connections(reset=True)
    scanned(internet, tmp_path, "--allow-private")
    assert came(internet) >= {(address, port) for address in TRAPS for port in PORTS}
