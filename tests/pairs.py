"""Signed pairs in a folder, and the options that say whom to believe."""

import json
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

from tests import lists, packets
from tests.personas import LIST, SIGNED, People, Person, stamp

LATER = SIGNED + timedelta(minutes=10)


def dated(timestamp: datetime, expires: datetime | None = None, **fields: object) -> bytes:
    """A list of this date, in force for two weeks unless it is said how long."""
    end = expires or timestamp + timedelta(days=14)
    return lists.data(**({"timestamp": stamp(timestamp), "expires": stamp(end)} | fields))  # type: ignore[arg-type]


def sign(path: Path, *signers: Person, at: datetime = SIGNED) -> Path:
    """Signs what lies at `path` into `path`.asc, as gpg does without this program."""
    data = path.read_bytes()
    asc = packets.asc(*(signer.packet(data, at=at) for signer in signers))
    path.with_name(f"{path.name}.asc").write_bytes(asc)
    return path


def place(folder: Path, *signers: Person, data: bytes = LIST, at: datetime = SIGNED) -> Path:
    """Puts a signed pair into a folder."""
    path = folder / "policy.json"
    path.write_bytes(data)
    return sign(path, *signers, at=at)


def believing(people: People, *signers: Person) -> list[str]:
    """Options that pin signers; the key ring has everybody."""
    ring = people.folder / "ring.gpg"
    if not ring.exists():
        ring.write_bytes(people.ring)
    pinned = [option for signer in signers for option in ("--signer", signer.fingerprint)]
    return ["--keyring", str(ring), *pinned]


def believing_in(*signers: Person) -> list[str]:
    """Options that pin signers, with a key ring of theirs alone, in the folder above this one."""
    ring = Path("../only.gpg")
    ring.write_bytes(b"".join(signer.public for signer in signers))
    return ["--keyring", str(ring), *(o for s in signers for o in ("--signer", s.fingerprint))]


def codes(output: str) -> list[str]:
    """The codes in a report, be it text or JSON."""
    if output.startswith("{"):
        return sorted({finding["code"] for finding in json.loads(output)["findings"]})
    lines = [line.rpartition(" [")[2].partition("]")[0] for line in output.splitlines() if " [" in line]
    return sorted(set(lines))


def trusts(folder: Path, *signers: Person) -> bool:
    """Whether stock gpgv, with a key ring of these people alone, finds the pair in a folder good."""
    ring = folder.parent / "stock.gpg"
    ring.write_bytes(b"".join(signer.public for signer in signers))
    files = [ring, folder / "policy.json.asc", folder / "policy.json"]
    done = subprocess.run(["gpgv", "--keyring", *map(str, files)], capture_output=True, check=False)
    return done.returncode == 0


def snapshot(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """What lies in a folder, down to the inodes: a refusal leaves it as it was (T1, G17)."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_ino, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }
