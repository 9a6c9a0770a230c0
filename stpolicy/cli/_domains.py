"""The options that say which domains are looked at."""

import csv
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stpolicy.cli import _inputs, _options
from stpolicy.document.domains import domains
from stpolicy.errors import Misuse
from stpolicy.model.names import canonical, domain_fault

if TYPE_CHECKING:
    from stpolicy.flows.asked import Asked
    from stpolicy.model.names import Domain
    from stpolicy.model.policy import PolicyList

LARGEST = 256 * 1024 * 1024
"""Bytes of a file of domains."""

_COMMAS = "columns are separated by commas, and --csv FILE:COLUMN counts them from 1"


@dataclass(frozen=True, slots=True)
class Options:
    """Which domains, and what they are held against."""

    domain: Annotated[
        list[str] | None,
        typer.Option("--domain", metavar="D", help="Look at this domain only, listed or not. Repeatable."),
    ] = None
    mx: Annotated[
        list[str] | None,
        typer.Option("--mx", metavar="PATTERN", help="Hold --domain against this pattern. Repeatable."),
    ] = None
    csv: Annotated[
        str | None,
        typer.Option("--csv", metavar="FILE[:COLUMN]", help="Look at the domains in a CSV file; - is stdin."),
    ] = None
    changed_since: Annotated[
        str | None,
        typer.Option("--changed-since", metavar="OLD", help="Only entries that changed; a file or git:REV."),
    ] = None
    exclude: _options.Exclude = None


def asked(options: Options, list_path: Path, *, largest: int) -> "dict[Domain, Asked]":
    """The domains of the options, else of the list; without those that are excluded."""
    from stpolicy.flows import asked as flow

    names = [*(options.domain or ()), *(_column(options.csv) if options.csv else ())]
    chosen = bool(options.domain or options.csv)
    if options.mx and not options.domain:
        raise Misuse("--mx is about one domain", "name it with --domain")
    if chosen and options.changed_since:
        raise Misuse("--changed-since is about the entries of a list", "leave --domain and --csv out")
    stdin = [options.csv and _file(options.csv)[0], options.exclude and str(options.exclude)]
    _inputs.check_stdin(*(name or None for name in stdin), None if chosen else str(list_path))
    policies = _list(list_path, largest=largest, needed=not chosen)
    if chosen:
        found = flow.of_names(names, policies, str(list_path), options.mx or ())
    else:
        since = options.changed_since and _since(options.changed_since, list_path, largest)
        found = flow.of_list(policies, str(list_path), since or None) if policies else {}
    return flow.without(found, _excluded(options.exclude)) if options.exclude else found


def _list(path: Path, *, largest: int, needed: bool) -> "PolicyList | None":
    from stpolicy.document.list import load

    if not needed and not path.is_file():
        return None
    file = _inputs.read(path, largest=largest)
    return load(file.data, file.name, largest=largest)


def _since(spec: str, path: Path, largest: int) -> "PolicyList":
    from stpolicy.document.list import load

    file = _inputs.read_spec(spec, path, largest=largest)
    return load(file.data, file.name, largest=largest)


def _data(path: str, option: str) -> bytes:
    if path == "-":
        return sys.stdin.buffer.read(LARGEST + 1)
    return _inputs.named(Path(path), option, largest=LARGEST).data


def _lines(path: str) -> str:
    data = _data(path, "--csv")
    if len(data) > LARGEST:
        raise Misuse(f"{path} has more than {LARGEST} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Misuse(f"{path} is not UTF-8: {wrong}") from wrong


def _column(spec: str) -> Iterator[str]:
    """The domains of a column, the first if none is named; a heading, one word, is passed over.

    Every row that is not empty must have one, for what is left out would not be missed.
    """
    path, column = _file(spec)
    rows = csv.reader(StringIO(_lines(path)))
    try:
        for number, row in enumerate(filter(_is_filled, rows)):
            name = row[column - 1].strip() if len(row) >= column else ""
            fault = (
                domain_fault(canonical(name)) if name else f"is in column {column}, where a domain should be"
            )
            if not fault:
                yield name
            elif number or not name or "." in name:
                raise Misuse(f"{path}:{rows.line_num}: {name!r} {fault}", _COMMAS)
    except csv.Error as wrong:
        raise Misuse(f"{path}:{rows.line_num}: {wrong}") from wrong


def _is_filled(row: list[str]) -> bool:
    return any(map(str.strip, row))


def _file(spec: str) -> tuple[str, int]:
    """FILE or FILE:COLUMN."""
    path, _, column = spec.rpartition(":")
    if not path or not re.fullmatch("[0-9]{1,4}", column):
        return spec, 1
    if int(column) == 0:
        raise Misuse(f"there is no column 0 in {path}", _COMMAS)
    return path, int(column)


def _excluded(path: Path) -> frozenset[str]:
    """One domain a line, of a file or of standard input."""
    return domains(_data(str(path), "--exclude"), str(path), LARGEST)
