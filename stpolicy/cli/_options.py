"""Options that several commands share, so that they read the same everywhere."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from stpolicy.cli import _door

if TYPE_CHECKING:
    from stpolicy.model.finding import Report


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
Domain = Annotated[str, typer.Argument(metavar="DOMAIN", show_default=False)]
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
AllowHttp = Annotated[bool, typer.Option("--allow-http", help="Let URLs be http on the loopback interface.")]
FetchTimeout = Annotated[
    int, typer.Option("--timeout", metavar="S", min=1, help="Seconds for one server in all.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change; write nothing.")]


def rendered(report: "Report", format_: ReportFormat, *, to_file: bool = False) -> str:
    """The report in the format that was asked for."""
    from stpolicy import rules
    from stpolicy.document.codes import DOCUMENT
    from stpolicy.output import report as text

    match format_:
        case ReportFormat.TEXT:
            return text.text(report, colour=not to_file and _door.colour())
        case ReportFormat.JSON:
            return text.as_json(report)
        case ReportFormat.GITHUB:
            return text.github(report)
        case ReportFormat.SARIF:
            return text.sarif(report, rules.ALL, DOCUMENT, version())
    assert_never(format_)


def verdict(report: "Report", format_: PlainFormat, output: Path | None = None, **facts: object) -> None:
    """Prints what a command found, and in JSON also the facts that it ends with."""
    from stpolicy.output import report as text

    if format_ is PlainFormat.JSON:
        _door.result(text.as_json(report, **facts), output)
    else:
        _door.result(text.text(report, colour=output is None and _door.colour()), output)


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
DaysIfAsked = Annotated[
    int | None,
    typer.Option(
        "--days",
        metavar="N",
        min=1,
        max=3650,
        help="Days until the list expires, 14 if not given; a list with another life is dated anew.",
    ),
]
STATE = Path("/var/lib/stpolicy")
Dir = Annotated[
    Path, typer.Option("--dir", metavar="DIR", help="Where the list, its maps and its state are kept.")
]
Map = Annotated[
    str | None, typer.Option("--map", metavar="TYPE:PATH", help="The map that is made of the list.")
]
PostfixConfig = Annotated[
    Path | None,
    typer.Option("--postfix-config", metavar="DIR", help="Postfix's configuration, if not the usual one."),
]
Resolver = Annotated[
    list[str] | None,
    typer.Option(
        "--resolver", metavar="IP[:PORT]", help="Ask this DNS server, and believe its AD. Repeatable."
    ),
]
Roots = Annotated[
    Path | None,
    typer.Option("--ca-file", metavar="PEM", help="Roots for mail servers and HTTPS, not Mozilla's."),
]
HttpsPort = Annotated[
    int,
    typer.Option("--https-port", metavar="N", min=1, max=65535, help="Where policies of MTA-STS are."),
]
Helo = Annotated[
    str | None,
    typer.Option("--helo", metavar="NAME", help="What we call ourselves; this host's name if not given."),
]
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout", metavar="S", min=0.1, help="Seconds for one connection; an address has four times that."
    ),
]
AllowPrivate = Annotated[
    bool,
    typer.Option("--allow-private", help="Connect to addresses that are not global too: for a laboratory."),
]
Exclude = Annotated[
    Path | None,
    typer.Option(
        "--exclude", metavar="FILE", help="Domains, one a line, not to be looked at, nor what is below them."
    ),
]
