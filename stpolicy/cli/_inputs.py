"""What options name, read and checked: lists, signatures, pinned signers, GnuPG homes."""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from stpolicy.errors import Misuse, Refused, StpolicyError
from stpolicy.model.file import File
from stpolicy.model.names import canonical, host_fault
from stpolicy.model.table import Table

if TYPE_CHECKING:
    from datetime import datetime

    from stpolicy.fetch import Source
    from stpolicy.flows.believe import Pins
    from stpolicy.flows.state_folder import Settings
    from stpolicy.gpg.home import Home
    from stpolicy.model.observation import MxAnswer

LONGEST_PASSPHRASE = 4096
"""Bytes of its file."""

_DNS_SECONDS = 20


def read(path: Path, *, largest: int) -> File:
    """The bytes of a list; one more than allowed is enough to refuse it."""
    if str(path) == "-":
        return File("<stdin>", sys.stdin.buffer.read(largest + 1))
    try:
        with path.open("rb") as file:
            return File(str(path), file.read(largest + 1))
    except FileNotFoundError as wrong:
        raise StpolicyError(f"{path} is not there", "name the file, or go to its folder") from wrong
    except IsADirectoryError as wrong:
        raise StpolicyError(f"{path} is a directory", "name a file in it") from wrong
    except PermissionError as wrong:
        mend = f"let who runs this read it: ls -l {path}"
        raise StpolicyError(f"{path} cannot be read: {wrong.strerror}", mend) from wrong
    except (OSError, ValueError) as wrong:
        raise StpolicyError(f"{path} cannot be read: {getattr(wrong, 'strerror', wrong)}") from wrong


@contextmanager
def opened(path: Path, what: str) -> Iterator[BinaryIO]:
    """A file of settings, or one to be read line by line; Misuse, which says that it is `what`, for none."""
    try:
        with path.open("rb") as file:
            yield file
    except OSError as wrong:
        raise Misuse(f"{what} {path} cannot be read: {wrong.strerror}") from wrong


def named(path: Path, what: str, *, largest: int) -> File:
    """What a file of settings holds, as far as it is needed to refuse one that is too large."""
    with opened(path, what) as file:
        return File(str(path), file.read(largest + 1))


def read_spec(spec: str, path: Path, *, largest: int) -> File:
    """A list that is named as a path, `git:REV` or `git:REV:PATH`."""
    from stpolicy import git

    if git.is_revision(spec):
        return File(*git.read(spec, path))
    return read(Path(spec), largest=largest)


def check_output(output: Path | None, *inputs: str | Path) -> None:
    """Misuse when a result would overwrite what it is about."""
    if output is not None and any(output.resolve() == Path(name).resolve() for name in inputs):
        raise Misuse(f"--output {output} is what the command reads", "name another file")


def check_folder(folder: Path) -> None:
    """Misuse when there is no folder to put something into."""
    if not folder.is_dir():
        if folder.exists():
            raise Misuse(f"{folder} is no folder", "name the folder that the files go into")
        raise Misuse(f"the folder {folder} is not there", f"mkdir -p {folder}")


def check_stdin(*names: str | None) -> None:
    """Misuse when standard input is to be read twice."""
    if names.count("-") > 1:
        raise Misuse("standard input can be read only once", "name a file")


def pins(keyring: Path | None, signer: Iterable[str] | None, threshold: int) -> "Pins":
    """The pinned signers; Misuse when they are not enough to verify anything."""
    from stpolicy import openpgp
    from stpolicy.flows.believe import pins as pinned

    if keyring is None:
        raise Misuse("no key ring is given", "name the file with the signers' public keys with --keyring")
    ring = named(keyring, "the key ring", largest=openpgp.LARGEST_RING)
    return pinned(ring.data, ring.name, list(signer or ()), threshold)


def installed(folder: Path, who: "Pins", now: "datetime", largest: int) -> File:
    """The list of the installed pair, verified; Refused when there is none that verifies, or an older one."""
    from stpolicy.fetch import LIST
    from stpolicy.flows.installed import installed, read_mark

    there = installed(folder, who, now=now, largest=largest, mark=read_mark(folder))
    if there and there.behind:
        message = f"the list in {folder} is older than one that was there before"
        raise Refused(message, "stpolicy update installs a newer one, or says why not")
    if there is None:
        raise Refused(f"{folder} holds no list that verifies", "stpolicy update installs one")
    return File(str(folder / "current" / LIST), there.data)


def check_ca_file(path: Path | None) -> None:
    """Misuse for roots that are no file."""
    if path is not None and not path.is_file():
        raise Misuse(f"--ca-file {path} is no file", "name one with the roots to trust, in PEM")


def source(
    url: str, ca_file: Path | None, largest: int, *, allow_http: bool, deadline: float | None = None
) -> "Source":
    """Where a list is fetched; Misuse for a URL that will not be, or roots that are no file."""
    from stpolicy import fetch, openpgp

    check_ca_file(ca_file)
    seconds = fetch.DEADLINE if deadline is None else deadline
    found = fetch.Source(fetch.list_url(url), largest, openpgp.LARGEST, ca_file, allow_http, seconds)
    found.check()
    return found


def fingerprints(keys: Iterable[str] | None) -> tuple[str, ...]:
    """The fingerprints of `--key`, whole ones only."""
    from stpolicy.trust import fingerprint

    try:
        return tuple(dict.fromkeys(fingerprint(key.removesuffix("!")) for key in keys or ()))
    except ValueError as wrong:
        raise Misuse(f"--key {wrong}", "see `gpg --list-secret-keys`") from wrong


def home(folder: Path | None, passphrase_file: Path | None, deadline: int) -> "Home":
    """The GnuPG home to sign with."""
    from stpolicy.gpg.home import Home

    _check_home(folder)
    passphrase = None if passphrase_file is None else _passphrase(passphrase_file)
    return Home(folder.absolute() if folder else None, deadline, passphrase)


def _passphrase(path: Path) -> str:
    """The first line of a file."""
    what = "the passphrase file"
    data = named(path, what, largest=LONGEST_PASSPHRASE).data
    if len(data) > LONGEST_PASSPHRASE:
        raise Misuse(f"{what} {path} has more than {LONGEST_PASSPHRASE} bytes")
    try:
        line = re.split(r"\r|\n", data.decode("utf-8"), maxsplit=1)[0]
    except UnicodeDecodeError as wrong:
        raise Misuse(f"{what} {path} cannot be read: {wrong}") from wrong
    if not line:
        raise Misuse(f"{path} holds no passphrase")
    return line


def _check_home(folder: Path | None) -> None:
    """Misuse for a GnuPG home that is none: gpg would say that there is no key."""
    named = Path(folder or os.environ.get("GNUPGHOME") or "/")
    if named.is_dir():
        return
    if named.exists():
        raise Misuse(f"the GnuPG home {named} is no folder", "name another one")
    raise Misuse(f"the GnuPG home {named} is not there", f"name another one, or mkdir -m 700 {named}")


def signature_of(path: Path, signature: Path | None) -> File:
    """The signature that belongs to a list."""
    from stpolicy import openpgp

    if signature is None and str(path) == "-":
        raise Misuse("a list from standard input has no signature beside it", "name it with --signature")
    return read(signature or asc(path), largest=openpgp.LARGEST)


def asc(path: Path) -> Path:
    """LIST.asc."""
    if not path.name:  # `.` and `/`
        raise StpolicyError(f"{path} is a directory", "name a file in it")
    return path.with_name(f"{path.name}.asc")


def table(text: str | None) -> Table | None:
    """A table as `--map` names it."""
    if text is None:
        return None
    found = Table.read(text)
    if not found.kind or not found.name:
        raise Misuse(f"--map {text!r} is not TYPE:PATH", "write it like lmdb:/var/lib/stpolicy/maps/policy")
    return found


def settings(chosen: Path | None, keyring: Path | None, overlays: Iterable[Path] | None) -> "Settings":
    """Where the settings of this run lie, `chosen` or the system's, and the files that they name."""
    from stpolicy import config
    from stpolicy.flows.state_folder import Settings

    usual = config.SYSTEM if config.SYSTEM.is_file() else None
    names = [*([keyring] if keyring else []), *(overlays or ())]
    return Settings(chosen or usual, tuple(names), is_chosen=chosen is not None)


def exchanges(name: str) -> "MxAnswer":
    """The mail servers of a domain, by the name servers of this system."""
    import asyncio

    from stpolicy.checker.dns import Resolver

    async def asked() -> "MxAnswer":
        with Resolver(None, timeout=_DNS_SECONDS) as resolver:
            return await resolver.mx(name)

    return asyncio.run(asked())


def domain(name: str) -> str:
    """A domain in canonical form."""
    if fault := host_fault(canonical(name)):
        raise Misuse(f"{name!r} {fault}")
    return canonical(name)


def mail_host(text: str) -> str:
    """A mail server as Postfix names one that it does not look for in DNS: [HOST] or [HOST]:PORT.

    Given are HOST, HOST:PORT, an address, or [ADDRESS]:PORT.
    """
    found = re.fullmatch(r"\[([^]]*)\](?::([0-9]{1,5}))?|([^:]*)(?::([0-9]{1,5}))?|(.*:.*)", text)
    inside, port_inside, plain, port_plain, rest = found.groups() if found else (None,) * 5
    host, port = inside or plain or rest or "", port_inside or port_plain
    try:
        name = f"ipv6:{host}" if ip_address(host).version == 6 else host
    except ValueError:
        name = domain(host)
    return f"[{name}]:{port}" if port else f"[{name}]"
