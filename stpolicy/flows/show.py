"""show: the policy in force for a domain, and the line that a mail server would use."""

from datetime import datetime

from stpolicy.document.list import load
from stpolicy.model.file import File
from stpolicy.model.names import Domain, canonical
from stpolicy.model.policy import Alias, Policy
from stpolicy.model.shown import Shown
from stpolicy.render import postfix
from stpolicy.suffixes import PublicSuffixes


def show(file: File, domain: str, *, now: datetime, largest: int) -> Shown:
    """Looks a domain up."""
    policies = load(file.data, file.name, largest=largest)
    name = canonical(domain)
    entry = policies.by_domain.get(name)
    policy = policies.resolve(entry.policy) if entry else None
    alias = entry.policy.name if entry and isinstance(entry.policy, Alias) else None
    expired = policies.is_expired(now)
    return Shown(name, entry is not None, alias, policy, policies, expired, _line(name, policy))


def _line(domain: Domain, policy: Policy | None) -> str:
    if policy is None:
        return ""
    try:
        found = postfix.rows(domain, policy, PublicSuffixes())
    except ValueError:
        return ""  # `validate` says what is wrong with the name
    return "".join(f"{row}\n" for row in found)
