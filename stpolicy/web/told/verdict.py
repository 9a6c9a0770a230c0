"""The verdict on a domain, for somebody who does not know SMTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stpolicy.model.verdict import Status
from stpolicy.web.told.moods import WORDS, Mood, mood_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence, what it means, and what else there is to know."""

    mood: Mood
    word: str
    sentence: str
    meaning: str
    more: tuple[str, ...]


_OF_CODE = {
    "mx.nxdomain": (
        "This domain does not exist.",
        "The internet's directory (DNS) knows no such name, so no mail can be sent to it. Is it spelt right?",
    ),
    "mx.no_data": (
        "No mail can be sent to this domain.",
        "The internet's directory (DNS) names neither a mail server nor an address for it.",
    ),
    "mx.null": (
        "This domain says that it accepts no mail.",
        "That is fine for a domain that is not used for mail, but there is nothing here to protect.",
    ),
    "mx.none": (
        "No mail can be sent to this domain.",
        "It names mail servers, but none of those names leads to an address.",
    ),
    "mx.ip_literal": (
        "The domain names a mail server in a way that is not allowed.",
        "Some senders will not find it, and none can make sure that it is the right one.",
    ),
    "mx.not_global": (
        "A mail server of this domain has an address that leads nowhere.",
        "The address belongs to private networks: every sender would end up somewhere else. We did not "
        "connect to it.",
    ),
    "mx.unlisted": (
        "A mail server of this domain is not one of those that its entry on the list promises.",
        "Senders that keep to the list will not use that server. Either the entry is out of date, or "
        "somebody has forged the directory (DNS).",
    ),
    "certificate.name_mismatch": (
        "Mail to this domain is encrypted, but perhaps for somebody else: a certificate has the wrong name.",
        "A mail server proves that it is another one than we asked for, so a careful sender will not "
        "deliver to it.",
    ),
    "certificate": (
        "Mail to this domain is encrypted, but a mail server cannot prove that it is the right one.",
        "Its certificate, which is its proof of identity, is not valid. A sender that insists on a proof "
        "will not deliver to it; one that does not insist can be deceived by somebody in between.",
    ),
    "tls.version.too_old": (
        "A mail server of this domain knows only outdated encryption.",
        "Up-to-date senders refuse such connections, or send without any encryption.",
    ),
    "tls.version.obsolete": (
        "A mail server of this domain still accepts encryption that was broken years ago.",
        "Somebody in between can make use of it, also against those who would not use it themselves.",
    ),
    "starttls.not_offered": (
        "Mail to this domain can be read on its way.",
        "At least one of its mail servers offers no encryption (STARTTLS): what is sent to it goes in clear, "
        "for everybody in between to read and to change.",
    ),
    "starttls.stripped": (
        "Mail to this domain can be read on its way: something in between removes the encryption.",
        "A mail server's offer to encrypt arrives overwritten. Some firewalls do that, and so do attackers.",
    ),
    "starttls.refused": (
        "Mail to this domain can be read on its way.",
        "A mail server offers encryption (STARTTLS), and then refuses it.",
    ),
    "starttls.handshake_failed": (
        "Mail to this domain can be read on its way.",
        "A mail server offers encryption (STARTTLS), but no encrypted connection comes about.",
    ),
    "starttls.plaintext_injected": (
        "Something interferes where a mail server of this domain begins to encrypt.",
        "Text that was not encrypted arrived where only encrypted text may be: an old fault of software, or "
        "somebody in between.",
    ),
    "smtp.not_smtp": (
        "No mail server of this domain answered.",
        "Something answers in its place that does not speak the language of mail (SMTP).",
    ),
    "mx.dns_error": (
        "We could not look: the internet's directory (DNS) gave no answer about this domain.",
        "Nothing follows from that yet. Senders wait and ask again, and so can you.",
    ),
    "mx.port_blocked": (
        "We could not look: connections to mail servers seem to be blocked where this service runs.",
        "That is our fault and not the domain's. Whoever runs this service should look into it.",
    ),
}
"""By the code of the finding that decides, or by its first word."""

_OF_STATUS = {
    Status.SUCCESS: (
        "Mail to this domain can travel encrypted, to servers that prove who they are.",
        "Every mail server that answered offers encryption, and has a valid certificate with the right name.",
    ),
    Status.WARNING: (
        "Mail to this domain can travel encrypted, but something needs attention.",
        "Nothing is broken today; what was found below may break it, or weakens it.",
    ),
    Status.FAILURE: (
        "Something is wrong with how this domain receives mail.",
        "A careful sender may not deliver to it. What was found is below.",
    ),
    Status.ERROR: (
        "We could not look at everything, so there is no verdict.",
        "A mail server put us off or did not answer in time. Nothing follows from that for the domain: look "
        "again later.",
    ),
    Status.NO_STARTTLS: _OF_CODE["starttls.not_offered"],
    Status.COULD_NOT_CONNECT: (
        "No mail server of this domain answered.",
        "Mail to it waits at the sender for some days, and then comes back.",
    ),
    Status.BAD_HOST_NAME: _OF_CODE["certificate.name_mismatch"],
}


def verdict(result: Mapping[str, Any], insisting: Sequence[str]) -> Verdict:
    """The words for a result; `insisting` is what tells senders to deliver in no other way."""
    status = Status(result["status"])
    code = decisive(result)
    sentence, meaning = (
        _OF_CODE.get(code) or _OF_CODE.get(code.partition(".")[0]) or _OF_STATUS[status]
        if status not in (Status.SUCCESS, Status.WARNING)
        else _OF_STATUS[status]
    )
    mood = mood_of(status)
    return Verdict(mood, WORDS[mood], sentence, meaning, tuple(_more(result, status, insisting)))


def decisive(result: Mapping[str, Any]) -> str:
    """The code of the finding that decides; empty where nothing was found."""
    said = result["message"]
    for one in result["findings"]:
        if said and said in (one["message"], f"{one['where']}: {one['message']}"):
            return str(one["code"])
    return ""


def _more(result: Mapping[str, Any], status: Status, insisting: Sequence[str]) -> list[str]:
    servers = result["results"].values()
    answered = [one for one in servers if "starttls" in one["checks"]]
    more = []
    if answered and len(answered) < len(servers):
        more.append(f"{len(answered)} of {len(servers)} mail servers answered.")
    if status in (Status.SUCCESS, Status.WARNING):
        more.append(_insistence(insisting))
    return more


def _insistence(insisting: Sequence[str]) -> str:
    if insisting:
        *others, last = insisting
        who = f"{', '.join(others)} and {last}" if others else last
        return f"Senders are told to insist on both, by {who}."
    return (
        "But nothing tells senders to insist on that (see below), so somebody in between could still switch "
        "the encryption off."
    )
