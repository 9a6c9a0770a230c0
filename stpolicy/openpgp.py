"""OpenPGP files (RFC 9580, RFC 4880) as far as a verifier must look into them before gpgv does."""

import base64
import binascii
import hashlib
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass

from stpolicy.model.dates import Instant
from stpolicy.model.signature import Doubt

SIGNATURE = "SIGNATURE"
PUBLIC_KEY = "PUBLIC KEY BLOCK"

LARGEST = 64 * 1024
LARGEST_RING = 64 * 1024 * 1024
MOST_SIGNATURES = 16
_ARMOUR = re.compile(
    rb"-----BEGIN PGP (?P<kind>[A-Z ]+)-----\r?\n(?P<headers>(?:[!-9;-~]+: [^\r\n]*\r?\n)*)[ \t]*\r?\n"
    rb"(?P<base64>[A-Za-z0-9+/=\r\n]+?)(?:\r?\n=(?P<crc>[A-Za-z0-9+/]{4}))?\r?\n"
    rb"-----END PGP (?P=kind)-----[ \t\r\n]*"
)
_TAG_SIGNATURE, _TAG_PUBLIC_KEY, _TAG_TRUST = 2, 6, 12
_SECRET_TAGS = frozenset({5, 7})
_CREATED, _KEY_ID, _FINGERPRINT = 2, 16, 33


class NotAsExpected(ValueError):
    """The bytes are not what they should be; `doubt` says which way."""

    def __init__(self, doubt: Doubt, message: str) -> None:
        super().__init__(message)
        self.doubt = doubt


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet: its type, its content, and the bytes of both together with the header."""

    tag: int
    body: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class SignaturePacket:
    """A detached signature, not yet checked: when it says it was made, its bytes, and who it says made it."""

    made: Instant | None
    raw: bytes
    issuer: str = ""
    """Fingerprint of the key that signed, maybe a sub-key, or else its key id; empty where it names none."""


def signatures(armoured: bytes) -> list[SignaturePacket]:
    """The signatures in an `.asc`; NotAsExpected unless it is one armour with detached signatures alone.

    gpgv reads past text around the armour, unpacks compressed packets and skips others, so a file
    could hold more than it seems to; this is asked before gpgv is.
    """
    if len(armoured) > LARGEST:
        raise NotAsExpected(Doubt.MALFORMED, f"the signature has more than {LARGEST} bytes")
    data, headers = _dearmoured(armoured, SIGNATURE)
    if headers:
        raise NotAsExpected(Doubt.EXTRA_DATA, "the armour of the signature has header lines")
    found = [_signature(packet) for packet in packets(data)]
    if not found:
        raise NotAsExpected(Doubt.MALFORMED, "there is no signature in the armour")
    if len(found) > MOST_SIGNATURES:
        raise NotAsExpected(Doubt.MALFORMED, f"there are more than {MOST_SIGNATURES} signatures")
    return found


def armoured(kind: str, data: bytes) -> bytes:
    """ASCII armour (RFC 9580 section 6.2), no header lines, with the checksum that older readers expect."""
    text = base64.b64encode(data).decode("ascii")
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    check = base64.b64encode(_crc24(data).to_bytes(3, "big")).decode("ascii")
    begin, end = f"-----BEGIN PGP {kind}-----", f"-----END PGP {kind}-----"
    return "\n".join([begin, "", *lines, f"={check}", end, ""]).encode("ascii")


def key_ring(data: bytes) -> bytes:
    """A key ring as gpgv reads it, from a binary one or from one or more armours after each other."""
    if len(data) > LARGEST_RING:
        raise NotAsExpected(Doubt.MALFORMED, f"a key ring has at most {LARGEST_RING} bytes")
    if data.lstrip().startswith(b"-----BEGIN"):
        armours = re.split(rb"^(?=-----BEGIN )", data.lstrip(), flags=re.MULTILINE)[1:]
        data = b"".join(_dearmoured(armour, PUBLIC_KEY)[0] for armour in armours)
    if not data or not data[0] & 0x80:
        raise NotAsExpected(Doubt.MALFORMED, "this is no OpenPGP key ring, binary or armoured")
    if any(packet.tag in _SECRET_TAGS for packet in packets(data)):
        raise NotAsExpected(Doubt.EXTRA_DATA, "this holds a secret key; a key ring of signers is public")
    return data


def only(ring: bytes, fingerprints: Collection[str]) -> bytes:
    """A key ring with the keys of these primaries alone, and without what one machine thinks of them."""
    kept, wanted = bytearray(), False
    for packet in packets(ring):
        if packet.tag == _TAG_PUBLIC_KEY:
            wanted = _fingerprint(packet.body) in fingerprints
        if wanted and packet.tag != _TAG_TRUST:
            kept += packet.raw
    return bytes(kept)


def primary_fingerprints(ring: bytes) -> frozenset[str]:
    """The fingerprints of the primary keys in a binary key ring, in upper-case hexadecimal digits."""
    return frozenset(_fingerprint(packet.body) for packet in packets(ring) if packet.tag == _TAG_PUBLIC_KEY)


def packets(data: bytes) -> Iterator[Packet]:
    """The packets of binary data (RFC 9580 section 4.2); partial and indeterminate lengths are refused."""
    at = 0
    while at < len(data):
        start, first = at, data[at]
        if not first & 0x80:
            raise NotAsExpected(Doubt.MALFORMED, "an OpenPGP packet does not begin as packets do")
        if first & 0x40:
            tag, (length, header) = first & 0x3F, _new_length(data[at + 1 : at + 6])
        else:
            tag, (length, header) = (first >> 2) & 0x0F, _old_length(first & 3, data[at + 1 : at + 5])
        body = data[at + 1 + header : at + 1 + header + length]
        at += 1 + header + length
        if len(body) < length:
            raise NotAsExpected(Doubt.MALFORMED, "an OpenPGP packet ends too early")
        yield Packet(tag, body, data[start:at])


def _new_length(octets: bytes) -> tuple[int, int]:
    """Length of the body, and of the length itself."""
    if octets and octets[0] < 192:
        return octets[0], 1
    if len(octets) >= 2 and octets[0] < 224:
        return ((octets[0] - 192) << 8) + octets[1] + 192, 2
    if len(octets) >= 5 and octets[0] == 255:
        return int.from_bytes(octets[1:5], "big"), 5
    raise NotAsExpected(Doubt.MALFORMED, "an OpenPGP packet has no definite length")


def _old_length(kind: int, octets: bytes) -> tuple[int, int]:
    size = 1 << kind
    if kind == 3 or len(octets) < size:
        raise NotAsExpected(Doubt.MALFORMED, "an OpenPGP packet has no definite length")
    return int.from_bytes(octets[:size], "big"), size


def _signature(packet: Packet) -> SignaturePacket:
    if packet.tag != _TAG_SIGNATURE:
        raise NotAsExpected(Doubt.EXTRA_DATA, "there is something beside signatures in the armour")
    body = packet.body
    if len(body) < 6 or body[0] not in (4, 5, 6):
        raise NotAsExpected(Doubt.MALFORMED, "a signature is of an unknown version")
    if body[1] != 0:
        raise NotAsExpected(Doubt.MALFORMED, "a signature is not one over a binary file")
    width = 4 if body[0] == 6 else 2
    hashed, unhashed = _areas(body[4:], width)
    return SignaturePacket(_created(hashed), packet.raw, _issuer(hashed, unhashed))


def _areas(octets: bytes, width: int) -> tuple[bytes, bytes]:
    """The sub-packets that are signed, and those that are not; each area has its length before it."""
    end = width + int.from_bytes(octets[:width], "big")
    last = end + width + int.from_bytes(octets[end : end + width], "big")
    return octets[width:end], octets[end + width : last]


def _created(subpackets: bytes) -> Instant | None:
    for kind, content in _subpackets(subpackets):
        if kind == _CREATED and len(content) == 4:
            return Instant(int.from_bytes(content, "big"))
    return None


def _issuer(*areas: bytes) -> str:
    """Said by whoever made the file, and proved by nothing: for telling people what was there."""
    found: dict[int, str] = {}
    with suppress(NotAsExpected):
        for area in areas:
            for kind, content in _subpackets(area):
                found.setdefault(kind, content.hex().upper())
    version_and_fingerprint = found.get(_FINGERPRINT, "")
    return version_and_fingerprint[2:] or found.get(_KEY_ID, "")


def _subpackets(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and content of each (RFC 9580 section 5.2.3.7)."""
    at = 0
    while at < len(octets):
        length, header = _new_length(octets[at : at + 5])
        content = octets[at + header : at + header + length]
        if content:
            yield content[0] & 0x7F, content[1:]
        at += header + max(length, 1)


def _fingerprint(key: bytes) -> str:
    """Fingerprint of a public key packet's body (RFC 9580 section 5.5.4)."""
    if key[:1] == b"\x04":
        return (
            hashlib.sha1(b"\x99" + len(key).to_bytes(2, "big") + key, usedforsecurity=False)
            .hexdigest()
            .upper()
        )
    prefix = {b"\x05": b"\x9a", b"\x06": b"\x9b"}.get(key[:1])
    if prefix is None:
        raise NotAsExpected(Doubt.MALFORMED, "a key is of an unknown version")
    return hashlib.sha256(prefix + len(key).to_bytes(4, "big") + key).hexdigest().upper()


def _dearmoured(text: bytes, kind: str) -> tuple[bytes, bytes]:
    """The bytes of one armour and its header lines; nothing may stand before or after it."""
    found = _ARMOUR.fullmatch(text)
    if not found:
        extra = text.strip() and b"-----BEGIN PGP" in text and not text.startswith(b"-----BEGIN PGP MESSAGE")
        doubt = Doubt.EXTRA_DATA if extra and _ARMOUR.search(text) else Doubt.MALFORMED
        raise NotAsExpected(doubt, "this is not one ASCII armour and nothing else")
    if found["kind"].decode("ascii") != kind:
        raise NotAsExpected(Doubt.MALFORMED, f"the armour holds a {found['kind'].decode('ascii').lower()}")
    try:
        data = base64.b64decode(b"".join(found["base64"].split()), validate=True)
    except binascii.Error as wrong:
        raise NotAsExpected(Doubt.MALFORMED, "the armour is not base64") from wrong
    if found["crc"] and base64.b64decode(found["crc"]) != _crc24(data).to_bytes(3, "big"):
        raise NotAsExpected(Doubt.MALFORMED, "the checksum of the armour is wrong")
    return data, found["headers"]


def _crc24(data: bytes) -> int:
    """The checksum of RFC 4880 section 6.1."""
    crc = 0xB704CE
    for octet in data:
        crc ^= octet << 16
        for _ in range(8):
            crc = (crc << 1) ^ (0x1864CFB if crc & 0x800000 else 0)
    return crc & 0xFFFFFF
