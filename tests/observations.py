"""Observations for tests: a domain with which everything is well, and ways to break one thing of it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from stpolicy import rules
from stpolicy.model.names import Domain, MxPattern
from stpolicy.model.observation import (
    OLD,
    AddressObservation,
    Dns,
    DomainObservation,
    Exchange,
    Fault,
    HostObservation,
    MxAnswer,
    Probe,
    Records,
    Reply,
    Session,
    Step,
    StsObservation,
    Unreachable,
)
from stpolicy.model.observed import Observed
from stpolicy.model.policy import Mode, Policy
from stpolicy.model.result import Result, domain_result
from stpolicy.model.tls import Certificate, ChainFault, Tls

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DOMAIN = Domain("example.com")
MX1, MX2 = "mx1.example.com", "mx2.example.com"

ROOT = "CN=Good Root"
MIDDLE = "CN=Good Intermediate"

NO_DATA = Records(Dns.NO_DATA)
SERVFAIL = Records(Dns.ERROR, message="SERVFAIL")


def certificate(*names: str, **changed: Any) -> Certificate:
    subject = f"CN={names[0] if names else changed.get('common_name', 'nobody')}"
    return replace(
        Certificate(
            subject=subject,
            issuer=MIDDLE,
            common_name="",
            dns_names=names,
            not_before=NOW - timedelta(days=30),
            not_after=NOW + timedelta(days=60),
            key="EC",
            bits=256,
            digest="sha256",
            sha256=f"{subject}:sha256".encode().hex()[:64].ljust(64, "0"),
            sha512="b" * 128,
            spki_sha256="c" * 64,
            spki_sha512="d" * 128,
        ),
        **changed,
    )


INTERMEDIATE = certificate("", subject=MIDDLE, issuer=ROOT, spki_sha256="e" * 64)
GREETING = Reply(220, ("mx.example.com ESMTP",))
EHLO = Reply(250, ("mx.example.com", "PIPELINING", "STARTTLS", "8BITMIME"))
CLEAR = Reply(250, ("mx.example.com", "PIPELINING", "8BITMIME"))
GO = Reply(220, ("go",))


def tls(host: str = MX1, **changed: Any) -> Tls:
    return replace(Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384", (certificate(host), INTERMEDIATE), ()), **changed)


def session(host: str = MX1, **changed: Any) -> Session:
    good = Session(GREETING, EHLO, None, GO, tls=tls(host), secure=CLEAR)
    return replace(good, **changed)


def ended(step: Step, fault: Fault, message: str = "", code: int = 0) -> Session:
    """A session that came to a step, and no further."""
    end = Unreachable(step, fault, message, code)
    steps = list(Step)
    come = {name: steps.index(step) > steps.index(after) for name, after in _AFTER.items()}
    return Session(
        banner=GREETING if come["banner"] else None,
        ehlo=EHLO if come["ehlo"] else None,
        starttls=GO if come["starttls"] else None,
        tls=tls() if come["tls"] else None,
        ended=end,
    )


_AFTER = {"banner": Step.BANNER, "ehlo": Step.EHLO, "starttls": Step.STARTTLS, "tls": Step.HANDSHAKE}


def look(seen: Session | None = None, address: str = "192.0.2.1", **probes: Probe) -> AddressObservation:
    return AddressObservation(address, seen or session(), dict.fromkeys(OLD, Probe.REFUSED) | probes)


def host(name: str = MX1, *looks: AddressObservation, **changed: Any) -> HostObservation:
    tlsa = Records(Dns.ANSWER, (f"3 1 1 {'c' * 64}",), validated=True)
    shown = looks or (look(session(name)),)
    found = Records(Dns.ANSWER, tuple(one.address for one in shown), validated=True)
    return replace(HostObservation(name, found, NO_DATA, tlsa, shown), **changed)


def mx(*hosts: str) -> MxAnswer:
    exchanges = tuple(Exchange(10 * place, name) for place, name in enumerate(hosts, start=1))
    return MxAnswer(Dns.ANSWER, exchanges, len(exchanges), validated=True)


def policy_file(mode: str = "enforce", *mxs: str) -> bytes:
    named = [f"mx: {name}" for name in mxs or (MX1, MX2)]
    return "\r\n".join(["version: STSv1", f"mode: {mode}", *named, "max_age: 86400"]).encode()


STS = StsObservation(
    Records(Dns.ANSWER, ("v=STSv1; id=20261101;",)), 200, "text/plain; charset=utf-8", policy_file()
)
TLSRPT = Records(Dns.ANSWER, ("v=TLSRPTv1; rua=mailto:tls@example.com",))

GOOD = Observed(
    DomainObservation(DOMAIN, NOW, mx(MX1, MX2), (host(MX1), host(MX2)), STS, TLSRPT),
    (MxPattern(MX1), MxPattern(MX2)),
    NOW,
    Policy(Mode.ENFORCE, (MX1, MX2)),
)
"""Two mail servers with one address each, an entry in mode enforce, MTA-STS, TLSRPT and DANE."""


def seen(observed: Observed = GOOD, **changed: Any) -> Observed:
    """The same, but for what was seen of the domain."""
    return replace(observed, seen=replace(observed.seen, **changed))


def first(changed: HostObservation, observed: Observed = GOOD) -> Observed:
    """The same, but for the first mail server."""
    return seen(observed, hosts=(changed, *observed.seen.hosts[1:]))


def shows(changed: Session, **probes: Probe) -> Observed:
    """The same, but for what the only address of the first mail server shows."""
    return first(host(MX1, look(changed, **probes)))


def presents(**changed: Any) -> Observed:
    """The same, but for the TLS of the first mail server."""
    return shows(session(tls=tls(**changed)))


def leaf(*names: str, **changed: Any) -> Observed:
    """The same, but for the certificate of the first mail server."""
    return presents(chain=(certificate(*names, **changed), INTERMEDIATE))


def faulty(*numbers: int, depth: int = 0, **changed: Any) -> Observed:
    """The same, but OpenSSL has something against the chain of the first mail server."""
    faults = tuple(ChainFault(number, f"fault {number}", depth) for number in numbers)
    return presents(faults=faults, **changed)


def chain(*links: Certificate) -> Observed:
    """The same, but the first mail server presents these certificates."""
    return presents(chain=links)


def second(shown: Session) -> Observed:
    """The same, but for the second mail server."""
    return seen(hosts=(host(MX1), host(MX2, look(shown))))


def alone(shown: Session) -> Observed:
    """The domain with one mail server of one address."""
    return only(host(MX1, look(shown)))


def named(name: str, *names: str) -> HostObservation:
    """A mail server with these names in its certificate."""
    return host(name, look(session(tls=tls(chain=(certificate(*names), INTERMEDIATE)))))


def only(one: HostObservation, *more: HostObservation) -> Observed:
    """The domain with these mail servers alone, in DNS, in its entry and in its policy."""
    names = tuple(dict.fromkeys(found.host for found in (one, *more)))
    sts = replace(STS, body=policy_file("enforce", *names))
    return replace(
        seen(mx=mx(*names), hosts=(one, *more), mta_sts=sts),
        patterns=tuple(map(MxPattern, names)),
        entry=Policy(Mode.ENFORCE, names),
    )


@dataclass(frozen=True)
class Judgement:
    """What the rules make of an observation."""

    codes: frozenset[str]
    result: Result


def judged(observed: Observed) -> Judgement:
    found = list(rules.judge(rules.SERVER, observed))
    result = domain_result(observed, found, rules.INCONCLUSIVE)
    return Judgement(frozenset(code for code, *_ in found), result)
