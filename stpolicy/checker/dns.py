"""Names to facts, and the only guard against addresses that are not of the global internet."""

import asyncio
import ipaddress
from collections.abc import Collection, Sequence
from typing import Final, Literal, Self

from stpolicy.checker import _asking, _pace, _ports, _wire
from stpolicy.errors import StpolicyError
from stpolicy.model.names import canonical
from stpolicy.model.observation import Dns, Exchange, MxAnswer, Records

Kind = Literal["A", "AAAA", "TXT", "TLSA"]

MOST: Final = {"A": 64, "AAAA": 64, "TXT": 64, "TLSA": 32}
"""Records of one answer that are kept."""

MOST_EXCHANGES: Final = 20

DEADLINE: Final = 20.0
"""Seconds for one question, with all its repetitions."""

MOST_SERVERS: Final = 3
"""Of resolv.conf, whose MAXNS is the same (resolv.conf(5))."""

SOCKETS: Final = _ports.MOST_PORTS + _ports.MOST_BY_TCP
"""Descriptors that questions to one name server take at most."""


class Resolver:
    """Asks name servers, from one event loop; close it, or use it in a `with`, for it keeps sockets.

    `servers` are addresses with ports, None for those of resolv.conf, which StpolicyError says cannot be
    read. `timeout` is in seconds, for one question with all its repetitions. AD counts from servers on a
    loopback address and from those in `trusted` (addresses): the way to others is open to forgery.
    """

    def __init__(
        self,
        servers: Sequence[tuple[str, int]] | None,
        *,
        timeout: float,
        trusted: Collection[str] = (),
    ) -> None:
        known = _of_the_system() if servers is None else servers
        near = [server for server in known if ipaddress.ip_address(server[0]).is_loopback]
        self._servers = [
            _ports.Server(server, trusted=server in near or server[0] in trusted) for server in known
        ]
        self._timeout = timeout
        self._room = _pace.Room()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes its sockets."""
        for server in self._servers:
            server.close()

    async def mx(self, domain: str) -> MxAnswer:
        """The mail servers of a domain; without an MX record those of RFC 5321 section 5.1: itself.

        Hosts are in lower case, without a trailing dot; what is no host name has its odd bytes written as
        `\\DDD`. Of a null MX (RFC 7505) the host is empty.
        """
        found = await self._ask(domain, "MX")
        if found.how is Dns.NO_DATA:
            return await self._implicit(domain, found)
        exchanges = sorted(map(_exchange, found.values), key=lambda one: (one.preference, one.host))
        return MxAnswer(
            found.how,
            tuple(exchanges[:MOST_EXCHANGES]),
            len(exchanges),
            validated=found.validated,
            message=found.message,
        )

    async def records(self, name: str, kind: Kind) -> Records:
        """The records of a name, sorted: addresses, texts with their strings joined, or TLSA values.

        A text has printable ASCII, anything else and the backslash as `\\DDD`; one of more than 4096
        characters is cut, and ends with an ellipsis.
        """
        found = await self._ask(name, kind)
        if len(found.values) <= MOST[kind]:
            return found
        message = f"{len(found.values)} records, of which {MOST[kind]} are kept"
        return Records(found.how, found.values[: MOST[kind]], found.alias, found.validated, message)

    async def _implicit(self, domain: str, none: Records) -> MxAnswer:
        found = await asyncio.gather(self._ask(domain, "A"), self._ask(domain, "AAAA"))
        secure = none.validated and all(one.validated for one in found)
        if any(one.how is Dns.ANSWER for one in found):
            host = Exchange(0, canonical(domain))
            return MxAnswer(Dns.ANSWER, (host,), implicit=True, validated=secure)
        for one in found:
            if not one.how.known:
                return MxAnswer(one.how, message=one.message)
        return MxAnswer(Dns.NO_DATA, validated=secure)

    async def _ask(self, name: str, kind: str) -> Records:
        """Follows CNAMEs also where a server gives only the first of them; all must be validated."""
        at, alias, validated = canonical(name), "", True
        for _ in range(_wire.MOST_ALIASES):
            try:
                asked = _wire.question(at, kind)
            except ValueError as wrong:
                return Records(Dns.ERROR, alias=alias, message=f"{at[:255]!a} {wrong}")
            async with self._room.one():
                said = await _asking.ask(self._servers, asked, self._timeout)
            answer = said.answer
            validated = validated and said.trusted and answer.authentic
            alias = answer.alias or alias
            if answer.final:
                return Records(said.how, answer.values, alias, validated, said.message)
            at = canonical(alias)
        return Records(Dns.ERROR, alias=alias, message=f"more than {_wire.MOST_ALIASES} CNAMEs in a row")


def _exchange(value: str) -> Exchange:
    preference, _, host = value.partition(" ")
    return Exchange(int(preference), host)


def _of_the_system() -> list[tuple[str, int]]:
    import dns.resolver

    try:
        found = dns.resolver.Resolver()
    except (dns.resolver.NoResolverConfiguration, ValueError) as wrong:
        raise StpolicyError(
            "no name server is configured here, or badly", "name one with --resolver"
        ) from wrong
    return [(str(address), found.port) for address in found.nameservers[:MOST_SERVERS]]


_V4_SPECIAL: Final = [
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
]
"""IANA's special-purpose registry (RFC 6890), and multicast. No mail server lives there, reachable or not."""

_V6_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_V6_SPECIAL: Final = [
    ipaddress.IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3ffe::/16", "3fff::/20")
]
"""Within global unicast (RFC 4291 section 2.4): the same registry, and the addresses of the late 6bone."""

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def is_global(address: str) -> bool:
    """Whether an address is one of a host on the global internet; False for what is no address.

    An IPv4 address within a mapped, 6to4 (RFC 3056) or NAT64 (RFC 6052) one is judged itself. Stricter
    than `ipaddress`, which lets through multicast and what leads to IPv4 by a detour.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return not any(found in network for network in _V4_SPECIAL)
    if found.scope_id is not None:
        return False
    inner = found.ipv4_mapped or found.sixtofour
    if found in _NAT64:
        inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    if inner is not None:
        return is_global(str(inner))
    return found in _V6_UNICAST and not any(found in network for network in _V6_SPECIAL)
