"""Writes the rows of domains for Postfix. Nearly all names are plain: they are judged and written together.

A name that needs a closer look is looked at by itself, and the row that it stands in is written by itself:
one internationalised domain costs no more than its own row.
"""

from collections.abc import Collection, Iterator, Sequence, Set
from itertools import chain
from typing import TYPE_CHECKING

from stpolicy.model.facts import DomainFacts
from stpolicy.model.names import (
    Domain,
    MxPattern,
    all_hosts,
    all_patterns,
    canonical,
    host_fault,
    pattern_fault,
    to_unicode,
)
from stpolicy.model.policy import Policy
from stpolicy.model.table import RANGES_FROM, SERVERNAME_FROM
from stpolicy.render.profile import (
    OLDER_PROTOCOLS,
    Dane,
    Match,
    Profile,
    SuffixStyle,
)

if TYPE_CHECKING:
    from stpolicy.model.finding import Suffixes
    from stpolicy.render.postfix import PolicyMap

LONGEST_KEY = 510
"""Bytes; one more, and a table of type lmdb is not built at all. Only U-labels come so far."""

_NOTHING = DomainFacts()


_AT_ONCE = 512
"""So many domains are judged together; halves of them, where one needs a closer look."""

UNSEEN = "no host was seen to match its suffixes"


class Writer:
    """Writes the rows of some domains into a map.

    What a site decided itself (`own`) is not left to DANE, and not left out without a word of why.
    """

    def __init__(
        self, profile: Profile, suffixes: "Suffixes", found: "PolicyMap", *, own: bool = False
    ) -> None:
        self._profile, self._suffixes, self._found, self._own = profile, suffixes, found, own
        self._skips_dane = profile.dane is Dane.SKIP and not own
        self._is_simple = (
            not self._skips_dane
            and profile.suffixes is SuffixStyle.POSTFIX
            and profile.match is Match.CERTIFICATE
        )
        servername = "" if profile.version < SERVERNAME_FROM else " servername=hostname"
        protocols = OLDER_PROTOCOLS if profile.version < RANGES_FROM else "protocols=>=TLSv1.2"
        self._more = f"{servername} {protocols}"

    def write_all(self, pairs: Sequence[tuple[Domain, Policy]]) -> int:
        """Writes the rows, in the order of the domains; how many domains got theirs."""
        domains, patterns = [domain for domain, _ in pairs], [policy.mxs for _, policy in pairs]
        return sum(self._write_some(domains[part], patterns[part]) for part in _parts(domains))

    def _write_some(self, domains: list[Domain], patterns: list[tuple[str, ...]]) -> int:
        """Of domains, and the patterns of each."""
        mxs = list(chain.from_iterable(patterns))
        suffixes = {mx for mx in mxs if mx[:1] == "."}
        names_are_plain = all_hosts(domains) and all_patterns(mxs) and not self._among_public(suffixes)
        if names_are_plain and all(patterns):
            if self._is_simple:
                return self._write_together(domains, patterns, suffixes)
            return sum(map(self._write, domains, patterns))
        if len(domains) == 1:
            return self._write_doubtful(domains[0], patterns[0])
        half = len(domains) // 2
        return sum(self._write_some(domains[p], patterns[p]) for p in (slice(half), slice(half, None)))

    def _among_public(self, suffixes: Collection[str]) -> bool:
        return bool(suffixes) and bool(self._suffixes.among([suffix[1:] for suffix in suffixes]))

    def _write_together(
        self, domains: list[Domain], patterns: list[tuple[str, ...]], suffixes: Set[str]
    ) -> int:
        """What is canonical and needs nothing but to be written."""
        more, values = self._more, map(":".join, patterns)
        rows = zip(domains, values, strict=True)
        self._found.lines += [f"{domain} secure match={value}{more}" for domain, value in rows]
        if suffixes:
            self._found.wide += len(patterns) - sum(map(suffixes.isdisjoint, patterns))
        return len(domains)

    def _write_doubtful(self, domain: Domain, written: tuple[str, ...]) -> bool:
        mxs = tuple(dict.fromkeys(map(canonical, written)))
        if fault := host_fault(domain):
            self._found.refused.append((domain, f"{domain!r} {fault}"))
        elif fault := self._pattern_fault(mxs):
            self._found.refused.append((domain, fault))
        else:
            return self._write(domain, mxs)
        return False

    def _pattern_fault(self, mxs: Sequence[str]) -> str | None:
        """Why canonical texts cannot stand in a row, if any cannot; Postfix takes none for a mistake."""
        for mx in mxs:
            # The format knows suffixes of one label, for a rule to name them; a row must not hold one.
            if fault := pattern_fault(mx) or host_fault(mx.removeprefix(".")):
                return f"{mx!r} {fault}"
            if mx.startswith(".") and self._among_public([mx]):
                return f"{mx!r} covers every name under a public suffix"
        return None if mxs else "it has no patterns"

    def _write(self, domain: Domain, mxs: tuple[str, ...]) -> bool:
        """Whether the domain got its rows; the names are canonical and may stand in one."""
        found, profile = self._found, self._profile
        facts = profile.facts.get(domain, _NOTHING)
        if facts.dane and self._skips_dane:
            found.dane += 1
            return False
        if profile.suffixes is SuffixStyle.EXACT and not (mxs := _exact(mxs, facts)):
            return self._left_out(domain)
        value = f"secure match={':'.join(mxs)}{self._more}"
        if profile.match is Match.MX and not (profile.reporting and facts.enforced_mxs != frozenset(mxs)):
            hosts = " ".join(f"mx_host_pattern={'*' if mx.startswith('.') else ''}{mx}" for mx in mxs)
            value = f"{value} policy_type=sts policy_domain={domain} {hosts}"
        else:
            found.plain += profile.match is Match.MX
            found.wide += any(mx.startswith(".") for mx in mxs)
        self._add(domain, value)
        return True

    def _left_out(self, domain: Domain) -> bool:
        if self._own:
            self._found.refused.append((domain, UNSEEN))
        else:
            self._found.unseen += 1
        return False

    def _add(self, domain: Domain, value: str) -> None:
        """The row, and one for the U-label form where there is one and a table can hold it."""
        self._found.lines.append(f"{domain} {value}")
        if (name := to_unicode(domain)) != domain:
            key = name.casefold()  # as Postfix does, before it writes a key and before it looks one up
            if fault := _key_fault(name, key, domain):
                self._found.refused.append((name, f"{name!r} {fault}"))
            else:
                self._found.lines.append(f"{key} {value}")


def _parts(domains: Sequence[Domain]) -> Iterator[slice]:
    """All of them in order: each internationalised one alone, which always needs a closer look."""
    start = 0
    alone = [number for number, domain in enumerate(domains) if "xn--" in domain]
    for end in (*alone, len(domains)):
        yield from (slice(some, min(some + _AT_ONCE, end)) for some in range(start, end, _AT_ONCE))
        yield slice(end, end + 1)
        start = end + 1


def _key_fault(name: str, key: str, domain: Domain) -> str | None:
    """Why the folded U-label form of a domain can be no key, or None.

    Where smtputf8_enable is on, Postfix folds case in full (ICU, ucasemap_utf8FoldCase), and IDNA 2008 does
    not: to Postfix a sharp s is ss and a final sigma a sigma, so that the key is another domain's. All other
    letters that folding changes are the same after it to IDNA, which composes them again.
    """
    if key != name and canonical(key) != domain:
        return f"is {key!r} to Postfix, which is another domain"
    if len(key.encode()) > LONGEST_KEY:
        return f"has more than the {LONGEST_KEY} bytes that a key may have"
    return None


def _exact(mxs: tuple[str, ...], facts: DomainFacts) -> tuple[str, ...]:
    """The patterns with each suffix replaced by the hosts that were seen to match it."""
    suffixes = [MxPattern(mx) for mx in mxs if mx.startswith(".")]
    named = [mx for mx in mxs if not mx.startswith(".")]
    seen = [host for host in facts.hosts if any(suffix.matches(host) for suffix in suffixes)]
    return tuple(dict.fromkeys([*named, *seen]))
