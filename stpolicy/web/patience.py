"""The server's protocol, with two bounds more: how long a request may take to arrive, how many connect."""

import asyncio
from collections import Counter
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

from stpolicy.web.asking import network

HEAD_SECONDS = 10
"""From the first moment of a connection, or of a further request on it, until its head is there."""

MOST_CONNECTIONS = 64
"""Of one client at once, unless it is a proxy of ours."""

STOPPING = "stopping"
"""The state of the application's life that has an event for its end."""


class Impatient(H11Protocol):
    """HTTP/1.1 for clients that keep to time."""

    connected: ClassVar[Counter[str]] = Counter()
    """Connections to this process by client."""

    _late: asyncio.TimerHandle | None = None
    _counted = ""

    def connection_made(self, transport: Any) -> None:
        """Refuses one connection too many."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if not _is_one_of(address, tuple(self.config.forwarded_allow_ips or ())):
            self._counted = network(address)
            self.connected[self._counted] += 1
        if self.connected[self._counted] > MOST_CONNECTIONS:
            transport.abort()
            return
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Counts down."""
        if self._counted:
            self.connected[self._counted] -= 1
            if not self.connected[self._counted]:
                del self.connected[self._counted]
        self._arrived()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The service ends: whoever waits for a scan, or follows one, gets the end of its answer now."""
        self.app_state[STOPPING].set()
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        """Knows whether a request is there, or still to come."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._arrived()
        else:
            self._expect()

    def _expect(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _arrived(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


@lru_cache(maxsize=4096)
def _is_one_of(address: str, networks: tuple[str, ...]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in ip_network(one) for one in networks)
