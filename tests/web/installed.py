"""A state folder as `update` leaves it, for a service that serves what is in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stpolicy import store
from stpolicy.flows.believe import Pins, pins
from stpolicy.model.dates import instant
from stpolicy.model.mark import Mark
from tests.personas import Person, stamp


def today() -> datetime:
    """This moment, in whole seconds: a service in a process of its own has no other clock."""
    return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251


@dataclass(frozen=True)
class Installed:
    """`signer` is who is believed."""

    folder: Path
    signer: Person

    def put(self, data: bytes, signature: bytes, at: datetime) -> str:
        """Makes a pair the one that counts, whatever is in it; the name of its version."""
        self.folder.mkdir(exist_ok=True)
        mark = Mark(instant(at), instant(at), "0" * 64).text().encode()
        files = {"policy.json": data, "policy.json.asc": signature}
        return store.install(self.folder, f"{at:%Y%m%dT%H%M%SZ}", files, ("mark", mark))

    def serve(self, policies: Mapping[str, object], at: datetime, days: float = 14) -> bytes:
        """Signs a list of this date and puts it there; gives the list."""
        dates = {"timestamp": stamp(at), "expires": stamp(at + timedelta(days=days))}
        data = json.dumps({"version": "0.1", "policy-aliases": {}, **policies, **dates}).encode()
        self.put(data, self.signer.sign(data, at=at), at)
        return data

    @property
    def pins(self) -> Pins:
        return pins(self.signer.public, "the ring", [self.signer.fingerprint], 1)

    def options(self) -> list[str]:
        """Those of `serve`."""
        ring = self.folder.parent / f"{self.folder.name}.gpg"
        ring.write_bytes(self.signer.public)
        return ["--dir", str(self.folder), "--keyring", str(ring), "--signer", self.signer.fingerprint]
