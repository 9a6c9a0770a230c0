"""The mail servers of a result, in words: their checks, and what was seen at each address."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stpolicy.model.names import to_unicode
from stpolicy.model.verdict import Status, rank
from stpolicy.web.told.findings import Finding, Found
from stpolicy.web.told.moods import WORDS, Mood, mood_of

_CHECKS = {
    "connectivity": ("Found", "Does DNS lead to it as it should, and does it speak SMTP?"),
    "starttls": ("Encrypts", "Does it offer to encrypt (STARTTLS), and then do it?"),
    "certificate": ("Proves its name", "Is its certificate valid, and for the right name?"),
    "version": ("Up to date", "Does it use TLS 1.2 or newer, and nothing broken beside it?"),
}
"""The checks, in the order in which they build on each other: what each is called, and what it asks."""

_PROBES = {"TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1", "weak": "weak ciphers"}
_MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class Check:
    """One question to a mail server, and its answer."""

    name: str
    asks: str
    mood: Mood
    word: str


@dataclass(frozen=True, slots=True)
class Fact:
    """What was seen, under a heading. Whether it is what somebody else wrote is for the layout to forget."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Address:
    """An address, and all that was seen there."""

    address: str
    reached: bool
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Host:
    """A mail server."""

    name: str
    unicode: str
    mood: Mood
    word: str
    preference: int
    checks: tuple[Check, ...]
    addresses: tuple[Address, ...]
    findings: tuple[Finding, ...]


def hosts(result: Mapping[str, Any], found: Found) -> Iterator[Host]:
    """The worst first; those that are equal in the order in which senders try them."""
    servers = result["results"]

    def order(name: str) -> tuple[int, int, str]:
        return -rank(Status(servers[name]["status"])), servers[name]["preference"], name

    for name in sorted(servers, key=order):
        yield _host(name, servers[name], found.get(name, ()))


def _host(name: str, server: Mapping[str, Any], findings: tuple[Finding, ...]) -> Host:
    reached = "starttls" in server["checks"]
    mood = mood_of(Status(server["status"])) if reached else _unreached(server)
    return Host(
        name,
        to_unicode(name),
        mood,
        WORDS[mood] if reached else "did not answer",
        server["preference"],
        tuple(_check(check, server["checks"].get(check)) for check in _CHECKS),
        tuple(_address(address, look) for address, look in server["addresses"].items()),
        findings,
    )


def _unreached(server: Mapping[str, Any]) -> Mood:
    return Mood.UNKNOWN if server["status"] == Status.ERROR else Mood.BAD


def _check(name: str, made: Mapping[str, Any] | None) -> Check:
    called, asks = _CHECKS[name]
    if made is None:
        return Check(called, asks, Mood.UNKNOWN, "not looked at")
    mood = mood_of(Status(made["status"]))
    return Check(called, asks, mood, WORDS[mood])


def _address(address: str, look: Mapping[str, Any]) -> Address:
    return Address(address, look["reached"], tuple(_facts(look)))


def _facts(look: Mapping[str, Any]) -> Iterator[Fact]:
    if look["banner"]:
        yield Fact("Greets with", _reply(look["banner"]))
    if look["ended"]:
        yield Fact("Ended", _ended(look["ended"]))
    if look["tls"]:
        yield Fact("Encryption", f"{_version(look['tls']['version'])}, {look['tls']['cipher']}")
        yield from _certificate(look["tls"])
    if probes := look["probes"]:
        yield Fact(
            "Old encryption", ", ".join(f"{_PROBES.get(one, one)} {said}" for one, said in probes.items())
        )
    if look.get("cut"):
        yield Fact("Not shown", "what it said and its certificates, since there was too much of them before")


def _certificate(tls: Mapping[str, Any]) -> Iterator[Fact]:
    if not tls["chain"]:
        return
    own = tls["chain"][0]
    names = own["names"] or [own["common_name"]]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    yield Fact("Certificate for", ", ".join(names[:_MOST_NAMES]) + more)
    yield Fact("Issued by", own["issuer"])
    yield Fact("Valid", f"{own['not_before'][:10]} to {own['not_after'][:10]}")
    for fault in tls["faults"]:
        yield Fact("OpenSSL says", fault["message"])


def _reply(reply: Mapping[str, Any]) -> str:
    return f"{reply['code']} {' / '.join(reply['lines'])}"


def _ended(ended: Mapping[str, Any]) -> str:
    said = f": {ended['message']}" if ended["message"] else ""
    return f"{ended['fault']} at {ended['step']}{said}"


def _version(version: str) -> str:
    return version.replace("TLSv", "TLS ")
