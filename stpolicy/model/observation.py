"""What a look at a domain's mail servers saw: facts as they came, nothing judged.

A fact that could not be had says why; none is ever made up. Names are canonical, times aware.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from stpolicy.model.names import Domain
from stpolicy.model.tls import Tls


class Dns(StrEnum):
    """How a question to DNS ended; "there is none" has two forms, and "we do not know" has two more."""

    ANSWER = "answer"
    NO_DATA = "no data"
    """The name is there, a record of this type is not (RFC 2308 section 2.2)."""
    NXDOMAIN = "nxdomain"
    """The name is not there (RFC 2308 section 2.1)."""
    ERROR = "error"
    """SERVFAIL, REFUSED, or an answer that makes no sense."""
    TIME_OUT = "time-out"
    NOT_ASKED = "not asked"

    @property
    def known(self) -> bool:
        """Whether DNS said yes or no; else nothing follows from it."""
        return self in (Dns.ANSWER, Dns.NO_DATA, Dns.NXDOMAIN)


@dataclass(frozen=True, slots=True)
class Records:
    """The answer to one question, each record in its presentation format."""

    how: Dns
    values: tuple[str, ...] = ()
    alias: str = ""
    """Where a chain of CNAMEs led; empty without one."""
    validated: bool = False
    """Whether a resolver that we trust vouches for the answer with AD (RFC 6840 section 5.8)."""
    message: str = ""
    """What went wrong, in words."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One MX record. The host of a null MX (RFC 7505) is empty; what is no host name stands as it came."""

    preference: int
    host: str


@dataclass(frozen=True, slots=True)
class MxAnswer:
    """The mail servers of a domain, by preference, then by name."""

    how: Dns
    exchanges: tuple[Exchange, ...] = ()
    """Those that are looked at: the first ones, where there were too many."""
    count: int = 0
    """How many DNS gave."""
    implicit: bool = False
    """Whether there is an address but no MX: the domain is its own mail server (RFC 5321 section 5.1)."""
    validated: bool = False
    message: str = ""


class Step(StrEnum):
    """How far a session came; a fault ends it at one of these."""

    CONNECT = "connect"
    BANNER = "banner"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    HANDSHAKE = "TLS handshake"
    SECURE = "EHLO within TLS"
    REQUEST = "request"
    """Of HTTPS: what came after the handshake."""


class Fault(StrEnum):
    """What ends a look."""

    REFUSED = "refused"
    NO_ROUTE = "no route"
    """Network or host unreachable: the fault may be ours."""
    TIME_OUT = "time-out"
    CLOSED = "closed"
    """The peer closed or reset the connection."""
    NOT_SMTP = "not SMTP"
    """What it sent is no reply (RFC 5321 section 4.2), or no answer of HTTP."""
    OVERSIZED = "oversized"
    """It sent more than anybody is read."""
    REPLY = "reply"
    """A negative reply, which is in the session."""
    TLS = "TLS"
    NOT_GLOBAL = "not global"
    """The address is not one of the global internet: it was never connected to."""
    NO_TIME = "no time"
    """Ours was over before the look was: nothing is known of the address."""
    OURS = "ours"
    """Something of this machine: no more descriptors, no such family of addresses."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Where and why a look ended before its end. `code` is that of the reply, 0 without one."""

    step: Step
    fault: Fault
    message: str = ""
    code: int = 0

    @property
    def transient(self) -> bool:
        """Whether it may be otherwise another time, so that nothing follows from it."""
        if self.fault is Fault.REPLY:
            return 400 <= self.code < 500
        if self.fault is Fault.CLOSED:
            return self.step not in (Step.CONNECT, Step.BANNER, Step.HANDSHAKE)
        return self.fault in (Fault.TIME_OUT, Fault.NO_TIME, Fault.NO_ROUTE, Fault.OURS)


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply of SMTP: its code, and its lines without it, printable ASCII of 512 characters at most."""

    code: int
    lines: tuple[str, ...]

    @property
    def keywords(self) -> frozenset[str]:
        """Of a reply to EHLO: the extensions that it offers, upper case (RFC 5321 section 4.1.1.1).

        Spaces and `=` stand around a keyword, as Postfix has it; a tab is a part of it (tests/lab).
        """
        return frozenset([*line.replace("=", " ").split(), ""][0].upper() for line in self.lines[1:])


@dataclass(frozen=True, slots=True)
class Session:
    """One connection to a mail server, as far as it came; `ended` says why it came no further."""

    banner: Reply | None = None
    ehlo: Reply | None = None
    helo: Reply | None = None
    """The answer to HELO, which is tried where EHLO is refused (RFC 5321 section 3.2)."""
    starttls: Reply | None = None
    injected: bool = False
    """Whether plain text came after the reply to STARTTLS, ahead of the handshake (CVE-2011-0411)."""
    tls: Tls | None = None
    secure: Reply | None = None
    """The answer to EHLO within TLS."""
    ended: Unreachable | None = None

    @property
    def reached(self) -> bool:
        """Whether a mail server answered with 220, and refused neither EHLO nor HELO for good."""
        shut = self.ended is not None and self.ended.step is Step.EHLO and self.ended.code >= 500
        return self.banner is not None and self.banner.code == 220 and not shut

    @property
    def offers_starttls(self) -> bool:
        """Whether STARTTLS stands in the answer to EHLO (RFC 3207 section 4)."""
        return self.ehlo is not None and "STARTTLS" in self.ehlo.keywords


class Probe(StrEnum):
    """Whether a server takes something that is old or weak; an answer that says neither is none."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_TESTED = "not tested"


OLD = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "weak")
"""What is probed: versions, and a hello with NULL, EXPORT, RC4, DES and 3DES only."""


@dataclass(frozen=True, slots=True)
class AddressObservation:
    """One address of a mail server: the main look, and the probes that came after it, by the names of OLD."""

    address: str
    session: Session
    probes: Mapping[str, Probe] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HostObservation:
    """One mail server: what DNS said of it, and a look at each of its addresses."""

    host: str
    a: Records
    aaaa: Records
    tlsa: Records
    """At _25._tcp.HOST, RFC 6698; values are `usage selector type hex`."""
    looks: tuple[AddressObservation, ...] = ()

    @property
    def unanswered(self) -> tuple[Records, ...]:
        """Where DNS gave no answer; a family that was not asked for counts if the other has no address."""
        unknown = (records for records in (self.a, self.aaaa) if not records.how.known)
        return tuple(one for one in unknown if not self.looks or one.how is not Dns.NOT_ASKED)


@dataclass(frozen=True, slots=True)
class StsObservation:
    """The MTA-STS of a domain (RFC 8461): its TXT record, and the policy file where the record led to one."""

    record: Records
    status: int = 0
    """Of HTTP; 0 when it was not asked or did not answer."""
    content_type: str = ""
    body: bytes = b""
    """At most a byte more than a policy may have."""
    ended: Unreachable | None = None


@dataclass(frozen=True, slots=True)
class DomainObservation:
    """Everything that was seen of a domain. What was not asked for is None."""

    domain: Domain
    at: datetime
    mx: MxAnswer
    hosts: tuple[HostObservation, ...] = ()
    """In the order of the MX records; a host that is no host name has no observation."""
    mta_sts: StsObservation | None = None
    tlsrpt: Records | None = None
    """The TXT records at _smtp._tls.DOMAIN (RFC 8460 section 3)."""
