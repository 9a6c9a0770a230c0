"""A resolver that says of everything that it was validated (AD, RFC 4035 section 3.2.3).

A mail server believes its resolver, and sees no more of DNSSEC than that bit: so no zone need be signed.
"""

import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tests.lab.nameserver import NameServer
from tests.namespace import Namespace

ADDRESS = "127.0.0.2"
_A, _MX, _TLSA = 1, 15, 52
_FLAGS = 0x81A0  # a response, recursion desired and available, data that is authentic
_ASKED_NAME = b"\xc0\x0c"


@dataclass(frozen=True)
class Resolver:
    """Knows what a name server knows, and TLSA records (RFC 6698, as in DNS) by host, for port 25."""

    names: NameServer
    tlsa: Mapping[str, bytes]

    def answer(self, query: bytes) -> bytes:
        """The response to a query; what is not known is no data."""
        labels, end = _labels(query)
        kind = int.from_bytes(query[end : end + 2], "big")
        found = list(self._data(".".join(labels).lower(), kind))
        records = (
            _ASKED_NAME + struct.pack(">HHIH", kind, 1, 60, len(data)) + data for data in found
        )  # of class IN, for a minute
        return (
            query[:2]
            + struct.pack(">HHHHH", _FLAGS, 1, len(found), 0, 0)
            + query[12 : end + 4]
            + b"".join(records)
        )

    def _data(self, name: str, kind: int) -> Iterator[bytes]:
        host = name.removeprefix("_25._tcp.")
        if kind == _A and name in self.names.addresses:
            yield socket.inet_aton(self.names.addresses[name])
        elif kind == _TLSA and name != host and host in self.tlsa:
            yield self.tlsa[host]
        elif kind == _MX:
            for rank, exchange in enumerate(self.names.exchanges.get(name, ()), 1):
                yield struct.pack(">H", rank) + _wire(exchange)


def _labels(query: bytes) -> tuple[list[str], int]:
    """The name that is asked for, and where it ends."""
    labels, place = [], 12
    while length := query[place]:
        labels.append(query[place + 1 : place + 1 + length].decode("ascii"))
        place += 1 + length
    return labels, place + 1


def _wire(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.split(".")) + b"\0"


@contextmanager
def serving(space: Namespace, resolver: Resolver) -> Iterator[None]:
    """Answers in the lab's network."""

    def bound() -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listener.bind((ADDRESS, 53))
        return listener

    with space.within(bound) as listener:

        def serve() -> None:
            while True:
                query, asking = listener.recvfrom(4096)
                if not query:
                    return
                listener.sendto(resolver.answer(query), asking)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield
        listener.sendto(b"", (ADDRESS, 53))
        thread.join(30)
