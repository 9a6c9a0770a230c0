"""The findings of a result, each with how to mend it, by the mail server that they speak of."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from stpolicy import rules
from stpolicy.web.explained import Explained, explained
from stpolicy.web.told.moods import Mood

DOMAIN = ""
PUBLISHED = ("dane", "mta_sts", "tlsrpt")
"""Families of codes that speak of what a domain publishes; no mail server has such a name."""

_MOODS = {"error": Mood.BAD, "warning": Mood.WARNING, "note": Mood.NOTE}
_WORDS = {"error": "error", "warning": "warning", "note": "note"}
_OF_THE_LIST = "stpolicy "
"""What begins a mend that is a command for whoever keeps the list."""
_SHELL = ("openssl ", "nc ")
_LATER = "look again later; if it stays like this, the server or its name servers need a look"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found. `command` is something to type, `doer` who would."""

    code: str
    mood: Mood
    word: str
    where: str
    """The place within what it speaks of: an address; often empty."""
    message: str
    rule: Explained | None
    """What the code means; None for one that this version does not know."""
    mend: str
    doer: str
    command: str


Found = Mapping[str, tuple[Finding, ...]]


def by_place(result: Mapping[str, Any]) -> Found:
    """Findings by what they speak of: a mail server's name, one of PUBLISHED, or DOMAIN."""
    found: defaultdict[str, list[Finding]] = defaultdict(list)
    for one in result["findings"]:
        family, where = one["code"].partition(".")[0], one["where"] or ""
        host = where if where in result["results"] else where.partition("[")[0]
        place = family if family in PUBLISHED else host if host in result["results"] else DOMAIN
        found[place].append(_finding(one, "" if where in (host, result["domain"]) else where))
    return {place: tuple(each) for place, each in found.items()}


def _finding(one: Mapping[str, Any], where: str) -> Finding:
    code, severity = one["code"], one["severity"]
    inconclusive = code in _inconclusive()
    mend, doer, command = _mend(one["mend"] or "", inconclusive=inconclusive)
    return Finding(
        code,
        Mood.UNKNOWN if inconclusive else _MOODS[severity],
        "could not look" if inconclusive else _WORDS[severity],
        where,
        one["message"],
        explained().get(code),
        mend,
        doer,
        command,
    )


def _mend(mend: str, *, inconclusive: bool) -> tuple[str, str, str]:
    """A sentence, or for whom a command is, and the command: a mend is written for the command line too."""
    if mend.startswith(_OF_THE_LIST):
        return "", "For who keeps the list:", mend
    if mend.startswith(_SHELL):
        return "", "To see more, run:", mend
    if inconclusive:  # the mend speaks of options, which a page has not
        return _LATER, "", ""
    return mend, "", ""


@cache
def _inconclusive() -> frozenset[str]:
    return frozenset(rule.code for rule in rules.SERVER if rule.inconclusive)
