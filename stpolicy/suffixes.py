"""The public suffix list, passed down to whoever judges names."""

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

    @cached_property
    def _rules(self) -> frozenset[str]:
        return frozenset(Path(publicsuffixlist.PSLFILE).read_text(encoding="utf-8").split("\n"))

    @cached_property
    def _all(self) -> publicsuffixlist.PublicSuffixList:
        return publicsuffixlist.PublicSuffixList()

    @cached_property
    def _icann(self) -> publicsuffixlist.PublicSuffixList:
        return publicsuffixlist.PublicSuffixList(only_icann=True)

    def kind(self, name: str) -> str | None:
        """`icann`, `private`, or None when the canonical name is no public suffix."""
        if "." in name and name not in self._rules and "xn--" not in name:
            parent = "*." + name.partition(".")[2]
            if parent not in self._rules:
                return None
        if self._icann.is_public(name):
            return "icann"
        return "private" if self._all.is_public(name) else None
