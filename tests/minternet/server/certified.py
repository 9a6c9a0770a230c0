"""The certificates that the servers show, as files that were made before they began."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from tests.minternet.behaviour import Tls
from tests.minternet.server import contexts


@dataclass(frozen=True, slots=True)
class Certified:
    """A folder of `ADDRESS.pem`, and `ADDRESS-unnamed.pem` for clients that send no SNI."""

    folder: Path
    _contexts: dict[str, ssl.SSLContext] = field(default_factory=dict)

    def path(self, address: str) -> Path:
        """The certificate of an address."""
        return self.folder / f"{address}.pem"

    def context(self, address: str, tls: Tls) -> ssl.SSLContext:
        """The TLS of an address, made when it is first needed."""
        if address not in self._contexts:
            unnamed = self.folder / f"{address}-unnamed.pem" if tls.unnamed else None
            self._contexts[address] = contexts.context(tls, self.path(address), unnamed)
        return self._contexts[address]
