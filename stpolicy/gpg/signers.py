"""Which keys of a GnuPG home sign."""

from dataclasses import dataclass

from stpolicy.errors import Misuse, StpolicyError
from stpolicy.gpg.home import PROLONG, Home, SecretKey


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs, and what gpg is to call it: a sub-key that was asked for is named exactly."""

    key: SecretKey
    local_user: str


def primaries(signers: list[Signer]) -> tuple[str, ...]:
    """The fingerprints of their primary keys."""
    return tuple(signer.key.fingerprint for signer in signers)


def choose(home: Home, wanted: tuple[str, ...], *, able: bool = True) -> list[Signer]:
    """The keys that are to sign: those that are wanted, or the only one that can.

    With `able` false also keys that are revoked or have expired, for who wants to publish just that.
    """
    keys = home.secret_keys()
    if not wanted:
        return [_only(keys)]
    chosen: dict[str, Signer] = {}
    for fingerprint in wanted:
        key = next((k for k in keys if fingerprint in (k.fingerprint, *k.subkeys)), None)
        if key is None:
            raise StpolicyError(f"there is no secret key {fingerprint}", "see `gpg --list-secret-keys`")
        if key.fault and able:
            raise StpolicyError(f"the key {key.fingerprint} ({key.name}) {key.fault}", _mend(key))
        exact = fingerprint if fingerprint == key.fingerprint else f"{fingerprint}!"
        chosen.setdefault(key.fingerprint, Signer(key, exact))
    return list(chosen.values())


def _only(keys: list[SecretKey]) -> Signer:
    able = [key for key in keys if not key.fault]
    if len(able) == 1:
        return Signer(able[0], able[0].fingerprint)
    listed = "".join(
        f"; {key.fingerprint} {key.name}{f' ({key.fault})' if key.fault else ''}" for key in keys
    )
    if not able:
        mend = _mend(keys[0]) if keys else "stpolicy keys new"
        raise StpolicyError(f"there is no secret key that can sign{listed}", mend)
    raise Misuse(f"there are {len(able)} secret keys that can sign{listed}", "choose with --key")


def _mend(key: SecretKey) -> str:
    return PROLONG.replace("FPR", key.fingerprint) if "expired" in key.fault else "stpolicy keys new"
