"""How the servers of the mini-internet can behave. Names are written relative to their domain: see `full`."""

from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """An address where nothing answers, by how a client notices."""

    REFUSED = "refused"
    BLACK_HOLE = "black hole"
    NO_ROUTE = "no route"


@dataclass(frozen=True, slots=True)
class Cert:
    """A certificate. `names` are its dNSNames; `days` is its life, in days from now.

    `chain` says who signed it and what is sent with it:
    full (leaf, intermediate) · leaf (intermediate missing) · cross (the root too, signed by one that
    has run out) · self · unknown (a root that nobody knows)
    """

    names: str = "mx"
    cn: str = ""
    days: tuple[int, int] = (-2, 88)
    chain: str = "full"
    key: str = "ec"
    """ec, rsa, or rsa1024."""
    digest: str = "sha256"
    purpose: str = "serverAuth"
    pad: int = 0
    """Bytes of an extension that nobody needs."""


@dataclass(frozen=True, slots=True)
class Tls:
    """What comes after STARTTLS. `versions` are the oldest and the newest, SSLv3 to TLSv1.3."""

    cert: Cert = Cert()
    versions: str = "TLSv1.2 TLSv1.3"
    ciphers: str = "DEFAULT"
    """Those of OpenSSL, or, behind the word `tlslite`, those of tlslite-ng."""
    signs: str = ""
    """The one digest that it signs with in the handshake, for tlslite-ng, which then has ECDHE only."""
    unnamed: Cert | None = None
    """The certificate for clients without SNI, where that is another."""
    script: str = ""
    """How it misbehaves, by the name of a function of server/handshakes.py."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. In replies `{host}` is its name; `delay` is that of its banner, in seconds."""

    tls: Tls | None = Tls()
    delay: float = 0
    banner: str = "220 {host} ESMTP"
    offers: str = "PIPELINING STARTTLS 8BITMIME"
    ehlo: str = ""
    """The reply to EHLO, instead of what it offers."""
    helo: str = "250 {host}"
    starttls: str = "220 go on"
    injected: str = ""
    """Comes right behind the reply to STARTTLS, in the same segment."""
    at_once: int = 0
    """How many connections it bears at a time; 0: any number."""
    picky: bool = False
    """Whether EHLO must give the name of a host (RFC 5321 section 4.1.1.1)."""
    script: str = ""
    """How it misbehaves from the begin, by the name of a function of server/hostile.py."""


@dataclass(frozen=True, slots=True)
class V6:
    """The same, at an IPv6 address."""

    of: Smtp | Fate


@dataclass(frozen=True, slots=True)
class Web:
    """A web server for an MTA-STS policy; `{domain}` in its body is the domain."""

    body: str = ""
    status: str = "200 OK"
    headers: str = "Content-Type: text/plain"
    cert: Cert = Cert("mta-sts")
    script: str = ""
    """How it misbehaves, by the name of a function of server/web.py."""


@dataclass(frozen=True, slots=True)
class At:
    """The same, at this address, which is none of ours; it is reached there."""

    address: str
    of: Web


@dataclass(frozen=True, slots=True)
class Sts:
    """MTA-STS: the TXT records, a line each, and where the policy host leads: a server, or an address."""

    web: Web | At | str | Fate
    records: str = "v=STSv1; id=1;"


Server = Smtp | Fate | V6 | str
"""One address of a mail host; a str is the address itself, and nothing of ours is there."""


def full(name: str, domain: str) -> str:
    """A name in full: `mx` is mx.DOMAIN, `.mx` the suffix .mx.DOMAIN, `@` DOMAIN; `mx.x.org.` is mx.x.org."""
    if name.endswith(".") and name != ".":
        return name[:-1]
    return domain if name == "@" else f"{name.rstrip('.')}.{domain}"


def policy(mode: str = "enforce", *mxs: str, max_age: str = "604800", end: str = "\r\n") -> str:
    """The text of an MTA-STS policy (RFC 8461 section 3.2)."""
    named = [f"mx: {mx}" for mx in mxs or ("mx.{domain}",)]
    return end.join(["version: STSv1", f"mode: {mode}", *named, f"max_age: {max_age}", ""])
