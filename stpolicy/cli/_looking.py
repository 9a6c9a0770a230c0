"""How `serve` looks at mail servers: its options, read."""

from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stpolicy import config
from stpolicy.cli import _inputs, _network
from stpolicy.errors import Misuse

if TYPE_CHECKING:
    from stpolicy.flows.check import Network


@dataclass(frozen=True, slots=True)
class Looking:
    """How mail servers are looked at."""

    resolver: Annotated[
        list[str] | None,
        typer.Option(
            "--resolver", metavar="IP[:PORT]", help="Ask this DNS server, and believe its AD. Repeatable."
        ),
    ] = None
    ca_file: Annotated[
        Path | None,
        typer.Option("--ca-file", metavar="PEM", help="Roots for mail servers and HTTPS, not Mozilla's."),
    ] = None
    smtp_port: Annotated[
        int, typer.Option("--smtp-port", metavar="N", min=1, max=65535, help="Where mail servers listen.")
    ] = 25
    https_port: Annotated[
        int,
        typer.Option("--https-port", metavar="N", min=1, max=65535, help="Where policies of MTA-STS are."),
    ] = 443
    helo: Annotated[
        str | None,
        typer.Option("--helo", metavar="NAME", help="What we call ourselves; this host's name if not given."),
    ] = None
    timeout: Annotated[
        float,
        typer.Option(
            "--timeout",
            metavar="S",
            min=0.1,
            help="Seconds for one connection; an address has four times that.",
        ),
    ] = 30
    allow_private: Annotated[
        bool,
        typer.Option(
            "--allow-private", help="Connect to addresses that are not global too: for a laboratory."
        ),
    ] = False


def network(options: Looking) -> "Network":
    """The same, as flows take it."""
    from stpolicy.checker.smtp import Manner
    from stpolicy.checker.survey import Scope
    from stpolicy.flows.check import Network

    _inputs.check_ca_file(options.ca_file)
    if not isfinite(options.timeout):
        raise Misuse("--timeout is a number of seconds")
    return Network(
        Manner(config.helo(options.helo), options.smtp_port, options.timeout),
        tuple(map(_network.resolver, options.resolver or ())),
        options.ca_file,
        options.https_port,
        Scope(allow_private=options.allow_private),
    )
