"""The door for programs: paths in, a list or a verdict out."""

from collections.abc import Collection, Iterable
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any

from stpolicy import config
from stpolicy.document import list as document
from stpolicy.flows import verify as flow
from stpolicy.flows.believe import pins
from stpolicy.flows.verify import Verdict
from stpolicy.model.file import File
from stpolicy.model.policy import PolicyList

Name = str | PathLike[str]


def load(path: Name) -> PolicyList:
    """Reads a policy list. Its form is checked; its rules, its dates and its signature are not: see `verify`.

    Raises stpolicy.errors.Refused when the file is no list of this format, and OSError when it cannot
    be read.
    """
    file = _file(path)
    return document.load(file.data, file.name)


def verify(
    path: Name,
    *,
    keyring: Name,
    signers: Collection[str],
    now: datetime,
    threshold: int = 1,
    signature: Name | None = None,
    newer_than: Name | None = None,
) -> Verdict:
    """Judges a signed list as a mail server does; only when the verdict is `good` may the list be used.

    `keyring` is a file with public keys, armoured or not; `signers` are whole fingerprints of primary
    keys, of which `threshold` must have signed. `signature` is PATH.asc if not given. `newer_than` is
    an earlier list: an older one than that is rolled back. `now` is aware of its zone.

    Raises stpolicy.errors.Misuse when the pinned signers could never be met, StpolicyError when gpgv
    cannot be run, and OSError when a file cannot be read.
    """
    _check_zone(now)
    ring = Path(keyring)
    return flow.verify(
        _file(path),
        _file(signature if signature is not None else f"{Path(path)}.asc"),
        pins(ring.read_bytes(), str(ring), signers, threshold),
        now=now,
        newer_than=_file(newer_than) if newer_than is not None else None,
    )


def check_domain(
    domain: str,
    patterns: Iterable[str] = (),
    *,
    now: datetime,
    helo: str | None = None,
    resolvers: Iterable[tuple[str, int]] = (),
    ca_file: Name | None = None,
    port: int = 25,
    https_port: int = 443,
    timeout: float = 60,
    legacy: bool = True,
    mta_sts: bool = True,
    dane: bool = True,
    allow_private: bool = False,
) -> dict[str, Any]:
    """Looks at the mail servers of a domain, as `stpolicy check --domain` does; returns its domain result.

    Names are held against the patterns; without any, against the names of the mail servers and of the
    domain. `helo` is what we call ourselves, by default this host. `resolvers` are (address, port), and
    are believed when they say that DNSSEC has validated; by default those of the system. `ca_file` has
    roots in PEM instead of Mozilla's. `timeout` is in seconds, for one connection; four times as long
    for all with one address. The rest are the options of the command.

    Runs an event loop of its own: RuntimeError within one. Raises stpolicy.errors.Misuse for what is no
    domain, pattern or name, and StpolicyError when we could not look at all; ValueError for an address, a
    port or a time that is none. Whatever a server does is a finding.
    """
    import asyncio

    from stpolicy.checker.smtp import Manner
    from stpolicy.checker.survey import Scope
    from stpolicy.flows import asked, check

    _check_zone(now)
    _check_loop()
    servers = tuple((_address(address), _port(number)) for address, number in resolvers)
    world = check.Network(
        Manner(config.helo(helo), _port(port), _seconds(timeout)),
        servers,
        Path(ca_file) if ca_file is not None else None,
        _port(https_port),
        Scope(mta_sts=mta_sts, dane=dane, allow_private=allow_private),
        probes=legacy,
    )
    wanted = asked.of_names([domain], None, "", patterns)
    results: list[dict[str, Any]] = []
    asyncio.run(check.check(wanted, world, results.append, now=now))
    return results[0]


def _check_loop() -> None:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("check_domain has an event loop of its own: call it by asyncio.to_thread here")


def _address(given: object) -> str:
    from ipaddress import ip_address

    return str(ip_address(str(given)))


def _port(given: object) -> int:
    if isinstance(given, int) and not isinstance(given, bool) and 0 < given < 65536:
        return given
    raise ValueError(f"{given!r} is no port: a number from 1 to 65535")


def _seconds(given: object) -> float:
    if isinstance(given, int | float) and not isinstance(given, bool) and 0 < given < float("inf"):
        return given
    raise ValueError(f"{given!r} is no number of seconds")


def _check_zone(now: datetime) -> None:
    if now.tzinfo is None:
        raise ValueError("now has no zone; take datetime.now(UTC)")


def _file(path: Name) -> File:
    return File(str(Path(path)), Path(path).read_bytes())
