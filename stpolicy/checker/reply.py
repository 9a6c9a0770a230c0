"""The bytes of a server to replies of SMTP (RFC 5321 section 4.2): bounded, pure, whatever the bytes are."""

import re

from stpolicy.model.observation import Fault, Reply

MOST_LINES = 64
LONGEST_LINE = 2048
"""Bytes, where RFC 5321 section 4.5.3.1.5 asks for 512."""
LARGEST = 16 * 1024
"""Bytes of one reply."""
_SHOWN = 512

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL).fullmatch
_ESCAPED = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 256))}


class NoReply(ValueError):
    """What came is no reply, or too much of one; `fault` says which."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


class ReplyReader:
    """Takes one reply after the other from the front of a buffer."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._size = 0

    def take(self, buffer: bytearray) -> Reply | None:
        """The next reply, its lines removed from the buffer; None while it is not complete.

        NoReply for what is none. A line may end with LF alone, or with more than one CR ahead of it, as
        Postfix reads it. The code is that of the last line, as Postfix has it too, for servers that do not
        repeat it (RFC 5321 section 4.2.1 says they must).
        """
        while (end := buffer.find(b"\n")) >= 0:
            line = bytes(buffer[:end]).rstrip(b"\r")
            del buffer[: end + 1]
            self._count(end + 1)
            found = _LINE(line)
            if not found:
                raise NoReply(Fault.NOT_SMTP, printable(line))
            self._lines.append(printable(found[3] or b""))
            if found[2] != b"-":
                lines, self._lines, self._size = tuple(self._lines), [], 0
                return Reply(int(found[1]), lines)
            if len(self._lines) == MOST_LINES:
                raise NoReply(Fault.OVERSIZED, f"a reply of more than {MOST_LINES} lines")
        self._begins_well(buffer)
        return None

    def _count(self, size: int) -> None:
        self._size += size
        if size > LONGEST_LINE:
            raise NoReply(Fault.OVERSIZED, f"a line of more than {LONGEST_LINE} bytes")
        if self._size > LARGEST:
            raise NoReply(Fault.OVERSIZED, f"a reply of more than {LARGEST} bytes")

    @staticmethod
    def _begins_well(buffer: bytearray) -> None:
        """Who says something else than a code, without a line end, is not waited for."""
        if not buffer[:3].isdigit() and len(buffer) >= 3:
            raise NoReply(Fault.NOT_SMTP, printable(bytes(buffer)))
        if len(buffer) > LONGEST_LINE:
            raise NoReply(Fault.OVERSIZED, f"a line of more than {LONGEST_LINE} bytes")


def printable(line: bytes) -> str:
    """What a peer said, for people and logs: printable ASCII, the rest escaped, cut at 512 characters."""
    text = line[:_SHOWN].decode("latin-1")
    return text if text.isascii() and text.isprintable() else text.translate(_ESCAPED)[:_SHOWN]
