"""believe: a signature file -> openpgp -> gpgv -> trust -> signatures that count, or doubts.

Of what lies under the signature nothing is looked at here: it is only bytes.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from stpolicy import openpgp, trust
from stpolicy.errors import Misuse
from stpolicy.gpg.verify import answer
from stpolicy.model.signature import Signatures


@dataclass(frozen=True, slots=True)
class Pins:
    """Who may sign: a binary key ring, the fingerprints of the primary keys that count, and how many must."""

    ring: bytes
    signers: frozenset[str]
    threshold: int = 1


def pins(ring: bytes, ring_name: str, signers: Collection[str], threshold: int) -> Pins:
    """The pins, if they can be met at all; Misuse says why not."""
    if not signers:
        raise Misuse("no signer is pinned", "name the fingerprint of the list's key with --signer")
    try:
        binary = openpgp.key_ring(ring)
        pinned = frozenset(trust.fingerprint(signer) for signer in signers)
        held = openpgp.primary_fingerprints(binary) & pinned
    except openpgp.NotAsExpected as wrong:
        raise Misuse(f"{ring_name}: {wrong}", "stpolicy keys export writes one") from wrong
    except ValueError as wrong:
        raise Misuse(str(wrong), "short key ids can be forged; use the whole fingerprint") from wrong
    if not 1 <= threshold <= len(pinned):
        raise Misuse(f"a threshold of {threshold} cannot be met by {len(pinned)} pinned signers")
    if len(held) < threshold:
        raise Misuse(
            f"{ring_name} holds {len(held)} of the pinned keys; {threshold} are needed",
            "get the key ring and the fingerprints from the maintainer of the list",
        )
    return Pins(binary, pinned, threshold)


def believe(data: bytes, signature: bytes, who: Pins, *, now: datetime) -> Signatures:
    """Whether the signature file holds what it should, and what gpgv says of it.

    gpgv gets the packets that were looked at and not the armour, which it could read in another way.
    """
    try:
        found = openpgp.signatures(signature)
    except openpgp.NotAsExpected as wrong:
        return Signatures((), ((wrong.doubt, str(wrong)),))
    said = answer(data, b"".join(packet.raw for packet in found), who.ring)
    return trust.judge(said, signers=who.signers, threshold=who.threshold, now=now)
