"""What a rule sees, says and amounts to."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import cached_property
from typing import Generic, Protocol, TypeVar

from stpolicy.model.change import Change, changes
from stpolicy.model.policy import PolicyList

Step = str | int
Place = tuple[Step, ...]
"""A path into a list: keys, and for members of `policies` and `policy-aliases` their ordinal."""


class Severity(IntEnum):
    """error: must not be signed or used. warning: a person should look. note: worth knowing."""

    NOTE = 0
    WARNING = 1
    ERROR = 2

    def __str__(self) -> str:
        return self.name.lower()


class Suffixes(Protocol):
    """Tells public suffixes; handed down to whoever judges names."""

    def among(self, names: Collection[str]) -> Mapping[str, str]:
        """Those of the canonical names that are public suffixes, each with its section, icann or private."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Where and what, as a rule says it; the rule's own severity counts unless one is given.

    `place` leads to the text; `where` is the domain or alias that a person would name.
    """

    message: str
    place: Place = ()
    where: str | None = None
    mend: str = ""
    severity: Severity | None = None


@dataclass(frozen=True)
class Candidate:
    """A list to judge, and all that judging it takes."""

    list: PolicyList
    now: datetime
    suffixes: Suffixes
    previous: PolicyList | None = None
    same_bytes: bool = False
    """Whether `list` and `previous` came from identical bytes."""
    issued: bool = False
    """Whether the list is a signed one: two of those must not share a timestamp, working copies may."""

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """What changed since the previous list; nothing without one."""
        return tuple(changes(self.previous, self.list)) if self.previous else ()

    def place_of(self, domain: str) -> Place:
        """Where a domain stands in the list; the whole of `policies` when it is not listed."""
        ordinal = self._ordinals.get(domain)
        return ("policies",) if ordinal is None else ("policies", ordinal)

    @cached_property
    def _ordinals(self) -> Mapping[str, int]:
        return {entry.domain: ordinal for ordinal, entry in enumerate(self.list.entries)}


S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Rule(Generic[S]):
    """A question asked of a subject; its documentation is the docstring of the function that asks."""

    code: str
    severity: Severity
    doc: str
    judge: Callable[[S], Iterator[Problem]]
    inconclusive: bool = False
    """Whether what it finds is that we could not look, so that nothing follows for the subject."""

    @property
    def summary(self) -> str:
        """The first line of the documentation."""
        return self.doc.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text; both numbers start at 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with its code and, where it has one, its place in a file (1-based, in code points)."""

    code: str
    severity: Severity
    message: str
    where: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    mend: str = ""

    @classmethod
    def of(
        cls, judged: tuple[str, Severity, Problem], file: str | None = None, at: Position | None = None
    ) -> "Finding":
        """What a rule saw, with its code; the problem's own severity counts before the rule's."""
        code, severity, said = judged
        counts = severity if said.severity is None else said.severity
        line, column = (at.line, at.column) if at else (None, None)
        return cls(code, counts, said.message, said.where, file, line, column, said.mend)


@dataclass(frozen=True, slots=True)
class Report:
    """Findings, worst first; those that a person has accepted are kept apart and count for nothing."""

    findings: tuple[Finding, ...] = ()
    accepted: tuple[Finding, ...] = ()

    @property
    def worst(self) -> Severity | None:
        """The highest severity, or None when nothing was found."""
        return max((finding.severity for finding in self.findings), default=None)

    @property
    def failed(self) -> bool:
        """Whether there is an error."""
        return self.worst is Severity.ERROR

    def at_least(self, severity: Severity) -> "Report":
        """The findings of this severity and worse."""
        return Report(tuple(finding for finding in self.findings if finding.severity >= severity))

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity is severity for finding in self.findings)

    def __add__(self, other: "Report") -> "Report":
        return Report.of(self.findings + other.findings, self.accepted + other.accepted)

    @classmethod
    def of(cls, findings: Iterable[Finding], accepted: Iterable[Finding] = ()) -> "Report":
        """Sorts worst first, then by place."""
        return cls(tuple(sorted(findings, key=_order)), tuple(accepted))


def _order(finding: Finding) -> tuple[int, str, int, int, str, str]:
    return (
        -finding.severity,
        finding.file or "",
        finding.line or 0,
        finding.column or 0,
        finding.code,
        finding.message,
    )
