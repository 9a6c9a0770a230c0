"""Rules about domains and aliases."""

from collections.abc import Iterator

from stpolicy.model.confusable import mixes_scripts, skeleton
from stpolicy.model.finding import Candidate, Place, Problem, Severity
from stpolicy.model.names import SPECIAL_USE, alias_fault, all_hosts, domain_fault, host_fault, to_unicode
from stpolicy.model.policy import Alias, Policy
from stpolicy.rules._register import rule


@rule("policies.name.malformed", Severity.ERROR)
def malformed_name(candidate: Candidate) -> Iterator[Problem]:
    """A domain is not a host name.

    Labels are letters, digits and inner hyphens, at most 63 of them; there are two labels or more,
    253 characters at most, and the last label is neither a number nor a name that never leads to the
    internet (RFC 5321 section 2.3.5, RFC 6761). A name with a dot in front would cover sub-domains
    in some mail servers. Correct the name or remove the entry.
    """
    domains = candidate.list.by_domain
    if all_hosts(domains) and SPECIAL_USE.isdisjoint({domain.rpartition(".")[2] for domain in domains}):
        return
    for ordinal, entry in enumerate(candidate.list.entries):
        if fault := domain_fault(entry.domain):
            yield Problem(f"the domain {entry.name!r} {fault}", ("policies", ordinal), entry.name)


@rule("policies.name.not_canonical", Severity.WARNING)
def not_canonical_name(candidate: Candidate) -> Iterator[Problem]:
    """A domain is not written in lower case, in A-labels and without a dot at the end.

    Readers fold it, but a person who searches the list does not find it. `stpolicy fmt` mends it.
    """
    for ordinal, entry in enumerate(candidate.list.entries):
        if entry.name != entry.domain:
            message = f"the domain {entry.name!r} should be written {entry.domain!r}"
            yield Problem(message, ("policies", ordinal), entry.name, "stpolicy fmt")


@rule("policies.name.confusable", Severity.WARNING)
def confusable_name(candidate: Candidate) -> Iterator[Problem]:
    """An internationalised domain mixes scripts in a label, or looks like another listed domain.

    Both are how somebody else's domain is passed off as a known one (UTS 39). Look at the name in
    its U-label form, and ask who proposed it.
    """
    listed = candidate.list.by_domain
    for ordinal, entry in enumerate(candidate.list.entries):
        if "xn--" not in entry.domain:
            continue
        shown = to_unicode(entry.domain)
        if any(mixes_scripts(label) for label in shown.split(".")):
            message = f"the domain {entry.domain} ({shown}) mixes scripts in one label"
            yield Problem(message, ("policies", ordinal), entry.name)
        elif (twin := skeleton(shown)) != entry.domain and twin in listed:
            message = f"the domain {entry.domain} ({shown}) looks like the listed {twin}"
            yield Problem(message, ("policies", ordinal), entry.name)


@rule("policies.name.public_suffix", Severity.WARNING)
def public_suffix_name(candidate: Candidate) -> Iterator[Problem]:
    """A domain is a public suffix, like co.uk.

    A few public suffixes do receive mail, and an entry covers exactly the name that it has. Mostly
    it is a mistake: a name below it was meant.
    """
    public = candidate.suffixes.among(candidate.list.by_domain)
    for ordinal, entry in enumerate(candidate.list.entries) if public else ():
        if entry.domain in public and not host_fault(entry.domain):
            yield Problem(f"the domain {entry.name} is a public suffix", ("policies", ordinal), entry.name)


@rule("policies.duplicate", Severity.ERROR)
def duplicate(candidate: Candidate) -> Iterator[Problem]:
    """Two keys are the same domain once both are in canonical form.

    One mail server would use the first, another the last. Remove one of them.
    """
    if len(candidate.list.by_domain) == len(candidate.list.entries):
        return
    first: dict[str, str] = {}
    for ordinal, entry in enumerate(candidate.list.entries):
        if first.setdefault(entry.domain, entry.name) != entry.name:  # a repeated key: document.duplicate_key
            message = f"{entry.name!r} and {first[entry.domain]!r} are the same domain"
            yield Problem(message, ("policies", ordinal), entry.name)


@rule("policies.duplicate", Severity.ERROR)
def duplicate_by_case(candidate: Candidate) -> Iterator[Problem]:
    """Two keys are the same domain but for ASCII case or a dot at the end.

    What a client asks: it must not depend on tables of a library, which another version may have changed.
    """
    first: dict[str, str] = {}
    for ordinal, entry in enumerate(candidate.list.entries):
        folded = entry.name.lower().removesuffix(".") if entry.name.isascii() else entry.name
        if first.setdefault(folded, entry.name) != entry.name:
            message = f"{entry.name!r} and {first[folded]!r} are the same domain"
            yield Problem(message, ("policies", ordinal), entry.name)


@rule("policies.alias.unknown", Severity.ERROR)
def unknown_alias(candidate: Candidate) -> Iterator[Problem]:
    """An entry points at an alias that the list does not define.

    A sender cannot know what was promised, so it would go without a policy for that domain. Define
    the alias, or correct its name.
    """
    defined = candidate.list.alias_policies
    for ordinal, entry in enumerate(candidate.list.entries):
        if isinstance(entry.policy, Alias) and entry.policy.name not in defined:
            message = f"{entry.name} points at the alias {entry.policy.name!r}, which is not defined"
            yield Problem(message, ("policies", ordinal, "policy-alias"), entry.name)


@rule("policies.alias.chained", Severity.ERROR)
def chained_alias(candidate: Candidate) -> Iterator[Problem]:
    """An alias points at another alias.

    Aliases do not chain: a reader that follows one step finds no policy. Write the policy itself.
    """
    for ordinal, alias in enumerate(candidate.list.aliases):
        if isinstance(alias.policy, Alias):
            message = f"the alias {alias.name!r} points at another alias, {alias.policy.name!r}"
            yield Problem(message, ("policy-aliases", ordinal, "policy-alias"), alias.name)


@rule("policies.alias.unused", Severity.WARNING)
def unused_alias(candidate: Candidate) -> Iterator[Problem]:
    """No entry points at an alias.

    It may be left over, or its users may have been lost in an edit. `stpolicy alias remove` removes it.
    """
    for place, name, uses in _uses(candidate):
        if not uses:
            yield Problem(
                f"no entry points at the alias {name!r}", place, name, f"stpolicy alias remove {name}"
            )


@rule("policies.alias.single_use", Severity.NOTE)
def single_use_alias(candidate: Candidate) -> Iterator[Problem]:
    """Only one entry points at an alias.

    Aliases are for domains that share one set of hosts; a policy in the entry itself reads more easily.
    """
    for place, name, uses in _uses(candidate):
        if uses == 1:
            yield Problem(f"only one entry points at the alias {name!r}", place, name)


@rule("policies.alias.malformed", Severity.ERROR)
def malformed_alias(candidate: Candidate) -> Iterator[Problem]:
    """The name of an alias is not lower-case letters, digits and hyphens, 64 at most.

    Names of aliases stand in reports and commands; two that differ only in case would be taken for
    one another. Rename it here and in the entries that point at it.
    """
    for ordinal, alias in enumerate(candidate.list.aliases):
        if fault := alias_fault(alias.name):
            yield Problem(f"the alias {alias.name!r} {fault}", ("policy-aliases", ordinal), alias.name)


def _uses(candidate: Candidate) -> Iterator[tuple[Place, str, int]]:
    for ordinal, alias in enumerate(candidate.list.aliases):
        if isinstance(alias.policy, Policy):
            yield ("policy-aliases", ordinal), alias.name, candidate.list.uses.get(alias.name, 0)
