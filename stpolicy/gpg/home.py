"""A GnuPG home: its secret keys, and what they can do."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stpolicy.errors import StpolicyError
from stpolicy.gpg import child
from stpolicy.model.dates import Instant

_ABSENT = "#"
"""How a listing marks a secret key whose secret part is not in this home."""

DEADLINE = 120
"""Seconds that gpg may take for one task: long enough to find a card and type a passphrase."""


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A secret key of a GnuPG home; `fault` says why it cannot sign, and is empty when it can."""

    fingerprint: str
    """Of the primary key."""
    name: str
    subkeys: tuple[str, ...]
    created: Instant
    """When the youngest part of it that signs was made."""
    fault: str


@dataclass(frozen=True, slots=True)
class Home:
    """The GnuPG home in `folder`, or the user's own. Every task is ended after `deadline` seconds."""

    folder: Path | None = None
    deadline: float = DEADLINE
    passphrase: str | None = None

    def secret_keys(self) -> list[SecretKey]:
        """Every secret key, those that cannot sign included."""
        return [
            SecretKey(
                key["fingerprint"],
                key["name"],
                tuple(subkey["fingerprint"] for subkey in key["subkeys"]),
                _created(key),
                _fault(key),
            )
            for key in self._ask("keys")
        ]

    def sign(self, data: bytes, signer: str, *, at: Instant | None = None) -> bytes:
        """An armoured detached signature over `data`, digest SHA-512.

        `signer` is a fingerprint, with `!` behind it for exactly that sub-key. `at` is the time that
        gpg shall believe it is; by default it looks at the clock.
        """
        result = self._ask(
            "sign",
            data=base64.b64encode(data).decode("ascii"),
            signer=signer,
            passphrase=self.passphrase,
            options=["--faked-system-time", f"{at.seconds}!"] if at else [],
        )
        # A signature can be announced although gpg fails afterwards, so both must be right.
        if result["code"] or result["kind"] != "D" or not result["signature"]:
            raise StpolicyError(
                f"gpg cannot sign with {signer.rstrip('!')}: {_reason(result)}", _mend(result)
            )
        return str(result["signature"]).encode("ascii")

    def public_keys(self, fingerprints: list[str]) -> bytes:
        """A binary key ring with exactly these keys, or with all that the home has."""
        return base64.b64decode(self._ask("export", fingerprints=fingerprints))

    def make_key(self, name: str, email: str, lifetime: str, *, protected: bool) -> str:
        """Makes an Ed25519 key that can only sign and certify; returns its fingerprint."""
        lines = ["Key-Type: EDDSA", "Key-Curve: ed25519", "Key-Usage: sign", f"Name-Real: {name}"]
        lines += [f"Name-Email: {email}"] if email else []
        lines += [f"Expire-Date: {lifetime}"]
        if self.passphrase:
            lines.append(f"Passphrase: {self.passphrase}")
        elif not protected:
            lines.append("%no-protection")
        result = self._ask("make", wanted="\n".join([*lines, "%commit", ""]))
        if not result["fingerprint"]:
            raise StpolicyError(
                f"gpg cannot make a key: {_reason(result)}",
                _mend(result, "`gpg --full-generate-key` says more"),
            )
        return str(result["fingerprint"])

    def _ask(self, task: str, **arguments: Any) -> Any:
        return child.ask(task, self.deadline, self.folder, **arguments)


def _created(key: dict[str, Any]) -> Instant:
    parts = [key, *(subkey for subkey in key["subkeys"] if "s" in subkey["capabilities"])]
    return Instant(max(int(part["created"]) for part in parts))


def _fault(key: dict[str, Any]) -> str:
    """Why a key cannot sign. Upper-case capabilities are those of the whole key that can be used now."""
    if key["validity"] == "r":
        return "is revoked"
    if key["validity"] == "e":
        return (
            f"has expired ({Instant(int(key['expires']))})" if key["expires"].isdecimal() else "has expired"
        )
    if key["validity"] == "i" or "D" in key["capabilities"]:
        return "is disabled or invalid"
    if "S" not in key["capabilities"]:
        return "cannot sign"
    parts = [key, *key["subkeys"]]
    if not any("s" in part["capabilities"] and part["token"] != _ABSENT for part in parts):
        return "has its secret part elsewhere"
    return ""


PROLONG = "prolong it: gpg --quick-set-expire FPR 2y"
_ASK = "use --passphrase-file, or let gpg-agent ask: export GPG_TTY=$(tty)"
_CARD = "insert the card and see `gpg --card-status`"
_HOME = "name a folder of your own with --homedir"
_NOT_THERE = "the card that holds the key is not there or does not answer"
_FAILURES = (
    ("KEYEXPIRED", "the key has expired", PROLONG),
    ("KEYREVOKED", "the key is revoked", "see `gpg --list-secret-keys`"),
    ("Bad passphrase", "the passphrase is wrong", _ASK),
    ("No SmartCard daemon", "the key is on a card, and the reader's program is missing", "install scdaemon"),
    ("SmartCard", _NOT_THERE, _CARD),
    ("Card not present", _NOT_THERE, _CARD),
    ("Card removed", _NOT_THERE, _CARD),
    ("Card error", _NOT_THERE, _CARD),
    ("Wrong card", "another card is in the reader", _CARD),
    ("Inappropriate ioctl", "a passphrase or a card is needed, and there is no terminal to ask on", _ASK),
    ("No pinentry", "a passphrase or a card is needed, and no pinentry is installed", _ASK),
    ("No passphrase given", "a passphrase is needed", _ASK),
    ("Operation cancelled", "the passphrase was not given", _ASK),
    ("can't create directory", "there is no GnuPG home, and none can be made", _HOME),
    ("Permission denied", "the GnuPG home may not be read or written", _HOME),
    (
        "No agent running",
        "gpg-agent does not start",
        "the path of the GnuPG home must be short, about 80 characters, since the agent's sockets lie there: "
        "name another one with --homedir",
    ),
    ("No secret key", "there is no such secret key", "see `gpg --list-secret-keys`"),
)
"""gpg's words, what they mean, and the next step."""


def _reason(result: dict[str, Any]) -> str:
    return next(
        (sentence for words, sentence, _ in _FAILURES if words in result["said"]), _last(result["said"])
    )


def _mend(result: dict[str, Any], otherwise: str = "see `gpg --list-secret-keys`") -> str:
    return next((mend for words, _, mend in _FAILURES if words in result["said"]), otherwise)


def _last(said: str) -> str:
    """The last line that is meant for people."""
    lines = [line for line in said.splitlines() if line and not line.startswith("[GNUPG:]")]
    return lines[-1].removeprefix("gpg: ") if lines else "it gave no reason"
