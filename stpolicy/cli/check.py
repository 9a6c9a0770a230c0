"""check: look at the mail servers of domains."""

import os
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stpolicy.cli import _domains, _door, _inputs, _network, _options, _progress
from stpolicy.cli._app import app
from stpolicy.cli._command import LIST_DEFAULT, command
from stpolicy.document.codes import LARGEST
from stpolicy.model.verdict import Status
from stpolicy.output import result as text

if TYPE_CHECKING:
    from stpolicy.flows.asked import Asked
    from stpolicy.model.names import Domain
    from stpolicy.model.result import Result


class ResultFormat(StrEnum):
    """How domain results are printed."""

    TEXT = "text"
    JSON = "json"
    NDJSON = "ndjson"


@command(
    app,
    "check",
    example="""
    stpolicy check
    stpolicy check --domain eff.org
    stpolicy check --domain example.com --mx .mail.example.com
    stpolicy check --changed-since git:origin/main --format ndjson
    """,
)
def check(
    domains: _domains.Options,
    network: _network.Options,
    list_path: _options.List = LIST_DEFAULT,
    resume: Annotated[
        Path | None,
        typer.Option("--resume", metavar="NDJSON", help="Go on where the run that wrote this file stopped."),
    ] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Print totals instead of every domain.")] = False,
    format_: Annotated[ResultFormat, typer.Option("--format", help="How to print.")] = ResultFormat.TEXT,
    progress: Annotated[
        bool | None,
        typer.Option("--progress/--no-progress", show_default=False, help="A bar; only on a terminal."),
    ] = None,
    now: _options.Now = None,
    max_size: _options.MaxSize = LARGEST,
    quiet: bool = False,
    debug: bool = False,
) -> int:
    """Look at every mail server of every entry, and judge it against the entry.

    Asks DNS, connects to each address, asks for STARTTLS, judges the certificate and the names; tries
    old versions and weak ciphers; looks at MTA-STS, TLSRPT and DANE. No mail is sent. Exit code 1 when
    a domain fails, else 3 when one could not be judged.
    """
    from stpolicy.flows import check as flow

    asked = _domains.asked(domains, list_path, largest=max_size)
    told = _Told(format_, summary=summary)
    if resume:
        told.recall(resume, asked)
    if not asked:
        _door.say("there is nothing to look at", quiet=quiet)
    world = _network.network(network, len(asked), quiet=quiet)
    drawn = _progress.is_wanted(progress, len(asked), quiet=quiet)
    try:
        with _progress.bar(len(asked), wanted=drawn) as bar:

            def emit(result: "Result") -> None:
                told.take(result)
                bar.step(failed=Status(result["status"]).failed)

            def show(wrong: Exception) -> None:
                if debug:
                    traceback.print_exception(wrong)

            _door.asynchronously(flow.check(asked, world, emit, now=_door.now(now), on_failure=show))
    finally:
        told.end()  # of a run that was interrupted too
    return told.code


class _Told:
    """What has been found so far; each result is printed at once, or all of them at the end."""

    def __init__(self, format_: ResultFormat, *, summary: bool) -> None:
        self._format = format_
        self._summary = summary
        self._kept: list[Result] = []
        self._traits: Counter[str] = Counter()
        self._seen: set[Status] = set()

    def take(self, result: "Result", *, fresh: bool = True) -> None:
        """Takes one more; only a `fresh` one is printed as a line."""
        self._seen.add(Status(result["status"]))
        if self._summary:
            self._traits.update(text.traits(result))
        elif self._format is not ResultFormat.NDJSON:
            self._kept.append(result)
        elif fresh:
            _door.result(text.line(result))

    def recall(self, path: Path, asked: "dict[Domain, Asked]") -> None:
        """Takes what an earlier run has found, held against the same: that need not be asked again."""
        from stpolicy.document import results
        from stpolicy.flows.asked import answers

        read = whole = 0

        def lines() -> Iterator[bytes]:
            nonlocal read
            while line := file.readline(results.LONGEST_LINE + 1):
                read += len(line)
                yield line

        with _inputs.opened(path, "--resume") as file:
            for domain, known in results.known(lines(), str(path)):
                whole = read
                if domain in asked and answers(known, asked[domain]):
                    del asked[domain]
                    self.take(known, fresh=False)
        _cut(path, whole)

    def end(self) -> None:
        """Prints what is printed at the end."""
        if self._summary:
            as_text = self._format is ResultFormat.TEXT
            _door.result(text.totals(self._traits) if as_text else text.totals_json(self._traits))
        elif self._format is ResultFormat.JSON:
            _door.result(text.as_json(self._kept))
        elif self._format is ResultFormat.TEXT:
            _door.result(text.text(self._kept, colour=_door.colour()))

    @property
    def code(self) -> int:
        """1 when a domain has failed, else 3 when one could not be judged."""
        if any(status.failed for status in self._seen):
            return _door.FOUND
        return _door.FAILED if Status.ERROR in self._seen else _door.DONE


def _cut(path: Path, whole: int) -> None:
    """Where results are appended to the file that a run was cut off in: takes away what is not `whole`.

    Bytes from there on are a line without its end, which the first result would else stand behind.
    """
    with suppress(OSError, ValueError):  # standard output is no file
        there = os.fstat(sys.stdout.fileno())
        if os.path.samestat(there, path.stat()) and there.st_size > whole:
            os.truncate(path, whole)
