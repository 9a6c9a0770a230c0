"""verify: signature, signer, expiry, rollback."""

from typing import Annotated

import typer

from stpolicy.cli import _door, _inputs, _options
from stpolicy.cli._app import app
from stpolicy.cli._command import LIST_DEFAULT, command
from stpolicy.document.codes import LARGEST
from stpolicy.output import report as text


@command(
    app,
    "verify",
    example="""
    stpolicy verify --keyring trusted.asc --signer 0123456789ABCDEF0123456789ABCDEF01234567
    stpolicy verify policy.json --newer-than git:HEAD~1 --config /etc/stpolicy/stpolicy.toml
    """,
)
def verify(
    list_path: _options.List = LIST_DEFAULT,
    signature: _options.Signature = None,
    keyring: _options.Keyring = None,
    signer: _options.Signer = None,
    threshold: _options.Threshold = 1,
    newer_than: Annotated[
        str | None,
        typer.Option(
            "--newer-than",
            metavar="OLD",
            help="Refuse a list that is older than OLD: a file, git:REV or git:REV:PATH.",
        ),
    ] = None,
    format_: _options.Plain = _options.PlainFormat.TEXT,
    now: _options.Now = None,
    output: _options.Output = None,
    max_size: _options.MaxSize = LARGEST,
    quiet: bool = False,
) -> int:
    """Verify a signed list as a mail server does.

    Signature by the pinned signers, their number, expiry, rollback, shape. Exit code 0 only if the
    pair may be used.
    """
    from stpolicy.flows import verify as flow

    _inputs.check_output(output, list_path, signature or _inputs.asc(list_path), *filter(None, [keyring]))
    who = _inputs.pins(keyring, signer, threshold)
    verdict = flow.verify(
        _inputs.read(list_path, largest=max_size),
        _inputs.signature_of(list_path, signature),
        who,
        now=_door.now(now),
        newer_than=_inputs.read_spec(newer_than, list_path, largest=max_size) if newer_than else None,
        largest=max_size,
    )
    signers = [found.signer for found in verdict.signatures.counted]
    _options.verdict(verdict.report, format_, output, verified=verdict.good, signers=signers)
    if verdict.good and verdict.policies:
        said = f"signed by {', '.join(signers)}; in force until {verdict.policies.expires}"
    else:
        said = f"not verified ({text.summary(verdict.report)})"
    _door.say(f"{list_path}: {said}", quiet=quiet)
    return _door.DONE if verdict.good else _door.FOUND
