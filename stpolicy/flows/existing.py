"""sign: what the signature that lies beside a list already means for signing it again."""

from dataclasses import dataclass
from datetime import datetime

from stpolicy import openpgp, rules
from stpolicy.flows.believe import Pins, believe
from stpolicy.gpg.home import Home
from stpolicy.model.dates import Instant
from stpolicy.model.file import File
from stpolicy.model.finding import Finding
from stpolicy.model.policy import PolicyList
from stpolicy.model.signature import Doubt, Signatures


@dataclass(frozen=True, slots=True)
class There:
    """What the signature that lies beside the list means for signing it."""

    overtaken: Finding | None = None
    """Somebody has signed something newer."""
    superseded: bool = False
    """These dates have been signed, over other bytes."""
    signers: frozenset[str] = frozenset()
    """Who has signed these very bytes."""
    strangers: frozenset[str] = frozenset()
    """Keys that have signed these bytes as far as can be told, which cannot be checked here."""


def look(existing: File | None, file: File, policies: PolicyList, home: Home, now: datetime) -> There:
    """Reads and checks what is there with the keys of this home."""
    if existing is None:
        return There()
    try:
        packets = openpgp.signatures(existing.data)
    except openpgp.NotAsExpected:
        return There()  # no signature that anybody could rely on
    made = [packet.made for packet in packets if packet.made]
    written = policies.timestamp.instant
    if not made or max(made) < written:
        return There()
    known = own_pins(home)
    verdict = believe(file.data, existing.data, known, now=now)
    if verdict.trusted:
        return There(signers=frozenset(signature.signer for signature in verdict.counted))
    if max(made) > written:
        return There(overtaken=objection(existing, verdict, newer=max(made), than=written))
    return _one_by_one(packets, file, known, now)


def own_pins(home: Home) -> Pins:
    """The keys that the GnuPG home has: colleagues' keys must have been imported."""
    ring = home.public_keys([])
    return Pins(ring, openpgp.primary_fingerprints(ring))


def objection(
    existing: File, verdict: Signatures, *, newer: Instant | None = None, than: Instant | None = None
) -> Finding:
    """Why the list is not signed beside, or over, the signature that is there."""
    doubt, why = verdict.doubts[0] if verdict.doubts else (Doubt.BAD, "there is no signature that counts")
    code = f"signature.{doubt}"
    severity = next(rule.severity for rule in rules.SIGNATURE if rule.code == code)
    message = f"the signature that is there does not verify: {why}"
    mend = "import the key of who signed, or fetch the list that was signed"
    if newer:
        message = f"{message}; it was made at {newer}, after the list's timestamp ({than})"
        mend = (
            "somebody may have signed something newer: fetch it; if you edited this list, stpolicy bump first"
        )
    return Finding(code, severity, message, None, existing.name, mend=mend)


def _one_by_one(packets: list[openpgp.SignaturePacket], file: File, known: Pins, now: datetime) -> There:
    """What signatures of the list's own date say that do not verify together.

    One that is not over these bytes: they were edited since. One that cannot be checked is taken to be
    over what the others are over; without others, over anything.
    """
    signers, strangers = set(), set()
    for packet in packets:
        alone = openpgp.armoured(openpgp.SIGNATURE, packet.raw)
        verdict = believe(file.data, alone, known, now=now)
        if verdict.trusted:
            signers.add(verdict.counted[0].signer)
        elif {doubt for doubt, _ in verdict.doubts} <= {Doubt.UNKNOWN_SIGNER, Doubt.BAD_KEY}:
            strangers.add(packet.issuer or "a key that it does not name")
        else:
            return There(superseded=True)
    return There(None, not signers, frozenset(signers), frozenset(strangers))
