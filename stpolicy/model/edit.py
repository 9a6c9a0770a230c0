"""Edits: PolicyList -> PolicyList. ValueError says, in one sentence, why one cannot be made."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from stpolicy.model.dates import Date, Instant, instant
from stpolicy.model.names import MxPattern, alias_fault, canonical, domain_fault
from stpolicy.model.policy import Alias, AliasEntry, Entry, Mode, Policy, PolicyList


def canonical_list(policies: PolicyList) -> PolicyList:
    """The list with every name in canonical form, domains and aliases sorted; dates stay as written.

    What is no name, `.` or `a..`, stays as written, for a rule to name. Patterns keep their order and
    lose repetitions. ValueError when two entries are the same domain.
    """
    if len(policies.by_domain) != len(policies.entries):
        seen: set[str] = set()
        twice = next(e.domain for e in policies.entries if e.domain in seen or seen.add(e.domain))  # type: ignore[func-returns-value]
        raise ValueError(f"two entries are the same domain, {twice}")
    return replace(
        policies,
        aliases=tuple(
            AliasEntry(entry.name, _canonical_policy(entry.policy))
            for entry in sorted(policies.aliases, key=lambda entry: entry.name)
        ),
        entries=tuple(
            Entry(_stable(entry.name, entry.domain), entry.domain, _canonical_policy(entry.policy))
            for entry in sorted(policies.entries, key=lambda entry: entry.domain)
        ),
    )


def _stable(name: str, folded: str) -> str:
    """The canonical form, where that is one: empty names and names with a dot left over are not."""
    return folded if folded and not folded.endswith(".") else name


def _canonical_policy(policy: Policy | Alias) -> Policy | Alias:
    if isinstance(policy, Alias):
        return policy
    patterns = tuple(dict.fromkeys([_stable(name, canonical(name)) for name in policy.mxs]))
    return policy if patterns == policy.mxs else Policy(policy.mode, patterns)


def checked_policy(mode: str, patterns: Iterable[str]) -> Policy:
    """A policy of well-formed, canonical patterns."""
    texts = tuple(dict.fromkeys(MxPattern(pattern).text for pattern in patterns))
    if not texts:
        raise ValueError("a policy needs at least one pattern")
    return Policy(Mode(mode), texts)


def add(policies: PolicyList, domain: str, policy: Policy | Alias) -> PolicyList:
    """Lists a domain that is not listed."""
    name = canonical(domain)
    if fault := domain_fault(name):
        raise ValueError(f"{domain!r} {fault}")
    if name in policies.by_domain:
        raise ValueError(f"{name} is listed already")
    _check_alias(policies, policy)
    return canonical_list(replace(policies, entries=(*policies.entries, Entry(name, name, policy))))


def change(policies: PolicyList, domain: str, policy: Policy | Alias) -> PolicyList:
    """Gives a listed domain another policy."""
    name = _listed(policies, domain)
    _check_alias(policies, policy)
    entries = (e._replace(policy=policy) if e.domain == name else e for e in policies.entries)
    return replace(policies, entries=tuple(entries))


def remove(policies: PolicyList, domain: str) -> PolicyList:
    """Takes a domain from the list."""
    name = _listed(policies, domain)
    return replace(policies, entries=tuple(e for e in policies.entries if e.domain != name))


def add_alias(policies: PolicyList, name: str, policy: Policy) -> PolicyList:
    """Defines an alias."""
    if fault := alias_fault(name):
        raise ValueError(f"the alias {name!r} {fault}")
    if name in policies.alias_policies:
        raise ValueError(f"the alias {name} is defined already")
    return canonical_list(replace(policies, aliases=(*policies.aliases, AliasEntry(name, policy))))


def change_alias(policies: PolicyList, name: str, policy: Policy) -> PolicyList:
    """Gives an alias another policy."""
    _check_alias(policies, Alias(name))
    aliases = (a._replace(policy=policy) if a.name == name else a for a in policies.aliases)
    return replace(policies, aliases=tuple(aliases))


def remove_alias(policies: PolicyList, name: str) -> PolicyList:
    """Takes an alias that nobody uses from the list."""
    _check_alias(policies, Alias(name))
    users = [entry.domain for entry in policies.entries if entry.policy == Alias(name)]
    if users:
        raise ValueError(
            f"the alias {name} is used by {', '.join(users[:3])}{' …' if len(users) > 3 else ''}"
        )
    return replace(policies, aliases=tuple(a for a in policies.aliases if a.name != name))


def bump(policies: PolicyList, now: datetime, life: timedelta) -> PolicyList:
    """Dates the list anew: timestamp now, in whole seconds, and strictly newer than before.

    ValueError when the old timestamp lies ahead of `now` (the clock is wrong, or it was), or when the
    expiry cannot be written.
    """
    old, present = policies.timestamp.instant, instant(now)
    if old > present:
        raise ValueError(f"the timestamp {policies.timestamp} lies ahead of the clock ({present})")
    new = Instant(present.seconds)
    if new <= old:
        new = Instant(old.seconds + 1)
    timestamp, expires = (Date.read(Date.at(moment).written) for moment in (new, new + life))
    return replace(policies, timestamp=timestamp, expires=expires)


def _listed(policies: PolicyList, domain: str) -> str:
    name = canonical(domain)
    if name not in policies.by_domain:
        raise ValueError(f"{name} is not listed")
    return name


def _check_alias(policies: PolicyList, policy: Policy | Alias) -> None:
    if isinstance(policy, Alias) and policy.name not in policies.alias_policies:
        raise ValueError(f"the alias {policy.name} is not defined")
