"""How `serve` looks at mail servers: its options, read."""

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Annotated

import typer

from stpolicy import config
from stpolicy.cli import _inputs, _network, _options
from stpolicy.errors import Misuse

if TYPE_CHECKING:
    from stpolicy.flows.check import Network


@dataclass(frozen=True, slots=True)
class Looking:
    """How mail servers are looked at."""

    resolver: _options.Resolver = None
    ca_file: _options.Roots = None
    smtp_port: Annotated[
        int, typer.Option("--smtp-port", metavar="N", min=1, max=65535, help="Where mail servers listen.")
    ] = 25
    https_port: _options.HttpsPort = 443
    helo: _options.Helo = None
    timeout: _options.Timeout = 30
    allow_private: _options.AllowPrivate = False


def network(options: Looking) -> "Network":
    """The same, as flows take it; Misuse for what no look could begin with."""
    from stpolicy.checker import https
    from stpolicy.checker.smtp import Manner
    from stpolicy.checker.survey import Scope
    from stpolicy.flows.check import Network

    _inputs.check_ca_file(options.ca_file)
    if options.ca_file:  # or every scan would fail, and nobody would know before
        https.trusting(options.ca_file)
    if not isfinite(options.timeout):
        raise Misuse("--timeout is a number of seconds")
    return Network(
        Manner(config.helo(options.helo), options.smtp_port, options.timeout),
        tuple(map(_network.resolver, options.resolver or ())),
        options.ca_file,
        options.https_port,
        Scope(allow_private=options.allow_private),
    )
