"""The names that a certificate presents, and the narrowest entry that they and the MX records allow."""

from collections.abc import Iterable, Iterator

from stpolicy.model.names import MxPattern, suffix_of
from stpolicy.model.observation import DomainObservation, HostObservation
from stpolicy.model.tls import Certificate


def identifiers(certificate: Certificate) -> tuple[str, ...]:
    """Its dNSNames; its common name only where it has none (RFC 9525 section 2, RFC 6125 section 6.4.4)."""
    if certificate.dns_names:
        return certificate.dns_names
    return (certificate.common_name,) if certificate.common_name else ()


def named(name: str) -> MxPattern | None:
    """The pattern that accepts just this name; None for a text that is neither host nor wildcard name."""
    try:
        return MxPattern(name.removeprefix("*"))
    except ValueError:
        return None


def accepts(patterns: Iterable[MxPattern], hosts: Iterable[str]) -> bool:
    """Whether any of the patterns matches any of the host names."""
    names = tuple(hosts)
    return any(pattern.matches(name) for pattern in patterns for name in names)


def accepts_presented(patterns: Iterable[MxPattern], names: Iterable[str]) -> bool:
    """Whether any of the patterns matches any of the names, which a certificate presents."""
    presented = tuple(names)
    return any(pattern.matches_presented(name) for pattern in patterns for name in presented)


def narrowest(seen: DomainObservation) -> tuple[MxPattern, ...]:
    """The patterns of the narrowest entry under which every name passes, in the order of the MX records.

    They are the MX hosts; where the certificate of one covers none of them, a name that it does present
    is added, rather a host than a suffix. What else is wrong with a server, no pattern can mend.
    """
    hosts = [pattern for one in seen.mx.exchanges if (pattern := named(one.host)) and not pattern.is_suffix]
    patterns = list(dict.fromkeys(hosts))
    for host in seen.hosts:
        for presented in _presented(host):
            if not accepts_presented(patterns, presented) and (found := _best(presented)):
                patterns.append(found)
    suffixes = {pattern.text for pattern in patterns if pattern.is_suffix}
    return tuple(p for p in patterns if p.is_suffix or suffix_of(p.text) not in suffixes)


def _presented(host: HostObservation) -> Iterator[tuple[str, ...]]:
    for look in host.looks:
        if look.session.tls and look.session.tls.chain:
            yield identifiers(look.session.tls.chain[0])


def _best(presented: tuple[str, ...]) -> MxPattern | None:
    found = [pattern for name in presented if (pattern := named(name)) and pattern.matches_presented(name)]
    return min(found, key=lambda pattern: pattern.is_suffix, default=None)
