"""What stands in for the network in tests of `check`, and a list to look at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from stpolicy.flows import check as flow
from stpolicy.flows.asked import Asked
from stpolicy.model.names import Domain
from stpolicy.model.observation import Dns, DomainObservation, Fault, MxAnswer, Step
from tests.observations import GOOD, MX1, MX2, alone, ended
from tests.program import Ran, canonical_list

SHUT = alone(ended(Step.CONNECT, Fault.REFUSED)).seen
UNSURE = replace(GOOD.seen, mx=MxAnswer(Dns.ERROR), hosts=())


Check = Callable[..., Ran]


@dataclass
class World:
    """What there is to be seen of each domain, and how the program wanted to look."""

    seen: dict[str, DomainObservation] = field(default_factory=dict)
    asked: dict[Domain, Asked] = field(default_factory=dict)
    networks: list[flow.Network] = field(default_factory=list)
    fails_after: Exception | None = None
    fails_at: str = ""

    async def check(
        self,
        asked: Mapping[Domain, Asked],
        network: flow.Network,
        emit: Callable[[dict[str, Any]], None],
        *,
        now: datetime,
        on_failure: Callable[[Exception], None],
    ) -> None:
        """Stands in for the flow; `fails_at` is a domain at which we have a bug."""
        self.asked |= asked
        self.networks.append(network)
        for domain, what in asked.items():
            if domain == self.fails_at:
                bug = KeyError("of our own making")
                on_failure(bug)
                emit(flow.failure(domain, bug, what, now=now))
                continue
            found = replace(self.seen.get(domain, GOOD.seen), domain=domain)
            emit(flow.result(found, what, now=now, connected=True))
        if self.fails_after:
            raise self.fails_after


def listed(path: Path, *domains: str, mxs: tuple[str, ...] = (MX1, MX2)) -> Path:
    policies = {domain: {"mode": "enforce", "mxs": list(mxs)} for domain in domains}
    return canonical_list(path, policies=policies)
