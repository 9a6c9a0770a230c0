"""The zones of the mini-internet as text, signed where they are (RFC 4035), from the table."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import dns.dnssec
import dns.name
import dns.rdataset
import dns.rdatatype
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from tests.minternet import bulk
from tests.minternet.behaviour import full
from tests.minternet.plan import NAME_SERVER, SILENT_NAME_SERVER, Host
from tests.minternet.row import BOGUS, INSECURE, LAME, SIGNED, SILENT, ZONE, Row

_WEEK = 7 * 86400
_SERVER, _SILENT = f"ns.{ZONE}", f"silent.{ZONE}"


@dataclass(slots=True)
class Zone:
    """A zone in the making; one with a key is signed."""

    name: str
    server: str = _SERVER
    lines: list[str] = field(default_factory=list)
    key: ec.EllipticCurvePrivateKey | None = None

    @property
    def dnskey(self) -> DNSKEY:
        """Its one key, which signs everything (RFC 6781 section 3.1)."""
        assert self.key
        return dns.dnssec.make_dnskey(self.key.public_key(), "ECDSAP256SHA256", flags=257)

    def ds(self, wrong: bool = False) -> str:
        """What its parent says of its key."""
        key = Zone(self.name, key=_key()).dnskey if wrong else self.dnskey
        return f"{self.name}. DS {dns.dnssec.make_ds(f'{self.name}.', key, 'SHA256')}"

    def text(self, inception: int) -> str:
        """The file. Signatures are good for a week from `inception` (seconds since 1970) on."""
        soa = f"{self.name}. SOA {self.server}. hostmaster.{ZONE}. 1 3600 600 86400 60"
        if not self.key:
            lines = [soa, f"{self.name}. NS {self.server}.", *self.lines]
            return "".join(
                f"{owner} 300 IN {rest}\n" for owner, _, rest in (ln.partition(" ") for ln in lines)
            )
        zone = dns.zone.Zone(f"{self.name}.", relativize=False)
        with zone.writer() as writer:
            for line in (soa, f"{self.name}. NS {self.server}.", *self.lines):
                owner, kind, data = line.split(" ", 2)
                record = dns.rdata.from_text("IN", kind, data)
                writer.add(dns.name.from_text(owner), 300, record)
            end = inception + _WEEK
            dns.dnssec.sign_zone(zone, writer, [(self.key, self.dnskey)], inception=inception, expiration=end)
        return zone.to_text()


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def zones(rows: Sequence[Row], hosts: Iterable[Host], tlsa: str, extra: Iterable[str]) -> list[Zone]:
    """Every zone there is, the root first; `extra` are the lines of the bulk zone."""
    root, main = Zone("", key=_key()), Zone(ZONE, key=_key())
    main.lines += [f"{_SERVER}. A {NAME_SERVER}", f"{_SILENT}. A {SILENT_NAME_SERVER}"]
    by_domain: dict[str, list[Host]] = defaultdict(list)
    for host in hosts:
        by_domain[host.domain].append(host)
    found = [root, main]
    for row in rows:
        lines = list(_lines(row, by_domain[row.domain], tlsa))
        if row.zone == SIGNED:
            main.lines += lines
        else:
            found += _apart(main, row, lines)
    crowd = Zone(bulk.ZONE, lines=[f"{bulk.ZONE}. TXT here", *extra])
    root.lines += [
        f"{_SERVER}. A {NAME_SERVER}",
        f"{ZONE}. NS {_SERVER}.",
        main.ds(),
        f"{bulk.ZONE}. NS {_SERVER}.",
    ]
    return [*found, crowd]


def _apart(parent: Zone, row: Row, lines: list[str]) -> list[Zone]:
    """A zone of its own, and what its parent says of it."""
    parent.lines.append(f"{row.domain}. NS {_SILENT if row.zone == SILENT else _SERVER}.")
    match row.zone:
        case kind if kind == BOGUS:
            zone = Zone(row.domain, lines=lines, key=_key())
            parent.lines.append(zone.ds(wrong=True))
            return [zone]
        case kind if kind == INSECURE:
            return [Zone(row.domain, lines=lines)]
        case kind if kind == LAME:
            return [Zone(row.domain)]
        case kind:
            assert kind == SILENT
            return []


def _lines(row: Row, hosts: Iterable[Host], tlsa: str) -> Iterable[str]:
    for host in hosts:
        yield f"{host.name}. {host.kind} {host.address}"
    for exchange in row.mx:
        preference, _, name = exchange.partition(" ")
        yield f"{row.domain}. MX {preference} {_absolute(name, row)}"
    for record in row.dns:
        owner, kind, data = record.replace("{tlsa}", tlsa).split(" ", 2)
        yield f"{full(owner, row.domain)}. {kind} {_absolute(data, row) if kind == 'CNAME' else data}"
    for owner, texts in (
        ("_mta-sts", row.sts.records.split("\n") if row.sts else ()),
        ("_smtp._tls", row.tlsrpt),
    ):
        for text in texts:
            yield f'{owner}.{row.domain}. TXT "{text}"'


def _absolute(name: str, row: Row) -> str:
    return name if name == "." else f"{full(name, row.domain)}."
