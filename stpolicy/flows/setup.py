"""setup: key and list from a URL -> the fingerprint that was given -> verify -> settings and key on disk.

Nothing is believed because it lies beside the list: the fingerprint comes from whoever types it.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stpolicy import fetch, openpgp, store, trust
from stpolicy.errors import Misuse, Refused
from stpolicy.fetch import KEYS, Source
from stpolicy.flows.believe import Pins, pins
from stpolicy.flows.verify import Verdict, verify
from stpolicy.model.file import File

SETTINGS = "stpolicy.toml"
LARGEST_RING = 1024 * 1024
"""Bytes of a published key ring."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written, and whom it makes the server trust; `verdict` is of the list that is live."""

    files: dict[Path, bytes]
    who: Pins
    verdict: Verdict

    def different(self) -> list[Path]:
        """The files that are there and say something else."""
        return [
            path
            for path, data in self.files.items()
            if (there := store.read_if_there(path, LARGEST_RING)) is not None and there != data
        ]


def plan(
    source: Source,
    signers: tuple[str, ...],
    threshold: int,
    etc: Path,
    settings: dict[str, object],
    *,
    now: datetime,
) -> Plan:
    """Fetches the published key and the list, and verifies both; Refused when they are not what was said."""
    url = f"{source.url.rpartition('/')[0]}/{KEYS}"
    source.check()
    published = fetch.get(
        url,
        largest=LARGEST_RING,
        ca_file=source.ca_file,
        deadline=source.deadline,
        redirects=fetch.MOST_REDIRECTS,  # as for the list: the fingerprint decides, not the place
    )
    wanted = _fingerprints(signers)
    try:
        held = openpgp.primary_fingerprints(openpgp.key_ring(published))
    except openpgp.NotAsExpected as wrong:
        raise Refused(f"{url}: {wrong}", "ask whoever publishes the list") from wrong
    if missing := [name for name in wanted if name not in held]:
        found = ", ".join(sorted(held)) or "none"
        raise Refused(
            f"{url} does not hold the key {missing[0]}; it holds {found}",
            "get the fingerprint from the maintainer of the list by another way, and compare each digit",
        )
    ring = openpgp.armoured(openpgp.PUBLIC_KEY, openpgp.only(openpgp.key_ring(published), set(wanted)))
    who = pins(ring, url, wanted, threshold)
    pair = fetch.pair(source)
    verdict = verify(
        File(source.url, pair.data),
        File(f"{source.url}.asc", pair.signature),
        who,
        now=now,
        largest=source.largest,
    )
    lines = _settings(source, wanted, threshold, settings, now)
    return Plan({etc / KEYS: ring, etc / SETTINGS: lines.encode()}, who, verdict)


def write(made: Plan) -> None:
    """Puts the files in place, the key first, for everybody to read."""
    for path in made.files:
        store.make_folder(path.parent)
    store.write_all(made.files)


def _fingerprints(signers: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(trust.fingerprint(signer) for signer in signers))
    except ValueError as wrong:
        raise Misuse(f"--signer {wrong}", "short key ids can be forged; use the whole fingerprint") from wrong


def _settings(
    source: Source, signers: tuple[str, ...], threshold: int, settings: dict[str, object], now: datetime
) -> str:
    """A file of settings that a person can go on with."""
    known: dict[str, object] = {"url": [source.url], "keyring": KEYS, "signer": list(signers)}
    known |= {"threshold": threshold} if threshold > 1 else {}
    known |= {"ca-file": str(source.ca_file.absolute())} if source.ca_file else {}
    known |= {"allow-http": True} if source.allow_http else {}
    lines = [
        f"# Written by stpolicy setup, {now:%Y-%m-%d}. Who may sign is decided here and nowhere else.",
        "",
    ]
    lines += [f"{key} = {_toml(value)}" for key, value in (known | settings).items()]
    return "\n".join([*lines, ""])


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case list():
            return f"[{', '.join(map(_toml, value))}]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
