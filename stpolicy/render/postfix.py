"""Postfix: rows of `smtp_tls_policy_maps` (postconf(5), smtp_tls_policy_maps).

Two profiles. The plain one binds the names in the certificate; a suffix then covers names of any depth,
which is wider than the format. The other one, from Postfix 3.10.5 on, binds the name of the MX too and
a suffix to one label; its attributes are an error to every older Postfix.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from stpolicy.model.names import Domain
from stpolicy.model.overlay import Local
from stpolicy.model.policy import Mode, Policy, PolicyList
from stpolicy.render.profile import PLAIN, Profile
from stpolicy.render.writer import Writer

if TYPE_CHECKING:
    from stpolicy.model.finding import Suffixes

OWN, LISTED = "decided here:", "from the list:"
"""Comments of a map: before what a site decided itself, and before the rest."""


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
        return [line for line in self.lines if line[:1] != "#"]

    @property
    def is_empty(self) -> bool:
        """Whether there is no row."""
        return all(line.startswith("#") for line in self.lines)

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
        Writer(profile, suffixes, found).write_all([(Domain(domain), policy)])
    if found.refused and not found.lines:
        raise ValueError(found.refused[0][1])
    return found.rows


def policy_map(
    policies: PolicyList | None,
    local: Mapping[Domain, Local],
    profile: Profile,
    suffixes: "Suffixes",
    *,
    expired: bool = False,
) -> PolicyMap:
    """The table of a list, None where there is none, with a site's own decisions over it.

    Of an `expired` list nothing is written. A domain in testing has no row, since any row would replace
    the site's default. An internationalised domain has two, one for each form that Postfix may look up.
    What cannot be written as it is meant is left out and counted, never repaired.
    """
    found, enforce = PolicyMap(), Mode.ENFORCE
    listed = _resolved(policies) if policies else []
    if local:
        upstream = {domain: policy for domain, policy in listed if domain in local}
        _write_local(found, local, _said(policies, upstream, local, expired=expired), profile, suffixes)
        found.comment(LISTED)
        listed = [pair for pair in listed if pair[0] not in local]
    if expired:
        return found
    writer = Writer(profile, suffixes, found)
    if profile.early_adopter:
        writer.write_all([pair for pair in listed if pair[1].mode is not enforce])
    enforced = [pair for pair in listed if pair[1].mode is enforce]
    found.testing = len(listed) - len(enforced)
    found.enforced = writer.write_all(enforced)
    return found


def _resolved(policies: PolicyList) -> list[tuple[Domain, Policy]]:
    """What each domain promises; the first of two entries that are one domain."""
    entries, resolve = policies.entries, policies.resolve
    if len({entry.domain for entry in entries}) < len(entries):
        entries = tuple(policies.by_domain[domain] for domain in dict.fromkeys(e.domain for e in entries))
    return [
        (entry.domain, policy)
        for entry in entries
        if (policy := promise if type(promise := entry.policy) is Policy else resolve(promise))
    ]


def _said(
    policies: PolicyList | None,
    upstream: Mapping[Domain, Policy],
    local: Collection[Domain],
    *,
    expired: bool,
) -> dict[Domain, str]:
    """What the list says of the domains that a site decides itself, in words."""
    if policies is None:
        return dict.fromkeys(local, "no list is installed")
    who = f"the list, not in force since {policies.expires}, says" if expired else "the list says"
    what = {domain: f"{policy.mode}, {', '.join(policy.mxs)}" for domain, policy in upstream.items()}
    return {domain: f"{who}: {what.get(domain, 'nothing')}" for domain in local}


def _write_local(
    found: PolicyMap,
    local: Mapping[Domain, Local],
    said: Mapping[Domain, str],
    profile: Profile,
    suffixes: "Suffixes",
) -> None:
    own = Writer(profile, suffixes, found, own=True)
    found.comment(OWN)
    for domain, decision in local.items():
        until = f" until {decision.until}" if decision.until else ""
        because = f": {decision.reason}" if decision.reason else ""
        kind = "policy" if decision.policy else "excluded"
        found.comment(f"{domain}: {kind} by {decision.file}{until}{because} ({said[domain]})")
        if decision.policy is None:
            found.excluded += 1
        elif decision.policy.mode is Mode.ENFORCE:
            before = len(found.refused)
            found.overlay += own.write_all([(domain, decision.policy)])
            for name, why in found.refused[before:]:
                found.comment(f"{name} has no row: {why}")
