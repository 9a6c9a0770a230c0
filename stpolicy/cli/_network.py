"""The options that say how mail servers are looked at, and what they come to."""

import os
import resource
from dataclasses import dataclass
from ipaddress import ip_address
from math import isfinite
from typing import TYPE_CHECKING, Annotated

import typer

from stpolicy import config
from stpolicy.cli import _door, _inputs, _options
from stpolicy.errors import Misuse

if TYPE_CHECKING:
    from stpolicy.flows.check import Network

PAYS = 300
"""From so many domains on, more than one process is worth its start."""

_SPARE = 32
"""Descriptors that are no connections: the streams, files, the event loop's own."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the world is reached, and how gently."""

    resolver: _options.Resolver = None
    ca_file: _options.Roots = None
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=1, max=65535, help="Where mail servers listen.")
    ] = 25
    https_port: _options.HttpsPort = 443
    helo: _options.Helo = None
    timeout: _options.Timeout = 60
    concurrency: Annotated[
        int, typer.Option("--concurrency", metavar="N", min=1, help="Connections at once, in all.")
    ] = 64
    per_host: Annotated[
        int, typer.Option("--per-host", metavar="N", min=1, help="Connections at once to one address.")
    ] = 1
    pause: Annotated[
        float,
        typer.Option("--pause", metavar="S", min=0, help="Seconds between two connections to one address."),
    ] = 0.1
    rate: Annotated[
        float, typer.Option("--rate", metavar="N", min=0, help="New hosts a second; 0 is no limit.")
    ] = 0
    retries: Annotated[
        int,
        typer.Option("--retries", metavar="N", min=0, max=10, help="Further tries of what failed for now."),
    ] = 0
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", metavar="N", min=1, help="Processes; as many as cores when that pays."),
    ] = None
    ipv4: Annotated[bool, typer.Option("--ipv4", help="Look at IPv4 addresses only.")] = False
    ipv6: Annotated[bool, typer.Option("--ipv6", help="Look at IPv6 addresses only.")] = False
    legacy: Annotated[
        bool, typer.Option("--legacy/--no-legacy", help="Try old versions and weak ciphers.")
    ] = True
    mta_sts: Annotated[bool, typer.Option("--mta-sts/--no-mta-sts", help="Look at MTA-STS and TLSRPT.")] = (
        True
    )
    dane: Annotated[bool, typer.Option("--dane/--no-dane", help="Look at TLSA records.")] = True
    allow_private: _options.AllowPrivate = False


def network(options: Options, domains: int, *, quiet: bool) -> "Network":
    """What the options come to, for a run over so many domains; Misuse for what cannot be."""
    from stpolicy.checker.dns import MOST_SERVERS
    from stpolicy.checker.looks import Limits
    from stpolicy.checker.smtp import Manner
    from stpolicy.checker.survey import FAMILIES, Scope
    from stpolicy.flows.check import Network

    _inputs.check_ca_file(options.ca_file)
    families = [family for family in FAMILIES if (options.ipv4 if family == "A" else options.ipv6)]
    if not all(map(isfinite, (options.timeout, options.pause, options.rate))):
        raise Misuse("--timeout, --pause and --rate are numbers of seconds, or of hosts a second")
    resolvers = tuple(map(resolver, options.resolver or ()))
    jobs = options.jobs or (len(os.sched_getaffinity(0)) if domains >= PAYS else 1)
    _check_descriptors(options.concurrency, _other(len(resolvers) or MOST_SERVERS, jobs))
    return Network(
        Manner(_helo(options.helo, quiet=quiet), options.port, options.timeout),
        resolvers,
        options.ca_file,
        options.https_port,
        Scope(tuple(families) or FAMILIES, options.mta_sts, options.dane, options.allow_private),
        Limits(options.concurrency, options.per_host, options.pause, options.rate, options.retries),
        options.legacy,
        jobs,
    )


def _helo(given: str | None, *, quiet: bool) -> str:
    name = config.helo(given)
    if not given and ("." not in name or name.startswith("localhost.")):
        told = f"this host is called {name}, and some mail servers answer only to a full name: see --helo"
        _door.say(told, quiet=quiet)
    return name


def resolver(text: str) -> tuple[str, int]:
    """IP, IP:PORT or [IPv6]:PORT."""
    bare, port = text, "53"
    if text.startswith("[") or text.count(":") == 1:
        bare, _, port = text.removeprefix("[").rpartition("]:" if text.startswith("[") else ":")
    try:
        ip_address(bare)
        if not port.isascii() or not 0 < int(port) < 65536:
            raise ValueError  # noqa: TRY301
    except ValueError:
        raise Misuse(
            f"--resolver {text!r} is no address", "write it like 192.0.2.53 or [2001:db8::53]:5353"
        ) from None
    return bare, int(port)


def _other(servers: int, jobs: int) -> int:
    """Descriptors besides those of connections: questions to name servers, and two pipes to each process."""
    from stpolicy.checker.dns import SOCKETS

    return servers * SOCKETS + 2 * jobs + _SPARE


def _check_descriptors(connections: int, other: int) -> None:
    """Makes room for so many descriptors; Misuse where the system does not give so much."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + other
    if soft != resource.RLIM_INFINITY and soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            most = f"ask for at most {hard - other}, or " if hard > other else ""
            raise Misuse(
                f"--concurrency {connections} is more than this system has descriptors for",
                f"{most}raise the limit to {wanted} (ulimit -n)",
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
