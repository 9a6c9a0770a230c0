"""What the service is told when it starts. Plain values: each worker process gets a copy."""

from dataclasses import dataclass
from pathlib import Path

from stpolicy.flows.believe import Pins
from stpolicy.flows.check import Network


@dataclass(frozen=True, slots=True)
class Settings:
    """`database` is an address with its password; `keep` is in days."""

    database: str
    network: Network
    folder: Path
    who: Pins | None = None
    """Without pinned signers no list is served."""
    exclude: Path | None = None
    at_once: int = 16
    """Scans at once, in each process; 0 leaves them to workers."""
    limit: str = "120/hour"
    """New scans of one client, in the notation of the library `limits`."""
    keep: int = 90
    host: str = "127.0.0.1"
    port: int = 8080
    processes: int = 1
    proxies: tuple[str, ...] = ()
    """Addresses and networks whose X-Forwarded-For is believed."""
    contact: str = ""
    """A mail address or an https:// URL, for those whose mail servers are looked at."""
