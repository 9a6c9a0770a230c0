"""The public suffix list, passed down to whoever judges names."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import publicsuffixlist


@dataclass(frozen=True)
class PublicSuffixes:
    """The copy of publicsuffix.org's list that the publicsuffixlist package carries.

    Nearly every name asked about is no suffix, and the library takes longer to start than a list
    takes to judge. So its raw rules are asked first, and the library decides about what is left.
    """

    def among(self, names: Collection[str]) -> dict[str, str]:
        """Those of the canonical names that are public suffixes, each with its section, icann or private."""
        doubtful = {name for name in names if "xn--" in name or "." not in name}
        doubtful |= self._rules.intersection(names) | self._wildcards.intersection(names)
        doubtful |= {name for name in names if name.partition(".")[2] in self._wildcards}
        return {name: kind for name in doubtful if (kind := self._kind(name))}

    @cached_property
    def _rules(self) -> frozenset[str]:
        return frozenset(Path(publicsuffixlist.PSLFILE).read_text(encoding="utf-8").split("\n"))

    @cached_property
    def _wildcards(self) -> frozenset[str]:
        return frozenset(rule[2:] for rule in self._rules if rule.startswith("*."))

    @cached_property
    def _all(self) -> publicsuffixlist.PublicSuffixList:
        return publicsuffixlist.PublicSuffixList()

    @cached_property
    def _icann(self) -> publicsuffixlist.PublicSuffixList:
        return publicsuffixlist.PublicSuffixList(only_icann=True)

    def _kind(self, name: str) -> str | None:
        if self._icann.is_public(name):
            return "icann"
        return "private" if self._all.is_public(name) else None
