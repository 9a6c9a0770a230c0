"""What a list says of one domain."""

from dataclasses import dataclass

from stpolicy.model.names import Domain
from stpolicy.model.policy import Policy, PolicyList


@dataclass(frozen=True, slots=True)
class Shown:
    """What a list says of one domain. `policy` is None when it is not listed, or its alias is not defined."""

    domain: Domain
    listed: bool
    alias: str | None
    policy: Policy | None
    policies: PolicyList
    expired: bool
    line: str
    """The rendered lines for Postfix; empty when there are none, as for a list that is not in force."""
