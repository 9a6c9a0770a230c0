"""The options that take an entry from the MTA-STS policy that its domain publishes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from stpolicy.cli import _inputs, _network, _options
from stpolicy.errors import Misuse
from stpolicy.model.policy import Mode, Policy

if TYPE_CHECKING:
    from stpolicy.flows.mta_sts import Source


@dataclass(frozen=True, slots=True)
class Options:
    """Whether, and how the policy is reached."""

    from_mta_sts: Annotated[
        bool,
        typer.Option(
            "--from-mta-sts", help="Take the patterns from the MTA-STS policy that the domain publishes."
        ),
    ] = False
    resolver: _options.Resolver = None
    ca_file: _options.CaFile = None
    https_port: _options.HttpsPort = 443
    allow_private: _options.AllowPrivate = False


def check_alone(mx: list[str] | None, alias: str | None) -> None:
    """Misuse when something else says the patterns too."""
    if mx or alias:
        raise Misuse("--from-mta-sts stands for --mx and --alias", "name one of them")


def published(domain: str, mode: Mode, options: Options) -> Policy:
    """The policy that a domain publishes, in the mode that the list gives it."""
    from stpolicy.flows import mta_sts

    return mta_sts.wanted(domain, mode, _source(options))


def _source(options: Options) -> "Source":
    from stpolicy.flows.mta_sts import Source

    _inputs.check_ca_file(options.ca_file)
    resolvers = tuple(map(_network.resolver, options.resolver or ()))
    return Source(resolvers, options.ca_file, options.https_port, options.allow_private)
