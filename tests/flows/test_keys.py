"""Making and exporting keys, without a gpg."""

from dataclasses import dataclass

import pytest

from stpolicy.errors import Misuse, StpolicyError
from stpolicy.flows import keys
from stpolicy.gpg.home import Home, SecretKey
from stpolicy.model.dates import Instant
from tests import packets
from tests.test_openpgp import V6_FINGERPRINT, V6_KEY


@dataclass(frozen=True, slots=True)
class Pretended(Home):
    """A home with one key, whose export is what a test says."""

    ring: bytes = V6_KEY

    def secret_keys(self) -> list[SecretKey]:
        return [SecretKey(V6_FINGERPRINT, "Alice", (), Instant(0), "")]

    def public_keys(self, fingerprints: list[str]) -> bytes:
        assert fingerprints == [V6_FINGERPRINT]
        return self.ring

    def make_key(self, name: str, email: str, lifetime: str, *, protected: bool) -> str:
        return f"{name}|{email}|{lifetime}|{protected}"


def test_export() -> None:
    public = keys.export(Pretended(), ())
    assert (public.binary, public.fingerprints) == (V6_KEY, (V6_FINGERPRINT,))


@pytest.mark.parametrize(
    "ring", [b"", packets.packet(packets.PUBLIC_KEY, b"\x04" + bytes(40)), V6_KEY + V6_KEY[:1]]
)
def test_an_export_of_something_else(ring: bytes) -> None:
    with pytest.raises(StpolicyError, match="did not export"):
        keys.export(Pretended(ring=ring), ())


@pytest.mark.parametrize("lifetime", ["0", "1", "365", "2y", "18m", "52w", "99999d"])
def test_lifetimes(lifetime: str) -> None:
    made = keys.new(Pretended(), name="Alice", email="a@b", lifetime=lifetime, protected=True)
    assert made == f"Alice|a@b|{lifetime}|True"


@pytest.mark.parametrize(
    "lifetime", ["", "00", "y", "2 y", "2y ", "2yy", "-2y", "+2", "２y", "999999", "2y\n", "none"]
)
def test_what_is_no_lifetime(lifetime: str) -> None:
    with pytest.raises(Misuse):
        keys.new(Pretended(), name="Alice", email="", lifetime=lifetime, protected=True)
