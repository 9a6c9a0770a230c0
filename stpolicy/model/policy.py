"""A policy list: what each domain promises, resolved through aliases."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from stpolicy.model.dates import Date, instant
from stpolicy.model.names import Domain, MxPattern, canonical, respelt

VERSION = "0.1"


class Mode(StrEnum):
    """What a sender does when a session does not meet the policy (RFC 8461 section 5)."""

    TESTING = "testing"
    ENFORCE = "enforce"


# What a list has many of are named tuples: they are made three times as fast as frozen dataclasses.


class Policy(NamedTuple):
    """A mode and the patterns, as written, that MX names and certificates must match."""

    mode: Mode
    mxs: tuple[str, ...]

    @property
    def patterns(self) -> tuple[MxPattern, ...]:
        """The patterns as objects; ValueError when one is malformed."""
        return tuple(MxPattern(text) for text in self.mxs)

    def matches(self, name: str) -> bool:
        """Whether any pattern covers the name of a host, as DNS has it: see `MxPattern.matches`."""
        return any(pattern.matches(name) for pattern in self.patterns)


class Alias(NamedTuple):
    """A reference to one of the list's named policies."""

    name: str


class Entry(NamedTuple):
    """One member of `policies`: the name as written, its canonical form, and what it promises."""

    name: str
    domain: Domain
    policy: Policy | Alias


class AliasEntry(NamedTuple):
    """One member of `policy-aliases`; an alias of an alias can be held, so that a rule can name it."""

    name: str
    policy: Policy | Alias


@dataclass(frozen=True)
class PolicyList:
    """A list as it was written, in its order: duplicates and bad names included, for the rules to name."""

    timestamp: Date
    expires: Date
    author: str | None
    aliases: tuple[AliasEntry, ...]
    entries: tuple[Entry, ...]

    @cached_property
    def alias_policies(self) -> Mapping[str, Policy | Alias]:
        """The named policies by name."""
        return {entry.name: entry.policy for entry in self.aliases}

    @cached_property
    def by_domain(self) -> Mapping[Domain, Entry]:
        """The first entry of each canonical domain."""
        return {entry.domain: entry for entry in reversed(self.entries)}

    @cached_property
    def patterns(self) -> frozenset[str]:
        """Every pattern of the list, as written."""
        holders: tuple[AliasEntry | Entry, ...] = (*self.aliases, *self.entries)
        written = [holder.policy.mxs for holder in holders if isinstance(holder.policy, Policy)]
        return frozenset().union(*written)

    @cached_property
    def respelt_patterns(self) -> Mapping[str, str]:
        """The patterns that are not written in canonical form, and how they should be."""
        return respelt(self.patterns)

    @property
    def not_ascii(self) -> tuple[str, ...]:
        """The names and patterns that hold U-labels, as written."""
        names = (*(entry.name for entry in self.entries), *sorted(self.patterns))
        return tuple(name for name in names if not name.isascii())

    @cached_property
    def uses(self) -> Mapping[str, int]:
        """How many entries point at each alias that any points at."""
        return Counter(entry.policy.name for entry in self.entries if isinstance(entry.policy, Alias))

    def resolve(self, policy: Policy | Alias) -> Policy | None:
        """The policy behind an alias; None when the list does not define it (aliases do not chain)."""
        if isinstance(policy, Alias):
            found = self.alias_policies.get(policy.name)
            return found if isinstance(found, Policy) else None
        return policy

    def policy_for(self, domain: str) -> Policy | None:
        """The policy of exactly this domain, aliases resolved, or None. Sub-domains are not covered."""
        entry = self.by_domain.get(canonical(domain))
        return self.resolve(entry.policy) if entry else None

    def is_expired(self, now: datetime) -> bool:
        """A list expires AT `expires`: it is expired when now >= expires."""
        return instant(now) >= self.expires.instant
