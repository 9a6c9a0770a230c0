"""Which address each server of the table gets: a host of the plan is one address."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import count

from tests.minternet.behaviour import V6, At, Fate, Server, Smtp, Web, full
from tests.minternet.row import Row

NETWORKS = ("45.9.0.0/16", "2a0f:9400::/32")
"""Ours: in the namespace every address of these leads to us (AnyIP)."""

NAME_SERVER, SILENT_NAME_SERVER = "45.9.0.1", "45.9.32.253"
FATES = {
    Fate.REFUSED: ("45.9.1.0/24", "2a0f:9400:1::/64"),
    Fate.BLACK_HOLE: ("45.9.32.0/19", "2a0f:9400:2::/64"),
    Fate.NO_ROUTE: ("45.9.3.0/24", "2a0f:9400:3::/64"),
}
BULK = IPv4Address("45.9.128.0")
"""From here on, hosts without end that are all alike."""


@dataclass(frozen=True, slots=True)
class Host:
    """One address: the name that leads to it (or `*.DOMAIN`), the domain it serves, and what is there."""

    name: str
    domain: str
    address: str
    behaviour: Smtp | Web | None

    @property
    def kind(self) -> str:
        """The type of its DNS record."""
        return "AAAA" if ":" in self.address else "A"


def hosts(rows: Sequence[Row]) -> Iterator[Host]:
    """Every address of the table; the same for the same table."""
    numbers = count(1)
    for each in rows:
        for label, servers in each.servers.items():
            for server in servers:
                address, behaviour = _place(server, next(numbers))
                yield Host(full(label, each.domain), each.domain, address, behaviour)
        if each.sts:
            address, web = _place(each.sts.web, next(numbers))
            yield Host(full("mta-sts", each.domain), each.domain, address, web)


def elsewhere(hosts: Iterable[Host]) -> list[str]:
    """Addresses outside of our networks where something is all the same."""
    ours = list(map(ip_network, NETWORKS))
    there = (host.address for host in hosts if host.behaviour)
    return [address for address in there if not any(ip_address(address) in network for network in ours)]


def _place(server: Server | Web | At, number: int) -> tuple[str, Smtp | Web | None]:
    six = isinstance(server, V6)
    what = server.of if isinstance(server, V6) else server
    match what:
        case Fate():
            base = FATES[what][six].partition("/")[0]
            return str(ip_address(base) + number % 250 + 1), None
        case str():
            return what, None
        case At():
            return what.address, what.of
        case _:
            return str(
                IPv6Address("2a0f:9400:16::") + number if six else IPv4Address("45.9.16.0") + number
            ), what
