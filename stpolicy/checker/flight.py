"""What a server's part of a handshake in clear says of the work that it makes (RFC 5246 section 7.4)."""

_HANDSHAKE, _KEY_EXCHANGE = 22, 12
_LIGHT = 700
"""Bytes of a ServerKeyExchange: with elliptic curves it has fewer, if the key that signs has 4096 bits at
most; with the two numbers of Diffie-Hellman in a group of 3072 bits it has more."""


class Flight:
    """Takes the bytes of a handshake as they come; `heavy` says whether to go on takes long.

    Diffie-Hellman in a group of 10,000 bits, which OpenSSL goes along with, takes a second of a processor.
    """

    def __init__(self) -> None:
        self.heavy = False
        self._raw, self._messages = bytearray(), bytearray()

    def take(self, data: bytes) -> None:
        """Reads on. What is encrypted makes no sense, and no difference: the work is done by then."""
        self._raw += data
        while len(self._raw) >= 5 and len(self._raw) >= (end := 5 + int.from_bytes(self._raw[3:5])):
            if self._raw[0] == _HANDSHAKE:
                self._messages += self._raw[5:end]
            del self._raw[:end]
        while len(self._messages) >= 4:
            size = int.from_bytes(self._messages[1:4])
            self.heavy |= self._messages[0] == _KEY_EXCHANGE and size > _LIGHT
            if len(self._messages) < 4 + size:
                break
            del self._messages[: 4 + size]
