"""What tells senders to insist on TLS, and what reports to the owner: the list, MTA-STS, DANE, TLSRPT."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from stpolicy.flows.served import Pair
from stpolicy.model.names import Domain
from stpolicy.model.verdict import Status
from stpolicy.web import words
from stpolicy.web.dates import moment
from stpolicy.web.told.findings import Finding, Found
from stpolicy.web.told.moods import Mood

_MODES = {
    "enforce": "Senders that know it deliver only to these servers, and only encrypted.",
    "testing": "It is being tried out: senders report what fails, and deliver all the same.",
    "none": "The owner says that senders shall not rely on it any more.",
}

_BROKEN = {"mta_sts.invalid", "mta_sts.unreachable"}
"""What senders do not take, also where there is a mode to read in it."""


@dataclass(frozen=True, slots=True)
class Protection:
    """`what` says what it is good for; `names` are the host names or patterns that it allows."""

    name: str
    mood: Mood
    word: str
    sentence: str
    what: str
    names: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    """Records and policies as they were published."""
    insists: bool = False
    """Whether senders that know it deliver in no other way."""
    findings: tuple[Finding, ...] = ()


def protections(
    result: Mapping[str, Any], found: Found, pair: Pair | None, now: datetime
) -> tuple[Protection, ...]:
    """All four, those that a sender asks first before the others."""
    extra = result["extra_results"]
    codes = {one.code for one in found.get("mta_sts", ())}
    return (
        replace(_dane(extra["dane"]), findings=found.get("dane", ())),
        replace(_mta_sts(result["mta_sts"], codes), findings=found.get("mta_sts", ())),
        _listed(Domain(result["domain"]), pair, now),
        replace(_tlsrpt(extra["tlsrpt"]), findings=found.get("tlsrpt", ())),
    )


def _mta_sts(found: Mapping[str, Any] | None, codes: Set[str]) -> Protection:
    what = "The owner says by DNS and HTTPS that senders shall encrypt, and to which servers."
    name = "MTA-STS"
    if found is None:
        return Protection(name, Mood.NOTE, "not looked at", "Nobody looked for it.", what)
    names, texts = tuple(found["mxs"]), tuple(filter(None, [found["policy"]]))
    mode = found["mode"]
    if mode in _MODES and not codes & _BROKEN:
        mood, insists = Mood.GOOD if mode == "enforce" else Mood.NOTE, mode == "enforce"
        said = _MODES[mode]
        if "mta_sts.conflict" in codes:
            mood, said = Mood.WARNING, f"{said} But it does not agree with the rest; see what was found."
        return Protection(name, mood, f"mode {mode}", said, what, names, texts, insists)
    if found["status"] == Status.ERROR:
        return Protection(name, Mood.UNKNOWN, "not known", "We could not find out.", what)
    if not codes & _BROKEN and "policy" not in found["checks"]:  # no rule speaks of who takes no mail
        return Protection(name, Mood.NOTE, "none", "The domain has none.", what)
    said = "There is one, but not as senders take it: to them it is as if there was none."
    return Protection(name, Mood.WARNING, "does not work", said, what, names, texts)


def _dane(found: Mapping[str, Any] | None) -> Protection:
    what = "The keys of the mail servers stand in DNS, signed, for senders to compare."
    name = "DANE"
    if found is None:
        return Protection(name, Mood.NOTE, "not looked at", "Nobody looked for it.", what)
    if not found["records"]:
        return Protection(name, Mood.UNKNOWN, "not known", "There was no mail server to ask about.", what)
    texts = tuple(f"{host}: {one}" for host, each in found["records"].items() for one in each)
    if found["usable"]:
        said = "It protects all mail to this domain: senders that know it deliver only to these keys."
        return Protection(name, Mood.GOOD, "works", said, what, (), texts, insists=True)
    if found["status"] == Status.ERROR:
        return Protection(name, Mood.UNKNOWN, "not known", "We could not find out.", what, (), texts)
    if texts:
        said = "There are records, but not so that they protect all mail to this domain."
        return Protection(name, Mood.WARNING, "incomplete", said, what, (), texts)
    return Protection(name, Mood.NOTE, "none", "The domain has none.", what)


def _listed(domain: Domain, pair: Pair | None, now: datetime) -> Protection:
    what = "A signed list tells senders which domains encrypt, before they have asked anybody."
    name = "the policy list"
    if pair is None:
        return Protection(name, Mood.NOTE, "no list", "This service has no list to look into.", what)
    entry = words.entry(domain, pair, now)
    if entry is None:
        return Protection(name, Mood.NOTE, "not listed", "The domain is not on the list.", what)
    mode, names = entry["mode"], tuple(entry["mxs"])
    if entry["expired"]:
        ended = moment(str(pair.policies.expires.instant))
        said = f"The domain is on the list, but the list ran out on {ended}: nobody follows it now."
        return Protection(name, Mood.WARNING, "expired", said, what, names)
    if mode == "enforce":
        said = "Senders that follow the list deliver only to these servers, and only encrypted."
        return Protection(name, Mood.GOOD, "mode enforce", said, what, names, insists=True)
    said = "The entry is being tried out: senders that follow the list deliver all the same."
    return Protection(name, Mood.NOTE, "mode testing", said, what, names)


def _tlsrpt(found: Mapping[str, Any] | None) -> Protection:
    what = "Senders tell the owner each day how many connections failed, and why."
    name = "Reports (TLSRPT)"
    if found is None:
        return Protection(name, Mood.NOTE, "not looked at", "Nobody looked for it.", what)
    texts = tuple(found["records"])
    if found["status"] == Status.SUCCESS:
        return Protection(name, Mood.GOOD, "asked for", "The domain asks for reports.", what, (), texts)
    if found["status"] == Status.ERROR:
        return Protection(name, Mood.UNKNOWN, "not known", "We could not find out.", what)
    if texts:
        said = "The record cannot be used, so no reports come."
        return Protection(name, Mood.WARNING, "does not work", said, what, (), texts)
    return Protection(name, Mood.NOTE, "none", "The domain asks for no reports.", what)
