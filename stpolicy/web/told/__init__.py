"""A scan that is done, in words: what the page of a result says. Texts of others are as they came."""

import json
from dataclasses import dataclass
from datetime import datetime

from stpolicy.flows.served import Pair
from stpolicy.model.names import to_unicode
from stpolicy.model.scanned import Scan
from stpolicy.output.escape import json_text
from stpolicy.web.told.findings import DOMAIN, Finding, by_place
from stpolicy.web.told.hosts import Host, hosts
from stpolicy.web.told.moods import Mood
from stpolicy.web.told.protections import Protection, protections
from stpolicy.web.told.verdict import Verdict, verdict

__all__ = ["Finding", "Host", "Mood", "Protection", "Told", "Verdict", "told"]

LONGEST_RAW = 128 * 1024
"""Characters of the raw object on a page; the API has all of it."""


@dataclass(frozen=True, slots=True)
class Told:
    """A result, ready to be laid out."""

    id: str
    domain: str
    unicode: str
    """The U-label form; the same as `domain` where it has none."""
    timestamp: str
    verdict: Verdict
    hosts: tuple[Host, ...]
    findings: tuple[Finding, ...]
    """Those of no mail server, and of nothing that the domain publishes."""
    protections: tuple[Protection, ...]
    raw: str
    is_cut: bool
    """Whether there is more of `raw` than a page shows."""


def told(scan: Scan, pair: Pair | None, now: datetime) -> Told:
    """What a scan found; `pair` is the list being served now."""
    whole = json.loads(scan.result)
    result = whole["scandata"]
    found = by_place(result)
    standing = protections(result, found, pair, now)
    raw = json_text(whole)
    return Told(
        scan.id,
        scan.domain,
        to_unicode(scan.domain),
        result["timestamp"],
        verdict(result, [one.name for one in standing if one.insists]),
        tuple(hosts(result, found)),
        found.get(DOMAIN, ()),
        standing,
        raw[:LONGEST_RAW],
        len(raw) > LONGEST_RAW,
    )
