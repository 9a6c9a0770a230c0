"""keys: make a signing key; the public files and the line that servers pin."""

import re
from dataclasses import dataclass

from stpolicy import openpgp
from stpolicy.errors import Misuse, StpolicyError
from stpolicy.gpg.home import Home
from stpolicy.gpg.signers import choose, primaries


@dataclass(frozen=True, slots=True)
class Public:
    """The public keys, armoured and binary, and their fingerprints."""

    armoured: bytes
    binary: bytes
    fingerprints: tuple[str, ...]
    faults: tuple[str, ...] = ()
    """Which of them are revoked or have expired, one sentence each."""


def new(home: Home, *, name: str, email: str, lifetime: str, protected: bool) -> str:
    """Makes a key and returns its fingerprint."""
    for what, text in (("name", name), ("e-mail address", email)):
        if not text.isprintable() or set(text) & set("<>"):
            raise Misuse(f"the {what} {text!r} cannot stand in a key")
    if email and not re.fullmatch(r"[^\s@]+@[^\s@]+", email):
        raise Misuse(f"{email!r} is no e-mail address")
    if len(name.strip()) < 5:
        raise Misuse(f"the name {name!r} is too short: gpg wants five characters")
    if not re.fullmatch(r"0|[1-9][0-9]{0,4}[dwmy]?", lifetime):
        raise Misuse(f"the lifetime {lifetime!r} is not like 2y, 18m, 52w or 365d")
    secret = home.passphrase or ""
    if secret != secret.strip(" \t\v\f"):
        raise Misuse("the passphrase begins or ends with a space", "gpg would drop it and make another one")
    return home.make_key(name, email, lifetime, protected=protected)


def export(home: Home, wanted: tuple[str, ...]) -> Public:
    """The public parts of the keys that sign; without a wish, of the only one that can."""
    signers = choose(home, wanted, able=False)
    fingerprints = primaries(signers)
    ring = home.public_keys(list(fingerprints))
    try:
        held = openpgp.primary_fingerprints(ring)
    except openpgp.NotAsExpected:
        held = frozenset()
    if held != set(fingerprints):
        raise StpolicyError("gpg did not export the keys that were asked for", "see `gpg --list-keys`")
    faults = [
        f"the key {signer.key.fingerprint} {signer.key.fault}" for signer in signers if signer.key.fault
    ]
    return Public(openpgp.armoured(openpgp.PUBLIC_KEY, ring), ring, fingerprints, tuple(faults))
