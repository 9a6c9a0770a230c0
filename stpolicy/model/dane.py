"""TLSA records (RFC 6698) of a mail server, and whether its certificates match them (RFC 7672)."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from stpolicy.model.chain import path
from stpolicy.model.identifiers import accepts_presented, identifiers, named
from stpolicy.model.names import MxPattern
from stpolicy.model.observation import AddressObservation, Dns, DomainObservation, HostObservation
from stpolicy.model.tls import Certificate, Tls

_RECORD = re.compile(r"([0-9]{1,3})[ \t]+([0-9]{1,3})[ \t]+([0-9]{1,3})[ \t]+([0-9A-Fa-f \t]+)").fullmatch
_LENGTHS = {1: 64, 2: 128}
"""Hexadecimal digits of a SHA-256 and a SHA-512."""

_TA, _EE = 2, 3

_UNTRUSTED = 27
"""X509_V_ERR_CERT_UNTRUSTED: of a chain that leads to no root of ours, which DANE does not ask for."""


@dataclass(frozen=True, slots=True)
class Tlsa:
    """A record; `data` is hexadecimal, lower case."""

    usage: int
    selector: int
    matching: int
    data: str

    @property
    def usable(self) -> bool:
        """Whether a mail sender can use it: DANE-TA or DANE-EE only (RFC 7672 section 3.1.3)."""
        known = self.usage in (_TA, _EE) and self.selector in (0, 1) and self.matching in (0, 1, 2)
        whole = len(self.data) == _LENGTHS.get(self.matching, len(self.data))
        return known and whole and bool(self.data) and len(self.data) % 2 == 0

    def _is_of(self, certificate: Certificate) -> bool:
        if self.matching == 2:
            return self.data == (certificate.spki_sha512 if self.selector else certificate.sha512)
        data = self.data if self.matching else hashlib.sha256(bytes.fromhex(self.data)).hexdigest()
        return data == (certificate.spki_sha256 if self.selector else certificate.sha256)

    def matches(self, tls: Tls, names: Iterable[MxPattern], now: datetime) -> bool:
        """Whether the presented chain meets it.

        For DANE-EE neither names nor dates count; for DANE-TA they do, and the authority is one of those
        to which the server's own certificate leads (RFC 7672 sections 3.1.1 and 3.1.2): one that is merely
        sent along vouches for nothing.
        """
        if self.usage == _EE:
            return self._is_of(tls.chain[0])
        links = path(tls)
        above = next((place for place, link in enumerate(links) if place and self._is_of(link)), 0)
        sound = above > 0 and _is_sound(tls, links[: above + 1], now)
        return sound and accepts_presented(names, identifiers(links[0]))


def _is_sound(tls: Tls, links: Sequence[Certificate], now: datetime) -> bool:
    """Whether these are in time, and OpenSSL has nothing against any of them but the last.

    That it finds no issuer of the last, and trusts none, is as it must be: DNS vouches for that one.
    """
    told = any(fault.depth < len(links) - 1 and fault.number != _UNTRUSTED for fault in tls.faults)
    return not told and all(link.not_before <= now < link.not_after for link in links)


def records(host: HostObservation) -> tuple[Tlsa, ...]:
    """The TLSA records of a host, without those that cannot be read."""
    found = (_RECORD(value) for value in host.tlsa.values)
    return tuple(
        Tlsa(int(one[1]), int(one[2]), int(one[3]), re.sub("[ \t]", "", one[4]).lower())
        for one in found
        if one
    )


def mismatched(seen: DomainObservation, host: HostObservation, now: datetime) -> list[AddressObservation]:
    """Addresses of a host whose certificates meet none of its usable records."""
    usable = [record for record in records(host) if record.usable]
    names = [pattern for name in (host.host, seen.domain) if (pattern := named(name))]
    shown = [(look, look.session.tls) for look in host.looks]
    return [
        look
        for look, tls in shown
        if tls and tls.chain and not any(one.matches(tls, names, now) for one in usable)
    ]


def is_secure(host: HostObservation) -> bool:
    """Whether there are TLSA records that DNSSEC vouches for."""
    return host.tlsa.how is Dns.ANSWER and host.tlsa.validated


def is_usable(seen: DomainObservation, hosts: Sequence[HostObservation], now: datetime) -> bool:
    """Whether DANE protects mail to the whole domain.

    Every mail server has usable records that match where it was reached, DNSSEC vouches for them and for
    the MX records: behind an MX that can be forged they protect nothing (RFC 7672 section 2.2.1).
    """

    def holds(host: HostObservation) -> bool:
        sessions = [look.session.tls for look in host.looks if look.session.tls]
        shown = bool(sessions) and all(tls.chain for tls in sessions)
        usable = is_secure(host) and any(one.usable for one in records(host))
        return usable and shown and not mismatched(seen, host, now)

    exchanges = {one.host for one in seen.mx.exchanges}
    complete = seen.mx.count <= len(seen.mx.exchanges) and len(exchanges) == len(hosts)
    return seen.mx.validated and complete and bool(hosts) and all(map(holds, hosts))
