"""Hellos that no TLS library makes any more, byte by byte from the RFCs."""

import os
from enum import IntEnum


class Version(IntEnum):
    """As on the wire: SSLv3 (RFC 6101), TLS 1.0 (RFC 2246), 1.1 (RFC 4346), 1.2 (RFC 5246)."""

    SSL3 = 0x0300
    TLS10 = 0x0301
    TLS11 = 0x0302
    TLS12 = 0x0303


def _suites(text: str) -> tuple[int, ...]:
    return tuple(int(number, 16) for number in text.split())


_NULL = _suites("0001 0002 003B C001 C006 C00B C010 C015")
_EXPORT = _suites("0003 0006 0008 000B 000E 0011 0014 0017 0019")
_RC4 = _suites("0004 0005 0018 C002 C007 C00C C011 C016")
_DES = _suites("0009 000C 000F 0012 0015 001A")
_3DES = _suites("000A 000D 0010 0013 0016 001B C003 C008 C00D C012 C017")
_ANONYMOUS = _suites("0034 003A 0046 006C 006D 0089 009B 00A6 00A7 00BF 00C5 C018 C019")
WEAK = (*_NULL, *_EXPORT, *_RC4, *_DES, *_3DES)
"""Cipher suites (IANA) that are broken, or nearly so (RFC 9325 section 4.1).

Anonymous ones are among them where their cipher is weak. The others are not: a Postfix takes them by default
(tests/minternet/test_real_servers.py), for senders that verify nothing (RFC 7672 section 8.2), and one that
keeps to a list never offers them.
"""

_CBC = _suites("C009 C00A C013 C014 002F 0032 0033 0035 0038 0039 0041 0044 0045 0084 0087 0088 0007 0096")
_SCSV = 0x00FF
"""Stands for an empty renegotiation_info, without an extension (RFC 5746 section 3.3)."""


def _wire(numbers: tuple[int, ...]) -> bytes:
    return b"".join(number.to_bytes(2) for number in numbers)


_WEAK = _wire((*WEAK, _SCSV))
_OLD = _wire((*_CBC, *WEAK, *_ANONYMOUS, _SCSV))
"""Everything that SSLv3 and TLS 1.0 and 1.1 may have agreed on."""

_SSL2 = bytes.fromhex("010080 020080 030080 040080 050080 060040 0700C0")
"""The seven kinds of SSLv2 (RFC 6101 appendix E.1)."""

_GROUPS = _wire((0x001D, 0x0017, 0x0018, 0x0019))


def hello(version: Version, host: str) -> bytes:
    """A ClientHello for this version or older ones, with SNI; not for SSLv3, which knows no extensions."""
    extensions = b"" if version is Version.SSL3 else _sized(_common(host), 2)
    return _record(version, _OLD, extensions)


def weak_hello(host: str) -> bytes:
    """A ClientHello of TLS 1.2 that offers weak cipher suites only."""
    return _record(Version.TLS12, _WEAK, _sized(_common(host) + _SIGNATURES, 2))


def ssl2_hello() -> bytes:
    """A CLIENT-HELLO of SSLv2 (RFC 6101 appendix E.1): version 2, no session, a challenge of 16 bytes."""
    sizes = b"".join(size.to_bytes(2) for size in (len(_SSL2), 0, 16))
    message = b"\x01\x00\x02" + sizes + _SSL2 + os.urandom(16)
    return (0x8000 | len(message)).to_bytes(2) + message


def _record(version: Version, suites: bytes, extensions: bytes) -> bytes:
    """A ClientHello in its record (RFC 5246 sections 6.2.1 and 7.4.1.2)."""
    body = version.to_bytes(2) + os.urandom(32) + b"\x00" + _sized(suites, 2) + b"\x01\x00" + extensions
    # The record has the version that most servers know, not that of the hello (RFC 5246 appendix E.1).
    return b"\x16" + min(version, Version.TLS10).to_bytes(2) + _sized(b"\x01" + _sized(body, 3), 2)


def _common(host: str) -> bytes:
    name = b"\x00" + _sized(host.encode("ascii"), 2)
    return (
        _extension(0x0000, _sized(name, 2))  # server_name (RFC 6066 section 3)
        + _extension(0x000A, _sized(_GROUPS, 2))  # supported_groups (RFC 8422 section 5.1.1)
        + _extension(0x000B, _sized(b"\x00", 1))  # ec_point_formats (RFC 8422 section 5.1.2)
    )


def _extension(number: int, content: bytes) -> bytes:
    return number.to_bytes(2) + _sized(content, 2)


def _sized(content: bytes, size: int) -> bytes:
    return len(content).to_bytes(size) + content


_ALGORITHMS = bytes.fromhex("0401 0403 0501 0503 0601 0603 0804 0805 0806 0201 0203 0202 0101")
_SIGNATURES = _extension(0x000D, _sized(_ALGORITHMS, 2))
"""signature_algorithms (RFC 5246 section 7.4.1.4.1), with SHA-1 and MD5, of the time of the ciphers."""
