"""How rows for Postfix are written: by its version, and by what a site wants."""

from dataclasses import dataclass, field
from enum import StrEnum

from stpolicy.errors import Misuse
from stpolicy.model.facts import Facts
from stpolicy.model.table import EXACT_FROM, RANGES_FROM

Version = tuple[int, ...]
"""Like (3, 7, 11); empty when it is not known, which is older than all."""

OLDER_PROTOCOLS = "protocols=!SSLv2:!SSLv3:!TLSv1:!TLSv1.1"


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


PLAIN = Profile(RANGES_FROM)
"""For people who ask what a line looks like, and not what theirs does."""
