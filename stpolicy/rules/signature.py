"""Rules about the detached signature of a list; trust.py decides, these say it."""

from collections.abc import Iterator

from stpolicy.model.finding import Problem, Severity
from stpolicy.model.signature import Doubt, Signatures
from stpolicy.rules._register import rule


def _doubts(signatures: Signatures, wanted: Doubt) -> Iterator[Problem]:
    for doubt, message in signatures.doubts:
        if doubt is wanted:
            yield Problem(message)


@rule("signature.malformed", Severity.ERROR)
def malformed(signatures: Signatures) -> Iterator[Problem]:
    """The signature file is not one armour with detached OpenPGP signatures.

    Fetch both files again. Who signs the list runs `stpolicy sign`.
    """
    yield from _doubts(signatures, Doubt.MALFORMED)


@rule("signature.bad", Severity.ERROR)
def bad(signatures: Signatures) -> Iterator[Problem]:
    """A signature is not one over these bytes.

    The list was changed after it was signed, or the two files are of different releases. Fetch both
    again; who signs the list runs `stpolicy sign`.
    """
    yield from _doubts(signatures, Doubt.BAD)


@rule("signature.unknown_signer", Severity.ERROR)
def unknown_signer(signatures: Signatures) -> Iterator[Problem]:
    """A signature is by a key that is not pinned, or not in the key ring.

    Only the pinned fingerprints of primary keys count; a name or an e-mail address in a key proves
    nothing. If the list has a new key, get its fingerprint from its maintainer by another way.
    """
    yield from _doubts(signatures, Doubt.UNKNOWN_SIGNER)


@rule("signature.bad_key", Severity.ERROR)
def bad_key(signatures: Signatures) -> Iterator[Problem]:
    """A signature is by a key that is revoked or has expired.

    Get the current key of the list's maintainer. A maintainer prolongs a key with
    `gpg --quick-set-expire FPR 2y`, and publishes it again.
    """
    yield from _doubts(signatures, Doubt.BAD_KEY)


@rule("signature.threshold", Severity.ERROR)
def threshold(signatures: Signatures) -> Iterator[Problem]:
    """Fewer different signers than asked for have signed.

    Two signatures by one person count once. Colleagues add theirs with `stpolicy sign --add`.
    """
    yield from _doubts(signatures, Doubt.THRESHOLD)


@rule("signature.future", Severity.ERROR)
def future(signatures: Signatures) -> Iterator[Problem]:
    """A signature is dated more than 24 hours ahead of the clock.

    Who accepts it refuses every honest one as older until then. Check the clocks on both sides.
    """
    yield from _doubts(signatures, Doubt.FUTURE)


@rule("signature.clock", Severity.ERROR)
def clock(signatures: Signatures) -> Iterator[Problem]:
    """The clock of this machine is before the day on which the signer's key was made.

    It looks like a forgery and is a clock that was never set. Set it, for example with a time daemon.
    """
    yield from _doubts(signatures, Doubt.CLOCK)


@rule("signature.weak_digest", Severity.ERROR)
def weak_digest(signatures: Signatures) -> Iterator[Problem]:
    """A signature uses a digest weaker than SHA-256.

    For SHA-1 and MD5 a second list with the same signature can be made. `stpolicy sign` uses SHA-512.
    """
    yield from _doubts(signatures, Doubt.WEAK_DIGEST)


@rule("signature.extra_data", Severity.ERROR)
def extra_data(signatures: Signatures) -> Iterator[Problem]:
    """The signature file holds more than signatures.

    Keys, messages or text in it could make a careless verifier look at them instead of the list.
    Publish exactly the file that `stpolicy sign` wrote.
    """
    yield from _doubts(signatures, Doubt.EXTRA_DATA)
