"""check: domains -> checker.survey -> observations -> rules(SERVER) -> domain results."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from stpolicy import rules
from stpolicy.checker import https
from stpolicy.checker.addresses import Addresses, Look
from stpolicy.checker.crew import crew
from stpolicy.checker.dns import DEADLINE, Resolver
from stpolicy.checker.looks import Limits, Looks, Terms
from stpolicy.checker.smtp import Manner
from stpolicy.checker.survey import Scope, Survey
from stpolicy.checker.turns import Turns
from stpolicy.flows.asked import Asked
from stpolicy.model.identifiers import narrowest
from stpolicy.model.names import Domain, MxPattern, host_fault
from stpolicy.model.observation import Dns, DomainObservation, MxAnswer
from stpolicy.model.observed import Observed
from stpolicy.model.result import domain_result

WIDTH = 2
"""How many domains are under way for each connection: some wait for DNS, or for a host they share."""


@dataclass(frozen=True, slots=True)
class Network:
    """How the world is reached. `resolvers` are (address, port); none: those of the system."""

    manner: Manner
    resolvers: tuple[tuple[str, int], ...] = ()
    ca_file: Path | None = None
    https_port: int = 443
    scope: Scope = field(default_factory=Scope)
    limits: Limits = field(default_factory=Limits)
    probes: bool = True
    jobs: int = 1


@asynccontextmanager
async def _looks(network: Network, now: datetime) -> AsyncIterator[Look]:
    """What looks at addresses: this process, or several, but none that would never have a connection."""
    terms = Terms(network.ca_file, now, network.manner, network.limits, network.probes)
    jobs = min(network.jobs, network.limits.concurrency)
    if jobs == 1:
        yield Looks(terms).look
        return
    async with crew(terms, jobs) as many:
        yield many.look


def _unheard(_: Exception) -> None:
    """Nobody is told."""


async def check(
    asked: Mapping[Domain, Asked],
    network: Network,
    emit: Callable[[dict[str, Any]], None],
    *,
    now: datetime,
    on_failure: Callable[[Exception], None] = _unheard,
) -> None:
    """Looks at every domain; `emit` gets the domain result of each as soon as it is known.

    `on_failure` hears of bugs of ours, each of which is the result of its domain.
    """
    async with (
        _looks(network, now) as look,
        surveying(network, look, turns_of(network.limits), now=now) as survey,
    ):

        def judged(seen: DomainObservation) -> dict[str, Any]:
            return result(seen, asked[seen.domain], now=now, connected=survey.connected)

        def failed(domain: Domain, wrong: Exception) -> dict[str, Any]:
            on_failure(wrong)
            return failure(domain, wrong, asked[domain], now=now)

        width = min(len(asked), WIDTH * network.limits.concurrency)
        await survey.run(asked, width, judged, failed, emit)


def turns_of(limits: Limits) -> Turns:
    """Those of everything that connects anywhere: mail servers and web servers have one count."""
    return Turns(limits.concurrency, limits.per_host, limits.pause)


@asynccontextmanager
async def surveying(
    network: Network, look: Look, turns: Turns, *, now: datetime, share: int = 0
) -> AsyncIterator[Survey]:
    """A survey over the network, in turns that other surveys may share.

    `share` is how many connections to mail servers one domain has at once; 0 for as many as there are, where
    one person asks for all domains.
    """
    timeout, scope, strangers = network.manner.timeout, network.scope, share > 0
    named = [address for address, _ in network.resolvers]
    with Resolver(network.resolvers or None, timeout=DEADLINE, trusted=named) as resolver:
        fetch = partial(
            https.look,
            resolver=resolver,
            context=https.trusting(network.ca_file),
            port=network.https_port,
            timeout=timeout,
            allow_private=scope.allow_private,
            families=scope.families,
            servers=https.Servers(turns, timeout, strangers=strangers),
        )
        at = Addresses(look, timeout, turns, strangers=strangers).look
        share = share or network.limits.concurrency
        yield Survey(resolver, at, fetch, scope, rate=network.limits.rate, share=share, now=now)


def result(seen: DomainObservation, asked: Asked, *, now: datetime, connected: bool) -> dict[str, Any]:
    """What was seen of a domain, judged."""
    patterns = asked.patterns or _own(seen)
    observed = Observed(seen, patterns, now, asked.entry, connected)
    judged = _judged(observed)
    if asked.tried:
        mxs = narrowest(seen)
        status = _judged(replace(observed, patterns=mxs))["status"]
        judged["extra_results"]["narrowest"] = {"status": status, "mxs": [pattern.text for pattern in mxs]}
    return judged


def failure(domain: Domain, wrong: Exception, asked: Asked, *, now: datetime) -> dict[str, Any]:
    """The result of a domain at which we failed: could not look. Rules may have failed, and are not asked."""
    unseen = DomainObservation(domain, now, MxAnswer(Dns.NOT_ASKED))
    said = f"{type(wrong).__name__}: {wrong}"
    observed = Observed(unseen, asked.patterns, now, asked.entry, failure=said)
    judged = list(rules.judge([rules.look.internal_error], observed))
    return domain_result(observed, judged, rules.INCONCLUSIVE)


def _judged(observed: Observed) -> dict[str, Any]:
    return domain_result(observed, list(rules.judge(rules.SERVER, observed)), rules.INCONCLUSIVE)


def _own(seen: DomainObservation) -> tuple[MxPattern, ...]:
    """Without an entry: the names of the mail servers, and the domain's."""
    names: Iterable[str] = (seen.domain, *(mx.host for mx in seen.mx.exchanges))
    return tuple(MxPattern(name) for name in dict.fromkeys(names) if not host_fault(name))
