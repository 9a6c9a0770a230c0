"""Which domains to look at, and what each is held against: a list, names, patterns -> what is asked."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stpolicy.errors import Misuse, Refused
from stpolicy.model.change import changes
from stpolicy.model.names import Domain, MxPattern, canonical, domain_fault
from stpolicy.model.policy import Policy, PolicyList


@dataclass(frozen=True, slots=True)
class Asked:
    """What a domain is held against: the patterns that were given, else its entry's, else its own names."""

    patterns: tuple[MxPattern, ...] = ()
    entry: Policy | None = None
    tried: bool = False
    """Whether the patterns are an idea that is tried: then the answer names the narrowest entry too."""


def of_list(policies: PolicyList, name: str, since: PolicyList | None = None) -> dict[Domain, Asked]:
    """Every entry, or those whose policy is not what it was `since`; Refused for one that cannot be asked."""
    wanted: Collection[str] = (
        policies.by_domain if since is None else {change.domain for change in changes(since, policies)}
    )
    return {domain: _entry(policies, domain, name) for domain in policies.by_domain if domain in wanted}


def of_names(
    names: Iterable[str], policies: PolicyList | None, name: str, patterns: Iterable[str] = ()
) -> dict[Domain, Asked]:
    """These domains, held against `patterns`, else against their entries; Misuse for what is no domain."""
    given = tuple(_pattern(pattern) for pattern in patterns)
    asked = {}
    for domain in map(canonical, names):
        if fault := domain_fault(domain):
            raise Misuse(f"{domain!r} {fault}", "name a domain that receives mail")
        listed = policies is not None and domain in policies.by_domain
        own = _entry(policies, domain, name) if policies and listed else Asked()
        asked[domain] = Asked(given or own.patterns, own.entry, tried=bool(given))
    return asked


def without(asked: Mapping[Domain, Asked], excluded: Collection[str]) -> dict[Domain, Asked]:
    """Those that are neither excluded nor below a domain that is."""
    return {domain: what for domain, what in asked.items() if not _is_below(domain, excluded)}


def answers(result: Mapping[str, Any], asked: Asked) -> bool:
    """Whether an earlier domain result was held against what is asked now."""
    own = {result["domain"], *result["results"]}
    extra = result["extra_results"]
    return (
        set(result["mx_hostnames"]) == ({pattern.text for pattern in asked.patterns} or own)
        and extra["policylist"]["mode"] == ("" if asked.entry is None else str(asked.entry.mode))
        and ("narrowest" in extra) is asked.tried
    )


def _is_below(domain: str, excluded: Collection[str]) -> bool:
    labels = domain.split(".")
    return any(".".join(labels[start:]) in excluded for start in range(len(labels)))


def _entry(policies: PolicyList, domain: Domain, name: str) -> Asked:
    mend = f"stpolicy validate {name} says what is wrong"
    policy = policies.policy_for(domain)
    if fault := domain_fault(domain):
        raise Refused(f"{name}: {domain!r} {fault}", mend)
    if policy is None:
        raise Refused(f"{name}: the entry of {domain} has no policy", mend)
    try:
        return Asked(policy.patterns, policy)
    except ValueError as wrong:
        raise Refused(f"{name}: the entry of {domain} has the pattern {wrong}", mend) from wrong


def _pattern(text: str) -> MxPattern:
    try:
        return MxPattern(text)
    except ValueError as wrong:
        raise Misuse(f"the pattern {wrong}") from wrong
