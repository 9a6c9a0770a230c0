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
    """The lines for Postfix while the list is in force; empty when there are none."""
