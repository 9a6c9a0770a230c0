"""Rules about the patterns of policies."""

from collections import Counter
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

from stpolicy.model.finding import Candidate, Place, Problem, Severity
from stpolicy.model.names import all_hosts, canonical, pattern_fault, suffix_of
from stpolicy.model.policy import Policy
from stpolicy.rules._register import rule

MOST_PATTERNS = 64

SHARED = frozenset(
    {
        ".aspmx.l.google.com", ".l.google.com", ".googlemail.com", ".smtp.goog",
        ".mail.protection.outlook.com", ".mx.microsoft", ".protection.outlook.com",
        ".messagingengine.com", ".pphosted.com", ".ppe-hosted.com", ".gslb.pphosted.com",
        ".iphmx.com", ".mimecast.com", ".messagelabs.com", ".barracudanetworks.com",
        ".ess.barracudanetworks.com", ".mailgun.org", ".sendgrid.net", ".zoho.com", ".zoho.eu",
        ".secureserver.net", ".emailsrvr.com", ".amazonaws.com", ".antispamcloud.com",
        ".mailspamprotection.com", ".hornetsecurity.com", ".hes.trendmicro.com", ".trendmicro.eu",
        ".registrar-servers.com", ".privateemail.com", ".mail.ovh.net", ".ovh.net", ".kundenserver.de",
        ".ionos.com", ".1and1.com", ".rzone.de", ".gandi.net", ".mailbox.org", ".protonmail.ch",
        ".migadu.com", ".forwardemail.net", ".improvmx.com", ".mxroute.com", ".sophos.com",
        ".fireeyecloud.com", ".mx.cloudflare.net", ".icloud.com", ".mail.icloud.com", ".qq.com",
        ".mxhichina.com", ".yandex.net",
    }
)  # fmt: skip
"""Suffixes under which a provider gives host names to all who rent there."""


@dataclass(frozen=True, slots=True)
class _Use:
    place: Place
    where: str
    domain: str | None
    """Canonical domain of the entry; None in an alias."""
    mxs: tuple[str, ...]


def _policies(candidate: Candidate, passes_over: Callable[[tuple[str, ...]], bool]) -> Iterator[_Use]:
    """Every policy that is written out, in aliases and in entries, unless its patterns are passed over."""
    for ordinal, alias in enumerate(candidate.list.aliases):
        if isinstance(alias.policy, Policy) and not passes_over(alias.policy.mxs):
            yield _Use(("policy-aliases", ordinal, "mxs"), alias.name, None, alias.policy.mxs)
    for ordinal, entry in enumerate(candidate.list.entries):
        if isinstance(entry.policy, Policy) and not passes_over(entry.policy.mxs):
            yield _Use(("policies", ordinal, "mxs"), entry.name, entry.domain, entry.policy.mxs)


def _each(candidate: Candidate, wanted: Set[str]) -> Iterator[tuple[_Use, Place, str]]:
    """Use, place and text of every pattern that is wanted."""
    if wanted:
        for use in _policies(candidate, wanted.isdisjoint):
            for index, pattern in enumerate(use.mxs):
                if pattern in wanted:
                    yield use, (*use.place, index), pattern


@rule("mxs.pattern.malformed", Severity.ERROR)
def malformed_pattern(candidate: Candidate) -> Iterator[Problem]:
    """A pattern is neither a host name nor `.suffix`.

    In a mail server's table a stray space, colon or keyword would be read as another pattern or as an
    option, and a single word as the name that insecure DNS gave. `*.example.org` of MTA-STS is written
    `.example.org` here. Correct the pattern.
    """
    written, respelt = candidate.list.patterns, candidate.list.respelt_patterns
    if all_hosts([respelt.get(pattern, pattern).removeprefix(".") for pattern in written]):
        return
    faults = {p: fault for p in written if (fault := pattern_fault(respelt.get(p, p)))}
    for use, place, pattern in _each(candidate, faults.keys()):
        message = f"the pattern {pattern!r} of {use.where} {faults[pattern]}"
        yield Problem(message, place, use.where)


@rule("mxs.pattern.public_suffix", Severity.ERROR)
def public_suffix_pattern(candidate: Candidate) -> Iterator[Problem]:
    """A suffix pattern stands for every host of a public suffix, like `.co.uk`.

    Anybody can register a name there and hold a valid certificate for it. On a suffix of the private
    section of publicsuffix.org's list it is a warning only where the domain itself is that suffix.
    Write the suffix of the provider, or the host names.
    """
    suffixes = {p: canonical(p)[1:] for p in candidate.list.patterns if p.startswith(".")}
    public = candidate.suffixes.among(set(suffixes.values()))
    kinds = {p: public[s] for p, s in suffixes.items() if s in public and not pattern_fault(f".{s}")}
    for use, place, pattern in _each(candidate, kinds.keys()):
        own = kinds[pattern] == "private" and use.domain == canonical(pattern)[1:]
        message = f"the pattern {pattern!r} of {use.where} covers every name under a public suffix"
        yield Problem(message, place, use.where, severity=Severity.WARNING if own else None)


@rule("mxs.pattern.shared_provider", Severity.NOTE)
def shared_provider(candidate: Candidate) -> Iterator[Problem]:
    """A suffix pattern covers the hosts of every customer of a provider.

    Whoever rents there gets a host that matches. The exact host names of the domain promise more.
    """
    respelt = candidate.list.respelt_patterns
    wanted = (candidate.list.patterns & SHARED) | {p for p, folded in respelt.items() if folded in SHARED}
    for use, place, pattern in _each(candidate, wanted):
        message = f"the pattern {pattern!r} of {use.where} covers the hosts of other customers too"
        yield Problem(message, place, use.where)


@rule("mxs.pattern.not_canonical", Severity.WARNING)
def not_canonical_pattern(candidate: Candidate) -> Iterator[Problem]:
    """A pattern is not written in lower case, in A-labels and without a dot at the end.

    Readers fold it, but people and scripts that search the list do not. `stpolicy fmt` mends it.
    """
    respelt = candidate.list.respelt_patterns
    for use, place, pattern in _each(candidate, respelt.keys()):
        message = f"the pattern {pattern!r} of {use.where} should be written {respelt[pattern]!r}"
        yield Problem(message, place, use.where, "stpolicy fmt")


@rule("mxs.pattern.redundant", Severity.NOTE)
def redundant_pattern(candidate: Candidate) -> Iterator[Problem]:
    """A pattern accepts nothing that another pattern of the policy does not accept.

    `mx.example.org` says nothing beside `.example.org`. Remove one, preferably the wider.
    """
    # Texts of one policy differ, so only a suffix or another spelling can cover anything.
    covering = {pattern for pattern in candidate.list.patterns if pattern.startswith(".")}
    covering |= candidate.list.respelt_patterns.keys()
    if not covering:
        return
    for use in _policies(candidate, covering.isdisjoint):
        folded = Counter(map(canonical, use.mxs))
        for index, pattern in enumerate(use.mxs):
            name = canonical(pattern)
            if folded[name] > 1 or (not name.startswith(".") and suffix_of(name) in folded):
                message = f"the pattern {pattern!r} of {use.where} is covered by another one"
                yield Problem(message, (*use.place, index), use.where)


@rule("mxs.pattern.too_many", Severity.WARNING)
def too_many_patterns(candidate: Candidate) -> Iterator[Problem]:
    """A policy has more than 64 patterns.

    No mail domain has that many hosts at once; a list that grows by being added to promises less and
    less. Keep the hosts that MX records name.
    """
    for use in _policies(candidate, lambda mxs: len(mxs) <= MOST_PATTERNS):
        message = f"{use.where} has {len(use.mxs)} patterns; more than {MOST_PATTERNS} is too many"
        yield Problem(message, use.place, use.where)
