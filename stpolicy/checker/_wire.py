"""Questions and answers of DNS as bytes (RFC 1035 section 4): built here, read with dnspython. No sockets."""

import re
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import dns.exception
import dns.name
import dns.rcode
import dns.wire

TYPES: Final = {"A": 1, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28, "OPT": 41, "TLSA": 52}
LONGEST: Final = 4096
"""Characters that one value may have; a longer one is cut, and ends with what no grammar takes: `…`."""

MOST_ALIASES: Final = 8
"""CNAMEs that are followed for one question."""

# Wants recursion, and AD (RFC 6840 section 5.7); one question, one additional record.
_HEAD = struct.pack("!HHHHH", 0x0120, 1, 0, 0, 1)
# EDNS(0): 1232 bytes, which no path cuts into fragments, version 0, DO (RFC 6891 section 6.1.2).
_OPT = b"\0" + struct.pack("!HHIH", TYPES["OPT"], 1232, 0x8000, 0)
_LABEL = re.compile(r"[a-z0-9_][a-z0-9_-]{0,62}").fullmatch
_SELF = b"\xc0\x0c"


class Malformed(ValueError):
    """An answer that makes no sense."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one message says. `rcode` is 0 or 3, NXDOMAIN; others are errors, of which `message` tells."""

    rcode: int = 0
    values: tuple[str, ...] = ()
    """Of the type that was asked for, at the end of the chain of CNAMEs; sorted, each once."""
    alias: str = ""
    final: bool = True
    """False where the chain ends with neither a record nor a word that there is none: ask there."""
    authentic: bool = False
    """Whether AD is set: worth nothing without trust in whoever set it."""
    truncated: bool = False
    message: str = ""


def question(name: str, kind: str) -> bytes:
    """The question for a name of A-labels (underscores pass); ValueError for what is not asked."""
    labels = name.lower().removesuffix(".").split(".")
    if not all(map(_LABEL, labels)) or len(name) > 253:
        raise ValueError("is no name that DNS is asked for")
    owner = b"".join(bytes([len(label)]) + label.encode("ascii") for label in labels)
    return owner + b"\0" + struct.pack("!HH", TYPES[kind], 1)


def message(ident: int, asked: bytes) -> bytes:
    """A question as it is sent."""
    return ident.to_bytes(2, "big") + _HEAD + asked + _OPT


def read(wire: bytes, asked: bytes) -> Answer | None:
    """What a message says to a question; None where it does not answer it, Malformed where it makes no sense.

    That its number is right is for the caller to see.
    """
    if len(wire) < 12:
        return None
    flags, questions, *counts = struct.unpack_from("!HHHHH", wire, 2)
    rcode, end = flags & 15, 12 + len(asked)
    if flags & 0xF800 != 0x8000 or not _echoes(wire[12:end], questions, asked, rcode):
        return None
    try:
        if rcode not in (0, 3):
            return Answer(rcode, message=_complaint(wire, end if questions else 12, counts, rcode))
        if flags & 0x0200:
            return Answer(truncated=True)
        return _said(wire, end, counts, asked, flags)
    except Malformed:
        raise
    except (dns.exception.DNSException, struct.error, IndexError, ValueError) as wrong:
        raise Malformed("the answer makes no sense") from wrong


def _echoes(head: bytes, questions: int, asked: bytes, rcode: int) -> bool:
    """Whether the question stands in the answer; some refuse without repeating it."""
    return head.lower() == asked.lower() if questions == 1 else questions == 0 and rcode not in (0, 3)


def _said(wire: bytes, start: int, counts: list[int], asked: bytes, flags: int) -> Answer:
    """Reads the records that belong to the chain from the name that was asked for."""
    wanted = int.from_bytes(asked[-4:-2], "big")
    values: dict[str, list[str]] = {}
    aliases: dict[str, str] = {}
    denied = False
    name = asked_for = _spelt(asked)
    for section, owner, kind, at, length in _records(wire, start, counts[:2], asked_for):
        if section == 1:
            denied = denied or kind == TYPES["SOA"]  # RFC 2308 section 2.2
        elif kind == wanted:
            values.setdefault(owner, []).append(_VALUES[wanted](wire, at, length))
        elif kind == TYPES["CNAME"]:
            aliases[owner] = _name(wire, at, length)
    alias = ""
    for _ in range(MOST_ALIASES):
        if name in values or name not in aliases:
            break
        name = alias = aliases[name]
    else:
        raise Malformed("the chain of CNAMEs has no end") from None
    found = tuple(sorted(set(values.get(name, ()))))
    final = bool(found) or denied or not alias or flags & 15 == 3
    return Answer(flags & 15, found, alias, final, bool(flags & 0x0020))


def _records(
    wire: bytes, start: int, counts: list[int], asked_for: str = ""
) -> Iterator[tuple[int, str, int, int, int]]:
    """Section, owner, type, place and length of each record."""
    parser = dns.wire.Parser(wire, start)
    for section, count in enumerate(counts):
        for _ in range(count):
            if wire[parser.current : parser.current + 2] == _SELF:
                parser.seek(parser.current + 2)
                owner = asked_for  # nearly always, so that it is not read again
            else:
                owner = _text(dns.name.from_wire_parser(parser))
            kind, _class, _ttl, length = parser.get_struct("!HHIH")
            yield section, owner, kind, parser.current, length
            parser.get_bytes(length)


def _complaint(wire: bytes, start: int, counts: list[int], rcode: int) -> str:
    """The rcode in words, with what an extended error (RFC 8914) adds to it."""
    said = dns.rcode.to_text(dns.rcode.Rcode(rcode))
    for _, _, kind, at, length in _records(wire, start, counts):
        if kind == TYPES["OPT"]:
            options = dns.wire.Parser(wire[at : at + length])
            while options.remaining():
                code, size = options.get_struct("!HH")
                data = options.get_bytes(size)
                if code == 15 and (words := _escaped(data[2:]).strip()[:200]):
                    said += f" ({words})"
    return said


def _escaped(data: bytes) -> str:
    r"""Printable ASCII; other bytes and the backslash as \DDD (RFC 1035 section 5.1)."""
    return "".join(chr(byte) if 32 <= byte < 127 and byte != 92 else f"\\{byte:03d}" for byte in data)


def _text(name: dns.name.Name) -> str:
    r"""A name in lower case; what is neither letter, digit, `_` nor inner `-` is written as \DDD."""
    labels = [label.lower().decode("latin-1") for label in name.labels if label]
    return ".".join(label if _LABEL(label) else _odd(label) for label in labels)


def _odd(label: str) -> str:
    plain = [
        one if _LABEL(one) or (one == "-" and at) else f"\\{ord(one):03d}" for at, one in enumerate(label)
    ]
    return "".join(plain)


def _spelt(asked: bytes) -> str:
    """The name in a question that was built here."""
    labels, at = [], 0
    while size := asked[at]:
        labels.append(asked[at + 1 : at + 1 + size])
        at += size + 1
    return b".".join(labels).decode("ascii")


def _name(wire: bytes, at: int, length: int) -> str:
    name, used = dns.name.from_wire(wire, at)
    if used != length:
        raise Malformed("a name does not fill its record")
    return _text(name)


def _exchange(wire: bytes, at: int, length: int) -> str:
    return f"{int.from_bytes(wire[at : at + 2], 'big')} {_name(wire, at + 2, length - 2)}"


def _strings(wire: bytes, at: int, length: int) -> str:
    """The character-strings of one TXT record as one (RFC 7208 section 3.3, RFC 8461 section 3.1)."""
    parser = dns.wire.Parser(wire[at : at + length])
    joined = b""
    while parser.remaining():
        joined += parser.get_counted_bytes()
    text = _escaped(joined[:LONGEST])
    return text if len(joined) <= LONGEST and len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _association(wire: bytes, at: int, length: int) -> str:
    """A TLSA record (RFC 6698 section 2.1)."""
    if length < 3:
        raise Malformed("a TLSA record is too short")
    usage, selector, matching = wire[at : at + 3]
    return f"{usage} {selector} {matching} {wire[at + 3 : at + length].hex()}"[:LONGEST]


def _address(size: int, family: int) -> Callable[[bytes, int, int], str]:
    def read_address(wire: bytes, at: int, length: int) -> str:
        if length != size:
            raise Malformed(f"an address has {length} bytes")
        return socket.inet_ntop(family, wire[at : at + size])

    return read_address


_VALUES: Final[dict[int, Callable[[bytes, int, int], str]]] = {
    TYPES["A"]: _address(4, socket.AF_INET),
    TYPES["AAAA"]: _address(16, socket.AF_INET6),
    TYPES["MX"]: _exchange,
    TYPES["TXT"]: _strings,
    TYPES["TLSA"]: _association,
}
