"""The list that is served, a page of it at a time, and what a search finds in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlencode

from stpolicy.flows.served import Pair
from stpolicy.model.names import canonical, to_unicode
from stpolicy.model.policy import Alias, Entry, PolicyList
from stpolicy.web.dates import moment

ROWS = 50
"""Of one page."""


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as it is shown."""

    domain: str
    unicode: str
    mode: str
    patterns: tuple[str, ...]
    alias: str


@dataclass(frozen=True, slots=True)
class Browsed:
    """A page of the list. `before` and `after` are addresses of the pages beside it, empty at the ends."""

    asked: str
    entries: int
    """Of the whole list."""
    found: int
    first: int
    rows: tuple[Row, ...]
    before: str
    after: str
    timestamp: str
    expires: str

    @property
    def last(self) -> int:
        """The number of the last row, counted from 1 as `first` is."""
        return self.first + len(self.rows) - 1


@dataclass(frozen=True, slots=True)
class _Version:
    """A list, known by its version."""

    name: str
    policies: PolicyList = field(compare=False)


def browsed(pair: Pair, asked: str, number: int) -> Browsed:
    """Page `number` (from 1; the last one where there are not so many) of what a search finds."""
    policies, asked = pair.policies, asked.strip()
    found = _found(_Version(pair.version, policies), asked)
    most = max(1, -(-len(found) // ROWS))
    number = min(max(number, 1), most)
    start = (number - 1) * ROWS
    return Browsed(
        asked,
        len(policies.entries),
        len(found),
        start + 1,
        tuple(_row(policies, entry) for entry in found[start : start + ROWS]),
        _address(asked, number - 1) if number > 1 else "",
        _address(asked, number + 1) if number < most else "",
        moment(str(policies.timestamp.instant)),
        moment(str(policies.expires.instant)),
    )


def _found(version: _Version, asked: str) -> list[Entry]:
    """Entries whose domain or patterns hold the text, in either of its spellings; by name."""
    entries, lines = _searchable(version)
    one, other = asked.lower(), canonical(asked)
    return [entry for entry, line in zip(entries, lines, strict=True) if one in line or other in line]


@lru_cache(maxsize=2)
def _searchable(version: _Version) -> tuple[list[Entry], list[str]]:
    """The entries by name, and what each is found by: a second for 150,000 of them, so it is kept."""
    entries = sorted(version.policies.entries, key=lambda entry: entry.domain)
    return entries, [" ".join(_names(version.policies, entry)).lower() for entry in entries]


def _names(policies: PolicyList, entry: Entry) -> Iterator[str]:
    policy = policies.policy_for(entry.domain)
    yield from (entry.domain, to_unicode(entry.domain), *(policy.mxs if policy else ()))


def _row(policies: PolicyList, entry: Entry) -> Row:
    policy = policies.policy_for(entry.domain)
    return Row(
        entry.domain,
        to_unicode(entry.domain),
        str(policy.mode) if policy else "",
        tuple(policy.mxs) if policy else (),
        entry.policy.name if isinstance(entry.policy, Alias) else "",
    )


def _address(asked: str, number: int) -> str:
    return "/list?" + urlencode({"q": asked, "page": number} if asked else {"page": number})
