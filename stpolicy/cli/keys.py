"""keys new, keys export: the signing key, and what servers need of it."""

from pathlib import Path
from typing import Annotated

import typer

from stpolicy.cli import _door, _inputs, _options
from stpolicy.cli._app import keys as group
from stpolicy.cli._command import command
from stpolicy.errors import Misuse


@command(
    group,
    "new",
    group="keys",
    example='stpolicy keys new --name "Example policy list" --email list@example.org',
)
def new(
    name: Annotated[
        str, typer.Option("--name", metavar="TEXT", help="Whose key it is.")
    ] = "STARTTLS policy list",
    email: Annotated[str, typer.Option("--email", metavar="ADDRESS", help="Where to ask about it.")] = "",
    lifetime: Annotated[
        str,
        typer.Option("--lifetime", metavar="TIME", help="Until the key expires: 2y, 18m, 365d; 0 for never."),
    ] = "2y",
    no_passphrase: Annotated[
        bool,
        typer.Option("--no-passphrase", help="Leave the key unprotected, for a machine that signs alone."),
    ] = False,
    passphrase_file: _options.PassphraseFile = None,
    homedir: _options.Homedir = None,
    gpg_timeout: _options.GpgTimeout = 120,
    quiet: bool = False,
) -> int:
    """Make a signing key: Ed25519, for signing alone, with an expiry.

    gpg-agent asks for the passphrase unless --passphrase-file or --no-passphrase is given. Prints the
    fingerprint.
    """
    from stpolicy.flows import keys as flow

    if no_passphrase and passphrase_file:
        raise Misuse("--no-passphrase and --passphrase-file contradict each other")
    home = _inputs.home(homedir, passphrase_file, gpg_timeout)
    fingerprint = flow.new(home, name=name, email=email, lifetime=lifetime, protected=not no_passphrase)
    with _door.after(f"the key {fingerprint} is made"):
        _door.result(f"{fingerprint}\n")
    _door.say("next: stpolicy keys export --to DIR; keep a copy of the secret key off-line", quiet=quiet)
    return _door.DONE


@command(group, "export", group="keys", example="stpolicy keys export --to .")
def export(
    to: Annotated[
        Path, typer.Option("--to", metavar="DIR", help="Where trusted.asc and trusted.gpg go.")
    ] = Path(),
    key: _options.Key = None,
    homedir: _options.Homedir = None,
    gpg_timeout: _options.GpgTimeout = 120,
    quiet: bool = False,
) -> int:
    """Write the public key as trusted.asc and trusted.gpg, and print the fingerprint that servers pin."""
    from stpolicy import store
    from stpolicy.flows import keys as flow

    _inputs.check_folder(to)
    public = flow.export(_inputs.home(homedir, None, gpg_timeout), _inputs.fingerprints(key))
    store.write_all({to / "trusted.asc": public.armoured, to / "trusted.gpg": public.binary})
    pinned = ", ".join(f'"{fingerprint}"' for fingerprint in public.fingerprints)
    written = f"{to / 'trusted.asc'} and {to / 'trusted.gpg'} are written"
    with _door.after(written):
        _door.result(f"signer = [{pinned}]\n")
    for fault in public.faults:
        _door.say(f"warning: {fault}: no server believes what it signs", quiet=quiet)
    _door.say(written, quiet=quiet)
    return _door.DONE
