"""lookup: the rows that a mail server has for one domain, and where they come from."""

from dataclasses import dataclass
from datetime import datetime

from stpolicy.flows.render import Wanted
from stpolicy.model.finding import Suffixes
from stpolicy.model.names import Domain, canonical
from stpolicy.model.overlay import Local, in_force
from stpolicy.model.policy import Policy, PolicyList
from stpolicy.render.postfix import policy_map
from stpolicy.render.writer import UNSEEN


@dataclass(frozen=True, slots=True)
class Looked:
    """What the list and the site say of a domain, and the rows that come of it."""

    domain: Domain
    listed: Policy | None
    local: Local | None
    expires: str
    expired: bool
    rows: tuple[str, ...]
    refused: str
    """Why there is no row, or not all of them, where the list or the site would have one."""

    @property
    def known(self) -> bool:
        """Whether anybody says anything of it."""
        return self.listed is not None or self.local is not None

    @property
    def source(self) -> str:
        """Who decides, in words."""
        if self.local:
            return (
                f"{self.local.file} ({'excluded' if self.local.policy is None else self.local.policy.mode})"
            )
        if self.listed is None:
            return "nobody: not listed"
        if self.expired:
            return f"the list, which is not in force since {self.expires}"
        return f"the list ({self.listed.mode})"


def lookup_local(domain: str, wanted: Wanted, *, now: datetime, suffixes: Suffixes) -> Looked:
    """Looks a domain up where there is no list: a map has what the site decided all the same."""
    name = canonical(domain)
    local = in_force(wanted.overlays, now).get(name)
    found = policy_map(None, {name: local} if local else {}, wanted.profile, suffixes)
    refused = found.refused[0][1] if found.refused else ""
    return Looked(name, None, local, "", False, tuple(found.rows), refused)


def lookup(domain: str, policies: PolicyList, wanted: Wanted, *, now: datetime, suffixes: Suffixes) -> Looked:
    """Looks a domain up as rendering the whole list would write it."""
    name = canonical(domain)
    entry, expired = policies.by_domain.get(name), policies.is_expired(now)
    local = in_force(wanted.overlays, now).get(name)
    alone = PolicyList(
        policies.timestamp, policies.expires, None, policies.aliases, (entry,) if entry else ()
    )
    own = {name: local} if local else {}
    found = policy_map(alone, own, wanted.profile, suffixes, expired=expired)
    listed = policies.resolve(entry.policy) if entry else None
    refused = found.refused[0][1] if found.refused else ""
    if found.dane or found.unseen:
        refused = "is left to DANE" if found.dane else UNSEEN
    return Looked(name, listed, local, str(policies.expires), expired, tuple(found.rows), refused)
