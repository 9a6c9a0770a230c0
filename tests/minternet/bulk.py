"""Domains without number that are all healthy, or nearly: what there is to measure with."""

from collections.abc import Iterator
from ipaddress import IPv4Address, ip_address

from tests.minternet.behaviour import Cert, Smtp, Tls
from tests.minternet.plan import BULK, Host

ZONE = "stpolicy-bulk.net"
CERTIFICATE = "bulk"
"""One certificate is that of all: `*.mx.ZONE`."""

_GOOD = Host(f"one.mx.{ZONE}", ZONE, CERTIFICATE, Smtp(Tls(Cert("*.mx"))))
_DRIPPING = Host(f"one.mx.{ZONE}", ZONE, CERTIFICATE, Smtp(script="drip"))
DRIPS, _LAST, DEAD = IPv4Address("45.9.64.0"), IPv4Address("45.9.255.255"), IPv4Address("45.9.40.0")


def at(address: str) -> Host | None:
    """The host at an address that no row of the table has."""
    found = ip_address(address)
    if not isinstance(found, IPv4Address) or not DRIPS <= found <= _LAST:
        return None
    return _DRIPPING if found < BULK else _GOOD


def host(number: int) -> str:
    """The name of a mail server."""
    return f"h{number}.mx.{ZONE}"


def domain(number: int) -> str:
    """The name of a domain."""
    return f"d{number}.{ZONE}"


def policies(domains: int, hosts: int) -> dict[str, object]:
    """The entries of the list."""
    return {domain(n): {"mode": "enforce", "mxs": [host(n % hosts)]} for n in range(domains)}


def records(domains: int, hosts: int, sick: float) -> Iterator[str]:
    """The lines of the zone; a share of the hosts is sick: dead and dripping in turn."""
    every = round(1 / sick) if sick else hosts + 1
    for n in range(hosts):
        turn, rest = divmod(n, every)
        address = BULK + n if rest or not sick else (DEAD + turn, DRIPS + n)[turn % 2]
        yield f"{host(n)}. A {address}"
    for n in range(domains):
        yield f"{domain(n)}. MX 10 {host(n % hosts)}."
