"""Options that several commands share, so that they read the same everywhere."""

import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, assert_never

import typer

from stpolicy import config, git, rules
from stpolicy.cli import _door
from stpolicy.document.codes import DOCUMENT
from stpolicy.errors import Misuse
from stpolicy.flows.validate import Choice, File
from stpolicy.model.finding import Report
from stpolicy.output import report as output


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
Now = Annotated[str | None, typer.Option("--now", metavar="RFC3339", help="Judge as if it were this moment.")]
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
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change; write nothing.")]


def read(path: Path, *, largest: int) -> File:
    """The bytes of a list; one more than allowed is enough to refuse it."""
    if str(path) == "-":
        return File("<stdin>", sys.stdin.buffer.read(largest + 1))
    with path.open("rb") as file:
        return File(str(path), file.read(largest + 1))


def read_spec(spec: str, path: Path, *, largest: int) -> File:
    """A list that is named as a path, `git:REV` or `git:REV:PATH`."""
    if git.is_revision(spec):
        return File(*git.read(spec, path))
    return read(Path(spec), largest=largest)


def choice(
    select: Iterable[str] | None, ignore: Iterable[str] | None, accept: Iterable[str] | None
) -> Choice:
    """What a person wants to see; Misuse for a code that does not exist or cannot be accepted."""
    for pair in accept or ():
        code, _, where = pair.partition(":")
        config.checked_codes([code])
        if not code.startswith("history.") or code == "history.rolled_back":
            raise Misuse(
                f"{code} cannot be accepted", "only findings about what changed can be reviewed away"
            )
        if not where:
            raise Misuse(f"--accept {pair!r} names no domain", f"write {code}:example.com, or {code}:*")
    return Choice(config.checked_codes(select or ()), config.checked_codes(ignore or ()), tuple(accept or ()))


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
