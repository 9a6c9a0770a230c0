"""The options of `render`, which `update` has too, and what they come to."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stpolicy.cli import _door, _inputs
from stpolicy.errors import Misuse, StpolicyError
from stpolicy.render.profile import Dane, Match, SuffixStyle, Version

if TYPE_CHECKING:
    from stpolicy.flows.options import Options
    from stpolicy.flows.render import Rendered
    from stpolicy.model.file import File
    from stpolicy.mta.postfix import Postfix


class Mta(StrEnum):
    """The mail servers that can be rendered for."""

    POSTFIX = "postfix"


Overlays = Annotated[
    list[Path] | None,
    typer.Option(
        "--overlay", metavar="FILE", help="Local policies and exclusions; the last word counts. Repeatable."
    ),
]


@dataclass(frozen=True, slots=True)
class Rows:
    """What decides which rows are written, and how."""

    overlay: Overlays = None
    early_adopter: Annotated[
        bool, typer.Option("--early-adopter", help="Write rows for domains in testing too, as if enforced.")
    ] = False
    match: Annotated[
        Match,
        typer.Option(
            "--match", help="Bind the certificate's names, or also the MX's (Postfix 3.10.5 or newer)."
        ),
    ] = Match.CERTIFICATE
    suffixes: Annotated[
        SuffixStyle,
        typer.Option("--suffixes", help="Write suffixes as Postfix has them, or the hosts that --facts saw."),
    ] = SuffixStyle.POSTFIX
    dane: Annotated[
        Dane, typer.Option("--dane", help="Let the list decide, or leave domains with usable TLSA out.")
    ] = Dane.LIST
    facts: Annotated[
        Path | None,
        typer.Option("--facts", metavar="FILE", help="Domain results of `stpolicy check --format ndjson`."),
    ] = None
    mta_version: Annotated[
        str | None,
        typer.Option(
            "--mta-version", metavar="V", help="Of Postfix, like 3.7.11; asked of postconf if not given."
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class Layout(Rows):
    """The same, and how they are laid out."""

    template: Annotated[
        Path | None,
        typer.Option("--template", metavar="FILE", help="Lay the map out with this Jinja template."),
    ] = None


ROWS, LAYOUT = Rows(), Layout()


def options(postfix: "Postfix", rows: Rows, *, quiet: bool, oldest_will_do: bool = True) -> "Options":
    """What the options come to; asks Postfix what it is where nobody said so.

    One that does not answer is taken for the oldest, or with `oldest_will_do` false is an error.
    """
    from stpolicy import resources
    from stpolicy.flows.options import Options

    template = rows.template if isinstance(rows, Layout) else None
    if template is not None and not template.is_file():
        raise Misuse(f"the template {template} is no file")
    return Options(
        rows.match,
        rows.suffixes,
        rows.dane,
        rows.early_adopter,
        _facts(rows.facts) if rows.facts else None,
        _overlays(rows.overlay) if rows.overlay else (),
        template or resources.policy_map(),
        (
            _given_version(rows.mta_version)
            if rows.mta_version
            else _version(postfix, quiet=quiet, oldest_will_do=oldest_will_do)
        ),
        rows.match is Match.MX and _reporting(postfix),
    )


def _facts(path: Path) -> "File":
    from stpolicy.document import results

    return _inputs.named(path, "--facts", largest=results.LARGEST)


def _overlays(paths: list[Path]) -> "tuple[File, ...]":
    from stpolicy.document import overlay

    return tuple(_inputs.named(path, "--overlay", largest=overlay.LARGEST) for path in paths)


def _given_version(text: str) -> Version:
    parts = text.partition("-")[0].split(".")
    if not 2 <= len(parts) <= 3 or not all(part.isascii() and part.isdecimal() for part in parts):
        raise Misuse(f"--mta-version {text!r} is no version of Postfix", "write it like 3.7.11")
    return tuple(int(part[:6]) for part in parts)


def _version(postfix: "Postfix", *, quiet: bool, oldest_will_do: bool) -> Version:
    try:
        return postfix.version()
    except StpolicyError as wrong:
        if not oldest_will_do:
            raise
        said = f"{wrong.message}: the rows are for the oldest Postfix; --mta-version names another"
        _door.say(f"stpolicy: {said}", quiet=quiet)
        return ()


def _reporting(postfix: "Postfix") -> bool:
    """Whether any way out of this Postfix sends reports; one without a configuration sends none.

    StpolicyError where there is one that cannot be read: rows of `--match mx` must not be written blindly.
    """
    if not postfix.is_configured():
        return False
    name = "smtp_tlsrpt_enable"
    general = postfix.settings([name]).get(name, "")
    return "yes" in postfix.client_values(name, general)


def report(rendered: "Rendered", *, quiet: bool) -> int:
    """Says what a person should know of a map, and returns the exit code."""
    from stpolicy.flows.render import summary

    table = rendered.table
    for domain, why in table.refused[:10]:
        _door.say(f"stpolicy: {domain} has no row: {why}")
    if len(table.refused) > 10:
        _door.say(f"stpolicy: {len(table.refused) - 10} more domains have no row")
    for domain, local in rendered.overdue:
        _door.say(f"stpolicy: {local.file}: what it says of {domain} was to end {local.until}")
    if rendered.expired:
        _door.say("stpolicy: the list is not in force: its rows are left out")
    elif table.is_empty:
        _door.say(f"stpolicy: the map has no active row ({summary(table)})")
    else:
        _door.say(f"stpolicy: {summary(table)}", quiet=quiet)
    return _door.FOUND if rendered.expired else _door.DONE
