"""sign: date, judge and sign a list."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stpolicy.cli import _door, _inputs, _options
from stpolicy.cli._app import app
from stpolicy.cli._command import LIST_DEFAULT, command
from stpolicy.document.codes import LARGEST
from stpolicy.errors import Misuse, StpolicyError
from stpolicy.model.finding import Severity
from stpolicy.openpgp import LARGEST as SIGNATURE_LARGEST

if TYPE_CHECKING:
    from stpolicy.flows.sign import Signed


@command(
    app,
    "sign",
    example="""
    stpolicy validate && stpolicy sign
    stpolicy sign --key 0123456789ABCDEF0123456789ABCDEF01234567
    stpolicy sign --add
    """,
)
def sign(
    list_path: _options.ListInPlace = LIST_DEFAULT,
    key: _options.Key = None,
    add: Annotated[
        bool, typer.Option("--add", help="Add a signature to those that are there; never re-dates.")
    ] = False,
    days: _options.DaysIfAsked = None,
    no_bump: Annotated[
        bool, typer.Option("--no-bump", help="Refuse old dates instead of writing new ones.")
    ] = False,
    passphrase_file: _options.PassphraseFile = None,
    homedir: _options.Homedir = None,
    gpg_timeout: _options.GpgTimeout = 120,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="ASC", help="Where the signature goes; LIST.asc if not given."
        ),
    ] = None,
    format_: _options.Plain = _options.PlainFormat.TEXT,
    now: _options.Now = None,
    max_size: _options.MaxSize = LARGEST,
    quiet: bool = False,
    typed: frozenset[str] = frozenset(),
) -> int:
    """Sign a list: detached and ASCII-armoured, into LIST.asc.

    The list must pass the rules. It is dated anew first when its dates are older than an hour, or when
    --days asks for another life. The signature is verified with the public key alone before anything
    is written.
    """
    from stpolicy import store
    from stpolicy.flows import sign as flow
    from stpolicy.model.file import File
    from stpolicy.suffixes import PublicSuffixes

    if str(list_path) == "-":
        raise Misuse("standard input cannot be signed in place", "name a file")
    if "days" in typed and (add or no_bump):
        raise Misuse(
            f"--days writes new dates, which {'--add' if add else '--no-bump'} never does", "leave one out"
        )
    file = _inputs.read(list_path, largest=max_size)
    target = output or _inputs.asc(list_path)
    if target.resolve() == list_path.resolve():
        raise Misuse(f"--output {target} is the list itself", "name another file")
    lying_there = store.read_if_there(target, SIGNATURE_LARGEST)
    if output and lying_there and not lying_there.startswith(b"-----BEGIN PGP SIGNATURE-----"):
        raise Misuse(f"--output {target} is there and is no signature", "name another file")
    life = None if days is None else timedelta(days=days)
    terms = flow.Terms(_inputs.fingerprints(key), life, not no_bump, now is not None, max_size)
    signed = (flow.add if add else flow.sign)(
        file,
        None if lying_there is None else File(str(target), lying_there),
        _inputs.home(homedir, passphrase_file, gpg_timeout),
        terms,
        now=_door.now(now),
        suffixes=PublicSuffixes(),
    )
    if signed.report.failed:
        _options.verdict(signed.report, format_, signed=False, signers=[])
        _door.say(f"{list_path} was not signed")
        return _door.FOUND
    _write(list_path, file.data, target, lying_there, signed)
    warnings = signed.report.at_least(Severity.WARNING)
    with _door.after(f"{target} is written"):
        _options.verdict(warnings, format_, signed=True, signers=list(signed.signers), redated=signed.redated)
    _door.say(_sentence(target, signed), quiet=quiet)
    if signed.dropped:
        names = ", ".join(sorted(signed.dropped))
        _door.say(f"{target}: no longer signed by {names}, who can do so with --add", quiet=quiet)
    if signed.strangers:
        names = ", ".join(sorted(signed.strangers))
        said = f"a signature by {names} is no longer there; it could not be checked, since this GnuPG home"
        _door.say(
            f"{target}: {said} has not got a valid key for it: import that, and have it added", quiet=quiet
        )
    return _door.DONE


def _write(path: Path, before: bytes, target: Path, lying_there: bytes | None, signed: "Signed") -> None:
    """The list, then its signature: a crash between them leaves a pair that the next `sign` mends."""
    from stpolicy import store

    if path.read_bytes() != before or store.read_if_there(target, SIGNATURE_LARGEST) != lying_there:
        raise StpolicyError(f"{path} or {target} was changed while it was being signed", "sign it again")
    changed = {path.resolve(): signed.data} if signed.data != before else {}
    store.write_all({**changed, target: signed.signature})


def _sentence(target: Path, signed: "Signed") -> str:
    expires = signed.policies.expires if signed.policies else ""
    dated = "dated anew and " if signed.redated else ""
    return f"{target}: {dated}signed by {', '.join(signed.signers)}; in force until {expires}"
