"""Options that several commands share, so that they read the same everywhere."""

import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from stpolicy import git, openpgp, rules
from stpolicy.cli import _door
from stpolicy.document.codes import DOCUMENT
from stpolicy.errors import Misuse, StpolicyError
from stpolicy.flows.validate import File
from stpolicy.model.finding import Report
from stpolicy.output import report as output
from stpolicy.trust import fingerprint

if TYPE_CHECKING:
    from stpolicy.flows.verify import Pins
    from stpolicy.gpg.home import Home


class ReportFormat(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


class PlainFormat(StrEnum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"


List = Annotated[
    Path,
    typer.Argument(
        metavar="[LIST]", show_default=False, help="The list; policy.json if not given, - for standard input."
    ),
]
ListInPlace = Annotated[
    Path, typer.Argument(metavar="[LIST]", show_default=False, help="The list; policy.json if not given.")
]
ListOption = Annotated[Path, typer.Option("--list", metavar="FILE", help="The list.")]
Previous = Annotated[
    str | None,
    typer.Option(
        "--previous",
        metavar="OLD",
        help="Also judge what changed since OLD: a file, git:REV or git:REV:PATH.",
    ),
]
Format = Annotated[ReportFormat, typer.Option("--format", help="How to print findings.")]
Plain = Annotated[PlainFormat, typer.Option("--format", help="How to print the result.")]
Select = Annotated[
    list[str] | None,
    typer.Option("--select", metavar="CODE", help="Show only this code or family of codes. Repeatable."),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="CODE", help="Leave out this code or family of codes. Repeatable."),
]
Accept = Annotated[
    list[str] | None,
    typer.Option(
        "--accept",
        metavar="CODE:DOMAIN",
        help="A history finding that you have reviewed; * for one about the whole list. Repeatable.",
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Let warnings count as errors.")]


def _moment(given: str | None) -> str | None:
    """Refuses a bad `--now` before anything is looked at."""
    if given is not None:
        _door.now(given)
    return given


Now = Annotated[
    str | None,
    typer.Option("--now", metavar="RFC3339", callback=_moment, help="Judge as if it were this moment."),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write the result there, as one switch, instead of printing it.",
    ),
]
MaxSize = Annotated[int, typer.Option("--max-size", metavar="BYTES", min=1, help="Refuse a larger list.")]
CaFile = Annotated[
    Path | None,
    typer.Option("--ca-file", metavar="PEM", help="Roots for HTTPS, instead of Mozilla's."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change; write nothing.")]


def read(path: Path, *, largest: int) -> File:
    """The bytes of a list; one more than allowed is enough to refuse it."""
    if str(path) == "-":
        return File("<stdin>", sys.stdin.buffer.read(largest + 1))
    try:
        with path.open("rb") as file:
            return File(str(path), file.read(largest + 1))
    except FileNotFoundError as wrong:
        raise StpolicyError(f"{path} is not there", "name the file, or go to its folder") from wrong
    except (OSError, ValueError) as wrong:
        raise StpolicyError(f"{path} cannot be read: {getattr(wrong, 'strerror', wrong)}") from wrong


def read_spec(spec: str, path: Path, *, largest: int) -> File:
    """A list that is named as a path, `git:REV` or `git:REV:PATH`."""
    if git.is_revision(spec):
        return File(*git.read(spec, path))
    return read(Path(spec), largest=largest)


def check_output(output: Path | None, *inputs: str | Path) -> None:
    """Misuse when a result would overwrite what it is about."""
    if output is not None and any(output.resolve() == Path(name).resolve() for name in inputs):
        raise Misuse(f"--output {output} is what the command reads", "name another file")


def check_stdin(*names: str | None) -> None:
    """Misuse when standard input is to be read twice."""
    if names.count("-") > 1:
        raise Misuse("standard input can be read only once", "name a file")


def rendered(report: Report, format_: ReportFormat, *, to_file: bool = False) -> str:
    """The report in the format that was asked for."""
    match format_:
        case ReportFormat.TEXT:
            return output.text(report, colour=not to_file and _door.colour())
        case ReportFormat.JSON:
            return output.as_json(report)
        case ReportFormat.GITHUB:
            return output.github(report)
        case ReportFormat.SARIF:
            return output.sarif(report, rules.ALL, DOCUMENT, version())
    assert_never(format_)


def version() -> str:
    """The version of this program."""
    from importlib.metadata import version as installed

    return installed("stpolicy")


Keyring = Annotated[
    Path | None,
    typer.Option(
        "--keyring", metavar="FILE", help="Key ring with the signers' public keys, armoured or not."
    ),
]
Signer = Annotated[
    list[str] | None,
    typer.Option("--signer", metavar="FPR", help="Fingerprint of a signer's primary key, whole. Repeatable."),
]
Threshold = Annotated[
    int, typer.Option("--threshold", metavar="M", min=1, help="How many different signers must have signed.")
]
Signature = Annotated[
    Path | None,
    typer.Option("--signature", metavar="ASC", help="The signature; LIST.asc if not given."),
]
Key = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="FPR", help="Fingerprint of the signing key, whole. Repeatable."),
]
Homedir = Annotated[
    Path | None, typer.Option("--homedir", metavar="DIR", help="The GnuPG home, if not the usual one.")
]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help="File whose first line is the passphrase; gpg-agent asks if not given.",
    ),
]
GpgTimeout = Annotated[
    int, typer.Option("--gpg-timeout", metavar="S", min=1, help="Seconds that gpg may take for one task.")
]
Days = Annotated[
    int, typer.Option("--days", metavar="N", min=1, max=3650, help="Days until the list expires.")
]


def pins(keyring: Path | None, signer: Iterable[str] | None, threshold: int) -> "Pins":
    """The pinned signers; Misuse when they are not enough to verify anything."""
    from stpolicy.flows.verify import pins as pinned

    if keyring is None:
        raise Misuse("no key ring is given", "name the file with the signers' public keys with --keyring")
    try:
        ring = keyring.read_bytes()
    except OSError as wrong:
        raise Misuse(f"the key ring {keyring} cannot be read: {wrong.strerror}") from wrong
    return pinned(ring, str(keyring), list(signer or ()), threshold)


def fingerprints(keys: Iterable[str] | None) -> tuple[str, ...]:
    """The fingerprints of `--key`, whole ones only."""
    try:
        return tuple(dict.fromkeys(fingerprint(key.removesuffix("!")) for key in keys or ()))
    except ValueError as wrong:
        raise Misuse(f"--key {wrong}", "see `gpg --list-secret-keys`") from wrong


def home(folder: Path | None, passphrase_file: Path | None, deadline: int) -> "Home":
    """The GnuPG home to sign with."""
    from stpolicy.gpg.home import Home

    if folder is not None and not folder.is_dir():
        raise Misuse(f"the GnuPG home {folder} is no folder")
    passphrase = None
    if passphrase_file is not None:
        try:
            lines = passphrase_file.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as wrong:
            raise Misuse(f"{passphrase_file} cannot be read: {wrong}") from wrong
        passphrase = lines[0] if lines else ""
        if not passphrase:
            raise Misuse(f"{passphrase_file} holds no passphrase")
    return Home(folder.absolute() if folder else None, deadline, passphrase)


def signature_of(path: Path, signature: Path | None) -> File:
    """The signature that belongs to a list."""
    if signature is None and str(path) == "-":
        raise Misuse("a list from standard input has no signature beside it", "name it with --signature")
    return read(signature or asc(path), largest=openpgp.LARGEST)


def asc(path: Path) -> Path:
    """LIST.asc."""
    return path.with_name(f"{path.name}.asc")
