"""OpenPGP packets written by hand, and taken apart, for files that no program would make."""

from stpolicy import openpgp

SIGNATURE, ONE_PASS, PUBLIC_KEY, COMPRESSED, MARKER, LITERAL, TRUST, PADDING = 2, 4, 6, 8, 10, 11, 12, 21


def packet(tag: int, body: bytes) -> bytes:
    """In the new format, with a length of five octets."""
    return bytes([0xC0 | tag, 255]) + len(body).to_bytes(4, "big") + body


def partial(tag: int, body: bytes) -> bytes:
    """In two parts, the first of them 64 octets long (RFC 9580 section 4.2.1.4)."""
    rest = body[64:]
    return bytes([0xC0 | tag, 0xE0 | 6]) + body[:64] + bytes([len(rest)]) + rest


def indeterminate(tag: int, body: bytes) -> bytes:
    """In the old format, up to the end of the file."""
    return bytes([0x80 | tag << 2 | 3]) + body


def body(signature: bytes) -> bytes:
    """The content of the only packet."""
    (only,) = openpgp.packets(signature)
    return only.body


def asc(*packets: bytes) -> bytes:
    """The armour of signatures around any packets."""
    return openpgp.armoured(openpgp.SIGNATURE, b"".join(packets))


def dearmoured(text: bytes) -> list[bytes]:
    """The packets of an armour of signatures."""
    return [found.raw for found in openpgp.signatures(text)]


def with_octet(raw: bytes, at: int, value: int) -> bytes:
    """The packet with one octet of its body changed."""
    content = bytearray(body(raw))
    content[at] = value
    return packet(SIGNATURE, bytes(content))


def unprotected(raw: bytes) -> set[int]:
    """Where in a version 4 signature the octets lie that may change without the signature being another.

    Those are the sub-packets that are hints for readers, the first two octets of the digest, and the
    counts of bits before the numbers, which readers round up to octets.
    """
    content = body(raw)
    begin = 6 + int.from_bytes(content[4:6], "big")
    at = begin + 2 + int.from_bytes(content[begin : begin + 2], "big") + 2
    found = set(range(begin, at))
    while at < len(content):
        found |= {at, at + 1}
        at += 2 + (int.from_bytes(content[at : at + 2], "big") + 7) // 8
    header = len(raw) - len(content)
    return {header + position for position in found}


def signature(hashed: bytes, *, unhashed: bytes = b"", version: int = 4) -> bytes:
    """A signature that nobody made, Ed25519 with SHA-512, with these sub-packets."""
    areas = [part for area in (hashed, unhashed) for part in (len(area).to_bytes(2, "big"), area)]
    parts = [bytes([version, 0, 22, 10]), *areas, b"\x12\x34"]
    numbers = b"\x01\x00" + b"\x80" + bytes(31)
    return packet(SIGNATURE, b"".join(parts) + numbers + numbers)


def subpacket(kind: int, content: bytes) -> bytes:
    """A sub-packet of up to 190 octets."""
    return bytes([len(content) + 1, kind]) + content
