"""MTA-STS: a domain -> its published policy, as a sender finds it -> the policy that a list would carry."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from stpolicy.checker import https
from stpolicy.checker.dns import DEADLINE, Resolver
from stpolicy.errors import Refused, StpolicyError
from stpolicy.model.names import Domain, canonical
from stpolicy.model.observation import StsObservation
from stpolicy.model.policy import Mode, Policy
from stpolicy.model.published import Standing, published

_MEND = "name the mail servers with --mx"


@dataclass(frozen=True, slots=True)
class Source:
    """How policies are reached. `resolvers` are (address, port); none: those of the system."""

    resolvers: tuple[tuple[str, int], ...] = ()
    ca_file: Path | None = None
    port: int = 443
    allow_private: bool = False


def wanted(domain: str, mode: Mode, source: Source) -> Policy:
    """The policy that a domain publishes (RFC 8461 section 3), in the mode that the list gives it.

    Refused when the policy asks not to be relied on (mode none); StpolicyError when there is none that
    senders would take.
    """
    name = canonical(domain)
    found = published(asyncio.run(_seen(name, source)))
    if found.standing is Standing.ABSENT:
        raise StpolicyError(f"{name} has no MTA-STS: no TXT record at _mta-sts.{name}", _MEND)
    if found.standing is not Standing.VALID or found.policy is None:
        raise StpolicyError(f"the MTA-STS policy of {name} {found.why}", _MEND)
    if found.policy.mode == "none":
        raise Refused(f"the MTA-STS policy of {name} has mode none: its owner asks not to be listed")
    return Policy(mode, found.policy.mxs)


async def _seen(name: Domain, source: Source) -> StsObservation:
    named = [address for address, _ in source.resolvers]
    with Resolver(source.resolvers or None, timeout=DEADLINE, trusted=named) as resolver:
        return await https.look(
            name,
            resolver,
            context=https.trusting(source.ca_file),
            port=source.port,
            allow_private=source.allow_private,
        )
