"""What a look at mail servers found, as far as rendering asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass

from stpolicy.model.names import Domain


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """One domain: its MX hosts (canonical), whether DANE is usable, its MTA-STS policy if it is enforced."""

    hosts: tuple[str, ...] = ()
    dane: bool = False
    """Whether every mail server has usable TLSA records that DNSSEC vouches for (RFC 7672 section 2.2)."""
    enforced_mxs: frozenset[str] | None = None
    """The patterns of a valid MTA-STS policy in mode enforce, written `.suffix`; None when there is none."""


Facts = Mapping[Domain, DomainFacts]
