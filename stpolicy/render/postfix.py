"""Postfix: rows of `smtp_tls_policy_maps` (postconf(5), smtp_tls_policy_maps).

Two profiles. The plain one binds the names in the certificate; a suffix then covers names of any depth,
which is wider than the format. The other one, from Postfix 3.10.5 on, binds the name of the MX too and
a suffix to one label; its attributes are an error to every older Postfix.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from stpolicy.model.facts import DomainFacts
from stpolicy.model.names import Domain, MxPattern, all_hosts, host_fault, pattern_fault, respelt, to_unicode
from stpolicy.model.overlay import Local
from stpolicy.model.policy import Mode, Policy, PolicyList
from stpolicy.render.profile import (
    OLDER_PROTOCOLS,
    PLAIN,
    RANGES_FROM,
    SERVERNAME_FROM,
    Dane,
    Match,
    Profile,
    SuffixStyle,
)

if TYPE_CHECKING:
    from stpolicy.model.finding import Suffixes

OWN, LISTED = "decided here:", "from the list:"
"""Comments of a map: before what a site decided itself, and before the rest."""

LONGEST_KEY = 510
"""Bytes; one more, and a table of type lmdb is not built at all. Only U-labels come so far."""

_NOTHING = DomainFacts()


class Row(NamedTuple):
    """One line of the table: the next-hop domain and what Postfix is to do for it."""

    key: str
    value: str

    def __str__(self) -> str:
        return f"{self.key} {self.value}"

    @classmethod
    def read(cls, line: str) -> "Row":
        """Reads `KEY VALUE`."""
        key, _, value = line.partition(" ")
        return cls(key, value)


@dataclass(slots=True)
class PolicyMap:
    """Lines of a table, rows and comments, and what became of every domain."""

    lines: list[str] = field(default_factory=list)
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
    def rows(self) -> list[str]:
        """The lines that Postfix reads, `KEY VALUE` each."""
        return [line for line in self.lines if not line.startswith("#")]

    def comment(self, text: str) -> None:
        """Adds a line for people; whoever wrote what it tells of ends no line with it."""
        self.lines.append("# " + "".join(c if c.isprintable() else "?" for c in text))

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


def rows(domain: str, policy: Policy, suffixes: "Suffixes", profile: Profile = PLAIN) -> list[str]:
    """The rows of one domain: see `policy_map`. ValueError says why it cannot be written."""
    found = PolicyMap()
    if policy.mode is Mode.ENFORCE:
        _Writer(profile, suffixes, found, [(Domain(domain), policy)]).write_all()
    if found.refused:
        raise ValueError(found.refused[0][1])
    return found.rows


def policy_map(
    policies: PolicyList | None, local: Mapping[Domain, Local], profile: Profile, suffixes: "Suffixes"
) -> PolicyMap:
    """The table of a list, None for one that is not in force, with a site's own decisions over it.

    A domain in testing has no row, since any row would replace the site's default. An internationalised
    domain has two, one for each form that Postfix may look up. What cannot be written as it is meant
    is left out and counted, never repaired.
    """
    found = PolicyMap()
    listed = _resolved(policies) if policies else []
    if local:
        _write_local(found, local, dict(listed), profile, suffixes)
        found.comment(LISTED)
        listed = [(domain, policy) for domain, policy in listed if domain not in local]
    enforced = [pair for pair in listed if pair[1].mode is Mode.ENFORCE]
    found.testing = len(listed) - len(enforced)
    if profile.early_adopter:
        testing = [pair for pair in listed if pair[1].mode is Mode.TESTING]
        _Writer(profile, suffixes, found, testing).write_all()
    found.enforced = _Writer(profile, suffixes, found, enforced).write_all()
    return found


def _resolved(policies: PolicyList) -> list[tuple[Domain, Policy]]:
    """What each domain promises; the first of two entries that are one domain."""
    first = policies.by_domain if len(policies.by_domain) < len(policies.entries) else None
    resolve = policies.resolve
    pairs = [
        (domain, promise if type(promise) is Policy else resolve(promise))
        for name, domain, promise in policies.entries
        if first is None or first[domain].name == name
    ]
    return [(domain, policy) for domain, policy in pairs if policy]


def _write_local(
    found: PolicyMap,
    local: Mapping[Domain, Local],
    listed: Mapping[Domain, Policy],
    profile: Profile,
    suffixes: "Suffixes",
) -> None:
    found.comment(OWN)
    for domain, decision in local.items():
        until = f" until {decision.until}" if decision.until else ""
        because = f": {decision.reason}" if decision.reason else ""
        upstream = listed.get(domain)
        says = f"{upstream.mode}, {', '.join(upstream.mxs)}" if upstream else "nothing"
        kind = "policy" if decision.policy else "excluded"
        found.comment(f"{domain}: {kind} by {decision.file}{until}{because} (the list says: {says})")
        if decision.policy is None:
            found.excluded += 1
        elif decision.policy.mode is Mode.ENFORCE:
            found.overlay += _Writer(profile, suffixes, found, [(domain, decision.policy)]).write_all()


class _Writer:
    """Writes rows of domains; names are judged all at once, since nearly always nothing is wrong."""

    def __init__(
        self, profile: Profile, suffixes: "Suffixes", found: PolicyMap, pairs: list[tuple[Domain, Policy]]
    ) -> None:
        self._profile, self._found, self._pairs = profile, found, pairs
        written = {pattern for _, policy in pairs for pattern in policy.mxs}
        self._respelt = respelt(written)
        names = written.difference(self._respelt).union(self._respelt.values()) if self._respelt else written
        self._suffixes = {name for name in names if name.startswith(".")}
        self._pattern_faults = _pattern_faults(names, suffixes) if names else {}
        domains = [domain for domain, _ in pairs]
        self._all_simple = bool(domains) and all_hosts(domains)
        self._domain_faults = {} if self._all_simple else _host_faults(domains)
        servername = "" if profile.version < SERVERNAME_FROM else " servername=hostname"
        protocols = OLDER_PROTOCOLS if profile.version < RANGES_FROM else "protocols=>=TLSv1.2"
        self._more = f"{servername} {protocols}"

    def write_all(self) -> int:
        """Writes the rows; how many domains got theirs."""
        profile, more = self._profile, self._more
        is_plain = profile.suffixes is SuffixStyle.POSTFIX and profile.match is Match.CERTIFICATE
        if profile.facts or self._respelt or self._pattern_faults or not (is_plain and self._all_simple):
            return sum(self._write(domain, policy) for domain, policy in self._pairs)
        joined = ":".join
        self._found.lines += [
            f"{domain} secure match={joined(policy.mxs)}{more}" for domain, policy in self._pairs
        ]
        if self._suffixes:
            exact = self._suffixes.isdisjoint
            self._found.wide += sum(not exact(policy.mxs) for _, policy in self._pairs)
        return len(self._pairs)

    def _write(self, domain: Domain, policy: Policy) -> bool:
        """Whether the domain got its rows."""
        found, profile = self._found, self._profile
        facts = profile.facts.get(domain, _NOTHING)
        mxs = tuple(dict.fromkeys(self._respelt.get(mx, mx) for mx in policy.mxs))
        if fault := self._fault(domain, mxs):
            found.refused.append((domain, fault))
            return False
        if facts.dane and profile.dane is Dane.SKIP:
            found.dane += 1
            return False
        if profile.suffixes is SuffixStyle.EXACT:
            mxs = _exact(mxs, facts)
            if not mxs:
                found.unseen += 1
                return False
        value = f"secure match={':'.join(mxs)}{self._more}"
        if profile.match is Match.MX and not (profile.reporting and facts.enforced_mxs != frozenset(mxs)):
            hosts = " ".join(f"mx_host_pattern={'*' if mx.startswith('.') else ''}{mx}" for mx in mxs)
            value = f"{value} policy_type=sts policy_domain={domain} {hosts}"
        else:
            found.plain += profile.match is Match.MX
            found.wide += not self._suffixes.isdisjoint(mxs)
        self._add(domain, value)
        return True

    def _add(self, domain: Domain, value: str) -> None:
        """The row, and one for the U-label form where there is one and a table can hold it."""
        self._found.lines.append(f"{domain} {value}")
        if (name := to_unicode(domain)) != domain:
            if len(name.encode()) > LONGEST_KEY:
                self._found.refused.append(
                    (name, f"has more than the {LONGEST_KEY} bytes that a key may have")
                )
            else:
                self._found.lines.append(f"{name} {value}")

    def _fault(self, domain: Domain, mxs: tuple[str, ...]) -> str | None:
        if domain in self._domain_faults:
            return f"{domain!r} {self._domain_faults[domain]}"
        bad = next((mx for mx in mxs if mx in self._pattern_faults), None)
        return None if bad is None else f"{bad!r} {self._pattern_faults[bad]}"


def _exact(mxs: tuple[str, ...], facts: DomainFacts) -> tuple[str, ...]:
    """The patterns with each suffix replaced by the hosts that were seen to match it."""
    suffixes = [MxPattern(mx) for mx in mxs if mx.startswith(".")]
    named = [mx for mx in mxs if not mx.startswith(".")]
    seen = [host for host in facts.hosts if any(suffix.matches(host) for suffix in suffixes)]
    return tuple(dict.fromkeys([*named, *seen]))


def _host_faults(names: Collection[str]) -> dict[str, str]:
    """The canonical names that are no host names, and why; quick when there are none."""
    if not names or all_hosts(names):
        return {}
    plain = [name for name in names if "xn--" not in name and len(name) <= 63]
    doubtful = names if plain and not all_hosts(plain) else set(names).difference(plain)
    return {name: fault for name in doubtful if (fault := host_fault(name))}


def _pattern_faults(patterns: Collection[str], suffixes: "Suffixes") -> dict[str, str]:
    """The canonical patterns that no row may hold: malformed ones, and those wider than a list may be."""
    parents = [pattern[1:] for pattern in patterns if pattern.startswith(".")]
    hosts = [pattern for pattern in patterns if not pattern.startswith(".")] if parents else patterns
    found = {name: pattern_fault(name) or fault for name, fault in _host_faults(hosts).items()}
    found |= {f".{name}": pattern_fault(f".{name}") or fault for name, fault in _host_faults(parents).items()}
    public = suffixes.among(parents) if parents else {}
    return {f".{name}": "covers every name under a public suffix" for name in public} | found
