"""show: the policy in force for a domain, and the line that a mail server would use."""

from datetime import datetime
from pathlib import Path

from stpolicy.document.list import load
from stpolicy.flows.validate import File
from stpolicy.model.names import Domain, canonical
from stpolicy.model.policy import Alias, Policy
from stpolicy.model.shown import Shown
from stpolicy.render import postfix
from stpolicy.suffixes import PublicSuffixes


def show(file: File, domain: str, *, now: datetime, templates: Path, largest: int) -> Shown:
    """Looks a domain up."""
    policies = load(file.data, file.name, largest=largest)
    name = canonical(domain)
    entry = policies.by_domain.get(name)
    policy = policies.resolve(entry.policy) if entry else None
    alias = entry.policy.name if entry and isinstance(entry.policy, Alias) else None
    expired = policies.is_expired(now)
    return Shown(name, entry is not None, alias, policy, policies, expired, _line(name, policy, templates))


def _line(domain: Domain, policy: Policy | None, templates: Path) -> str:
    if policy is None:
        return ""
    try:
        found = postfix.rows(domain, policy, PublicSuffixes())
    except ValueError:
        return ""  # `validate` says what is wrong with the name
    return postfix.text(found, templates) if found else ""
