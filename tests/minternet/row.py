"""A row of the table: a domain, its servers, its entry, and what a checker must say of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.minternet.behaviour import Server, Smtp, Sts, full

SIGNED, INSECURE, BOGUS, SILENT, LAME = "signed", "insecure", "bogus", "silent", "lame"
"""A domain in the signed zone, or with one of its own: without DNSSEC, with a wrong DS, with a name server
that never answers or always fails."""

ZONE = "stpolicy-lab.net"
PLAIN = frozenset({"mta_sts.absent", "tlsrpt.absent", "dane.absent"})
"""What there is to say of a domain that is merely good."""


@dataclass(frozen=True, slots=True)
class Row:
    """A personality."""

    name: str
    servers: Mapping[str, tuple[Server, ...]]
    """By host, the addresses of each."""
    mx: tuple[str, ...]
    """`PREFERENCE HOST`."""
    dns: tuple[str, ...]
    """More records, `OWNER TYPE DATA`; `{tlsa}` stands for `3 1 1` and the key of the host `mx`."""
    patterns: tuple[str, ...]
    mode: str
    status: int
    codes: frozenset[str]
    sts: Sts | None
    tlsrpt: tuple[str, ...]
    zone: str
    wait: float
    """Seconds for which a polite client must wait, at scale 1."""

    @property
    def domain(self) -> str:
        """In full."""
        return f"{self.name}.{ZONE}"

    @property
    def mxs(self) -> tuple[str, ...]:
        """The patterns of the entry, in full."""
        return tuple(full(pattern, self.domain) for pattern in self.patterns)


Servers = Server | tuple[Server, ...] | Mapping[str, Server | tuple[Server, ...]] | None


def row(
    name: str,
    servers: Servers,
    status: int,
    codes: str = "",
    *,
    mx: str | None = None,
    dns: str = "",
    patterns: str = "",
    mode: str = "enforce",
    sts: Sts | None = None,
    tlsrpt: str = "",
    zone: str = SIGNED,
) -> Row:
    """A row in short.

    `servers`: one address or several of the host `mx`, or those of each host. `codes` come on top of
    PLAIN: `-CODE` takes one away, `-` all of them. `mx` (separated by `;`) is needed only where the
    servers, in their order, are not the MX hosts; `patterns` where these are not what the entry has.
    Records of `dns` and `tlsrpt` are a line each.
    """
    hosts = _hosts(servers)
    return Row(
        name,
        hosts,
        _parts(mx, ";") if mx is not None else tuple(f"{n}0 {host}" for n, host in enumerate(hosts, 1)),
        _parts(dns, "\n"),
        tuple(patterns.split()) or tuple(hosts) or ("mx",),
        mode,
        status,
        _codes(codes),
        sts,
        _parts(tlsrpt, "\n"),
        zone,
        max((one.delay for each in hosts.values() for one in each if isinstance(one, Smtp)), default=0),
    )


def _hosts(servers: Servers) -> dict[str, tuple[Server, ...]]:
    if servers is None:
        return {}
    hosts = servers if isinstance(servers, Mapping) else {"mx": servers}
    return {host: each if isinstance(each, tuple) else (each,) for host, each in hosts.items()}


def _parts(text: str, separator: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(separator) if part.strip())


def _codes(text: str) -> frozenset[str]:
    words = frozenset(text.split())
    less = frozenset(word[1:] for word in words if word.startswith("-"))
    return frozenset() if "-" in words and len(words) == 1 else _with(words, less)


def _with(words: frozenset[str], less: frozenset[str]) -> frozenset[str]:
    plain = frozenset() if "-" in words else PLAIN - less
    return plain | {word for word in words if not word.startswith("-")}
