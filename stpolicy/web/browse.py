"""The list that is served, a page of it at a time, and what a search finds in it."""

from collections.abc import Iterator
from dataclasses import dataclass
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


def browsed(pair: Pair, asked: str, number: int) -> Browsed:
    """Page `number` (from 1; the last one where there are not so many) of what a search finds."""
    policies = pair.policies
    found = list(_found(policies, asked.strip()))
    most = max(1, -(-len(found) // ROWS))
    number = min(max(number, 1), most)
    start = (number - 1) * ROWS
    return Browsed(
        asked.strip(),
        len(policies.entries),
        len(found),
        start + 1,
        tuple(_row(policies, entry) for entry in found[start : start + ROWS]),
        _address(asked, number - 1) if number > 1 else "",
        _address(asked, number + 1) if number < most else "",
        moment(str(policies.timestamp.instant)),
        moment(str(policies.expires.instant)),
    )


def _found(policies: PolicyList, asked: str) -> Iterator[Entry]:
    """Entries whose domain or patterns hold the text, in either of its spellings; by name."""
    wanted = {asked.lower(), canonical(asked)}
    for entry in sorted(policies.entries, key=lambda entry: entry.domain):
        policy = policies.policy_for(entry.domain)
        names = (entry.domain, to_unicode(entry.domain), *(policy.mxs if policy else ()))
        if not asked or any(part in name.lower() for part in wanted for name in names):
            yield entry


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
