"""Postfix: rows of `smtp_tls_policy_maps` (postconf(5), smtp_tls_policy_maps).

Two profiles. The plain one binds the names in the certificate; a suffix then covers names of any depth,
which is wider than the format. The other one, from Postfix 3.10.5 on, binds the name of the MX too and
a suffix to one label; its attributes are an error to every older Postfix.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from stpolicy.errors import Misuse
from stpolicy.model.facts import DomainFacts, Facts
from stpolicy.model.finding import Suffixes
from stpolicy.model.names import (
    Domain,
    MxPattern,
    all_hosts,
    canonical,
    host_fault,
    pattern_fault,
    to_unicode,
)
from stpolicy.model.overlay import Local
from stpolicy.model.policy import Mode, Policy, PolicyList

Version = tuple[int, ...]
"""Like (3, 7, 11); empty when it is not known, which is older than all."""

LONGEST_KEY = 510
"""Bytes; one more, and a table of type lmdb is not built at all. Only U-labels come so far."""

EXACT_FROM = (3, 10, 5)
_RANGES_FROM, _SERVERNAME_FROM = (3, 6), (3, 4)
_OLDER_PROTOCOLS = "protocols=!SSLv2:!SSLv3:!TLSv1:!TLSv1.1"


class Match(StrEnum):
    """What a pattern is matched against: names of the certificate, or those and the name of the MX."""

    CERTIFICATE = "certificate"
    MX = "mx"


class SuffixStyle(StrEnum):
    """How a suffix is written: as Postfix has it, or as the hosts that were seen to match it."""

    POSTFIX = "postfix"
    EXACT = "exact"


class Dane(StrEnum):
    """What becomes of a domain with usable TLSA records: the list decides, or it has no row."""

    LIST = "list"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Profile:
    """How rows are written; Misuse for what the version of Postfix cannot do."""

    version: Version = ()
    match: Match = Match.CERTIFICATE
    suffixes: SuffixStyle = SuffixStyle.POSTFIX
    dane: Dane = Dane.LIST
    early_adopter: bool = False
    """Whether domains in testing get a row too."""
    reporting: bool = False
    """Whether this Postfix sends reports of TLS (smtp_tlsrpt_enable)."""
    facts: Facts = field(default_factory=dict)

    def check(self) -> None:
        """Misuse when the options do not go together."""
        if self.match is Match.MX and self.version < EXACT_FROM:
            known = ".".join(map(str, self.version)) or "an unknown version"
            raise Misuse(
                f"--match mx needs Postfix 3.10.5 or newer, and this is {known}: it would defer the mail",
                "leave --match out, or name the version with --mta-version",
            )
        if self.match is Match.MX and self.reporting and not self.facts:
            raise Misuse(
                "with --match mx the TLS reports of Postfix would call the list's entries MTA-STS policies",
                "turn smtp_tlsrpt_enable off, or give --facts",
            )
        if (self.suffixes is SuffixStyle.EXACT or self.dane is Dane.SKIP) and not self.facts:
            raise Misuse("--suffixes exact and --dane skip need to know what was seen", "give --facts FILE")


PLAIN = Profile(_RANGES_FROM)
"""For people who ask what a line looks like, and not what theirs does."""


class Row(NamedTuple):
    """One line of the table: the next-hop domain and what Postfix is to do for it."""

    key: str
    value: str

    def __str__(self) -> str:
        return f"{self.key} {self.value}"


@dataclass(frozen=True, slots=True)
class Comment:
    """A line for people."""

    text: str

    def __str__(self) -> str:
        return f"# {self.text}"


@dataclass(slots=True)
class PolicyMap:
    """Lines of a table, and what became of every domain."""

    lines: list[Row | Comment] = field(default_factory=list)
    enforced: int = 0
    testing: int = 0
    overlay: int = 0
    excluded: int = 0
    dane: int = 0
    unseen: int = 0
    """Domains for whose suffixes no host was ever seen."""
    wide: int = 0
    """Domains with a suffix that covers more in this profile than in the list."""
    plain: int = 0
    """Domains whose row binds the certificate only, though more was asked for."""
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Domains that cannot be written, and why."""

    @property
    def rows(self) -> Iterator[Row]:
        """The lines that Postfix reads."""
        return (line for line in self.lines if isinstance(line, Row))

    def counts(self) -> dict[str, int]:
        """Every number, by name."""
        return {
            "enforced": self.enforced,
            "testing": self.testing,
            "overlay": self.overlay,
            "excluded": self.excluded,
            "dane": self.dane,
            "unseen": self.unseen,
            "wide": self.wide,
            "plain": self.plain,
            "refused": len(self.refused),
        }


def rows(domain: str, policy: Policy, suffixes: Suffixes, profile: Profile = Profile()) -> tuple[Row, ...]:
    """The rows of one domain: see `policy_map`. ValueError says why it cannot be written."""
    found = PolicyMap()
    writer = _Writer(profile, suffixes, found, [policy], [domain])
    writer.domain(domain, policy)
    if found.refused:
        raise ValueError(found.refused[0][1])
    return tuple(found.rows)


def policy_map(
    policies: PolicyList | None, local: Mapping[Domain, Local], profile: Profile, suffixes: Suffixes
) -> PolicyMap:
    """The table of a list, None for one that is not in force, with a site's own decisions over it.

    A domain in testing has no row, since any row would replace the site's default. An internationalised
    domain has two, one for each form that Postfix may look up. What cannot be written as it is meant
    is left out and counted, never repaired.
    """
    listed = list(_resolved(policies)) if policies else []
    active = [(domain, policy) for domain, policy in listed if domain not in local]
    own = [(domain, found.policy) for domain, found in local.items() if found.policy]
    everything = [*own, *active]
    found = PolicyMap()
    writer = _Writer(
        profile, suffixes, found, (policy for _, policy in everything), (domain for domain, _ in everything)
    )
    if local:
        _local_rows(writer, local, dict(listed))
    before = len(found.lines)
    for domain, policy in active:
        writer.domain(domain, policy)
    if local and len(found.lines) > before:
        found.lines.insert(before, Comment("from the list:"))
    return found


def _resolved(policies: PolicyList) -> Iterator[tuple[Domain, Policy]]:
    """What each domain promises; the first of two entries that are one domain."""
    first = policies.by_domain if len(policies.by_domain) < len(policies.entries) else None
    for entry in policies.entries:
        if first and first[entry.domain] is not entry:
            continue
        if policy := policies.resolve(entry.policy):
            yield entry.domain, policy


def _local_rows(writer: "_Writer", local: Mapping[Domain, Local], listed: Mapping[Domain, Policy]) -> None:
    found = writer.found
    found.lines.append(Comment("decided here:"))
    for domain, decision in local.items():
        until = f" until {decision.until}" if decision.until else ""
        because = f": {decision.reason}" if decision.reason else ""
        upstream = listed.get(domain)
        says = f"{upstream.mode}, {', '.join(upstream.mxs)}" if upstream else "nothing"
        kind = "policy" if decision.policy else "excluded"
        said = f"{domain}: {kind} by {decision.file}{until}{because} (the list says: {says})"
        found.lines.append(Comment(said))
        if decision.policy is None:
            found.excluded += 1
        elif decision.policy.mode is Mode.ENFORCE:
            found.overlay += writer.write(domain, decision.policy, DomainFacts())


class _Writer:
    """Writes rows; what is the same for many domains is looked at once."""

    def __init__(
        self,
        profile: Profile,
        suffixes: Suffixes,
        found: PolicyMap,
        policies: Iterable[Policy],
        domains: Iterable[str],
    ) -> None:
        self.found = found
        self._profile = profile
        written = {pattern for mxs in {policy.mxs for policy in policies} for pattern in mxs}
        self._spelling = {pattern: canonical(pattern) for pattern in written}
        self._pattern_faults = _pattern_faults(set(self._spelling.values()), suffixes)
        self._domain_faults = _host_faults(set(domains))
        self._values: dict[tuple[str, ...], tuple[str, bool]] = {}
        self._more = "" if profile.version < _SERVERNAME_FROM else " servername=hostname"
        self._more += f" {_OLDER_PROTOCOLS if profile.version < _RANGES_FROM else 'protocols=>=TLSv1.2'}"

    def domain(self, domain: str, policy: Policy) -> None:
        """What the list says of a domain."""
        if policy.mode is Mode.TESTING:
            self.found.testing += 1
            if not self._profile.early_adopter:
                return
        facts = self._profile.facts.get(Domain(domain), DomainFacts())
        if self._profile.dane is Dane.SKIP and facts.dane:
            self.found.dane += 1
            return
        if self.write(domain, policy, facts) and policy.mode is Mode.ENFORCE:
            self.found.enforced += 1

    def write(self, domain: str, policy: Policy, facts: DomainFacts) -> bool:
        """Whether the domain got its rows."""
        mxs = policy.mxs
        faults, spelling = self._pattern_faults, self._spelling
        if domain in self._domain_faults or (faults and any(spelling[mx] in faults for mx in mxs)):
            self.found.refused.append((domain, self._fault(domain, mxs)))
            return False
        if self._profile.suffixes is SuffixStyle.EXACT and (exact := self._exact(mxs, facts)) != mxs:
            if not exact:
                self.found.unseen += 1
                return False
            mxs = exact
        known = self._values.get(mxs)
        if known is None:
            known = self._values[mxs] = self._value(mxs), any(mx.startswith(".") for mx in mxs)
        value, is_wide = known
        lines = self.found.lines
        if self._profile.match is Match.MX:
            value = self._binding_the_mx(domain, mxs, value, facts)
        elif is_wide:
            self.found.wide += 1
        lines.append(Row(domain, value))
        if "xn--" in domain and (name := to_unicode(domain)) != domain:
            if len(name.encode()) > LONGEST_KEY:
                self.found.refused.append(
                    (name, f"is longer than the {LONGEST_KEY} bytes that a key may have")
                )
            else:
                lines.append(Row(name, value))
        return True

    def _value(self, mxs: tuple[str, ...]) -> str:
        patterns = dict.fromkeys(self._spelling.get(mx, mx) for mx in mxs)
        return f"secure match={':'.join(patterns)}{self._more}"

    def _binding_the_mx(self, domain: str, mxs: tuple[str, ...], value: str, facts: DomainFacts) -> str:
        patterns = dict.fromkeys(self._spelling.get(mx, mx) for mx in mxs)
        if self._profile.reporting and facts.enforced_mxs != frozenset(patterns):
            self.found.plain += 1
            return value
        hosts = " ".join(f"mx_host_pattern={'*' if mx.startswith('.') else ''}{mx}" for mx in patterns)
        return f"{value} policy_type=sts policy_domain={domain} {hosts}"

    def _exact(self, mxs: tuple[str, ...], facts: DomainFacts) -> tuple[str, ...]:
        """The patterns with each suffix replaced by the hosts that were seen to match it."""
        if not any(mx.startswith(".") for mx in mxs):
            return mxs
        patterns = [MxPattern(mx) for mx in mxs]
        named = [pattern.text for pattern in patterns if not pattern.is_suffix]
        seen = [host for host in facts.hosts if any(p.is_suffix and p.matches(host) for p in patterns)]
        safe = [host for host in seen if host_fault(host) is None]
        return tuple(dict.fromkeys([*named, *safe]))

    def _fault(self, domain: str, mxs: tuple[str, ...]) -> str:
        if domain in self._domain_faults:
            return f"{domain!r} {self._domain_faults[domain]}"
        bad = next(mx for mx in mxs if self._spelling[mx] in self._pattern_faults)
        return f"{bad!r} {self._pattern_faults[self._spelling[bad]]}"


def _host_faults(names: Collection[str]) -> dict[str, str]:
    """The canonical names that are no host names, and why; quick when there are none."""
    plain = [name for name in names if "xn--" not in name and len(name) <= 63]
    doubtful = names if plain and not all_hosts(plain) else set(names).difference(plain)
    return {name: fault for name in doubtful if (fault := host_fault(name))}


def _pattern_faults(patterns: Collection[str], suffixes: Suffixes) -> dict[str, str]:
    """The canonical patterns that no row may hold: malformed ones, and those wider than a list may be."""
    parents = [pattern[1:] for pattern in patterns if pattern.startswith(".")]
    hosts = [pattern for pattern in patterns if not pattern.startswith(".")]
    found = {name: pattern_fault(name) or fault for name, fault in _host_faults(hosts).items()}
    found |= {f".{name}": pattern_fault(f".{name}") or fault for name, fault in _host_faults(parents).items()}
    public = suffixes.among(parents) if parents else {}
    return {f".{name}": "covers every name under a public suffix" for name in public} | found
