"""What a server's answer to a hello of an old version says. Pure, whatever the bytes are."""

from dataclasses import dataclass
from enum import Enum

from stpolicy.checker.hello import WEAK, Version
from stpolicy.model.observation import Probe

_ALERT, _HANDSHAKE = 0x15, 0x16
_FATAL, _CLOSE_NOTIFY = 2, 0
_MOST_RECORDS = 8
SSL2 = 0x0002
"""The version of SSLv2, as its SERVER-HELLO has it."""


class Word(Enum):
    """What an answer comes to when nothing was chosen."""

    MORE = "incomplete"
    NO = "no"
    NONSENSE = "nonsense"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a ServerHello chooses: version and cipher suite; 0 for SSLv2, whose clients choose the cipher."""

    version: int
    suite: int


Answer = Chosen | Word


def answer(data: bytes) -> Answer:
    """What the bytes after a ClientHello say: a ServerHello, or an alert that is fatal.

    Warnings, like unrecognized_name (RFC 6066 section 3), may come before. A few records are enough.
    """
    handshake = b""
    for _ in range(_MOST_RECORDS):
        if data[:1] and data[0] not in (_ALERT, _HANDSHAKE):
            return Word.NONSENSE
        if len(data) < 5:
            return Word.MORE
        kind, size = data[0], int.from_bytes(data[3:5])
        content, data = data[5 : 5 + size], data[5 + size :]
        if kind == _HANDSHAKE:
            handshake += content
            found = _server_hello(handshake)
        else:
            found = _alert(content) if size == 2 else Word.NONSENSE
        if found is not Word.MORE:
            return found
    return Word.NONSENSE


def _alert(content: bytes) -> Word:
    """RFC 5246 section 7.2: level and description."""
    ends = len(content) == 2 and (content[0] == _FATAL or content[1] == _CLOSE_NOTIFY)
    return Word.NO if ends else Word.MORE


def _server_hello(message: bytes) -> Answer:
    """RFC 5246 section 7.4.1.3: type, length, version, random, session id, cipher suite."""
    if message[:1] not in (b"", b"\x02"):
        return Word.NONSENSE
    if len(message) < 39:
        return Word.MORE
    suite = 39 + message[38]
    if message[38] > 32 or int.from_bytes(message[1:4]) < suite - 1:
        return Word.NONSENSE
    if len(message) < suite + 2:
        return Word.MORE
    return Chosen(int.from_bytes(message[4:6]), int.from_bytes(message[suite : suite + 2]))


def ssl2_answer(data: bytes) -> Answer:
    """What the bytes after a CLIENT-HELLO of SSLv2 say.

    A record has two bytes of length with the first bit set. A SERVER-HELLO is message 4: two bytes on session
    and certificate, then the version; an ERROR is message 0. Servers without SSLv2 answer in records of later
    versions, if at all.
    """
    if data[:1] and data[0] in (_ALERT, _HANDSHAKE):
        found = answer(data)
        return found if isinstance(found, Word) else Word.NONSENSE
    if data[:1] and not data[0] & 0x80:
        return Word.NONSENSE
    message = data[2:7]
    if message[:1] == b"\x00":
        return Word.NO
    if message[:1] not in (b"", b"\x04"):
        return Word.NONSENSE
    if len(message) < 5:
        return Word.MORE
    version = int.from_bytes(message[3:5])
    return Chosen(version, 0) if version == SSL2 else Word.NONSENSE


_NAMES = {Version.TLS11: "TLSv1.1", Version.TLS10: "TLSv1", Version.SSL3: "SSLv3"}


def versions(offered: Version, said: Answer) -> tuple[dict[str, Probe], Version | None]:
    """What an answer to the hello of a version says about it and older ones, and which one to ask about next.

    A server chooses the newest version that it knows and that is not newer than the hello's (RFC 5246
    appendix E.1): those in between it refuses, and who refuses the hello refuses all.
    """
    asked = [version for version in _NAMES if version <= offered]
    if said is Word.NO:
        return {_NAMES[version]: Probe.REFUSED for version in asked}, None
    if not isinstance(said, Chosen) or said.version not in asked:
        return {}, None
    known = {_NAMES[version]: Probe.REFUSED for version in asked if version > said.version}
    known[_NAMES[Version(said.version)]] = Probe.ACCEPTED
    return known, next((version for version in asked if version < said.version), None)


def ssl2(said: Answer) -> Probe:
    """What an answer to the hello of SSLv2 says."""
    return _probe(said, accepted=isinstance(said, Chosen) and said.version == SSL2)


def weak(said: Answer) -> Probe:
    """What an answer to the hello with weak ciphers says."""
    return _probe(said, accepted=isinstance(said, Chosen) and said.suite in WEAK)


def _probe(said: Answer, *, accepted: bool) -> Probe:
    if accepted:
        return Probe.ACCEPTED
    return Probe.REFUSED if said is Word.NO else Probe.NOT_TESTED
