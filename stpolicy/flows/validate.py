"""validate: bytes -> document -> rules -> report."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from stpolicy import rules
from stpolicy.document.list import LARGEST, Document, load, parse
from stpolicy.model.file import File
from stpolicy.model.finding import Candidate, Finding, Report, Rule, Suffixes
from stpolicy.model.policy import PolicyList


@dataclass(frozen=True, slots=True)
class Choice:
    """Which findings a person wants to see, and which they have reviewed (`CODE:DOMAIN`)."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()

    def apply(self, report: Report) -> Report:
        """The report as chosen; accepted findings are kept apart, with what they were."""
        shown = [finding for finding in report.findings if self._wants(finding)]
        left = [finding for finding in shown if not self._accepts(finding)]
        return Report.of(left, (finding for finding in shown if self._accepts(finding)))

    def _wants(self, finding: Finding) -> bool:
        if finding.code.startswith("document."):
            return True  # a list with those is none: no choice of ours makes it one
        if self.select and not any(_under(finding.code, code) for code in self.select):
            return False
        return not any(_under(finding.code, code) for code in self.ignore)

    def _accepts(self, finding: Finding) -> bool:
        return _pair(finding) in self.accept


def unused(choice: Choice, report: Report) -> list[str]:
    """What was to be accepted and was not found: a slip, or a review that has been overtaken."""
    accepted = {_pair(finding) for finding in report.accepted}
    return [pair for pair in choice.accept if pair not in accepted]


def _pair(finding: Finding) -> str:
    return f"{finding.code}:{finding.where or '*'}"


def _under(code: str, chosen: str) -> bool:
    return code == chosen or code.startswith(f"{chosen}.")


def validate(
    file: File,
    *,
    now: datetime,
    suffixes: Suffixes,
    previous: File | None = None,
    choice: Choice = Choice(),
    largest: int = LARGEST,
) -> Report:
    """Judges a working copy, against the list before it where there is one.

    Bytes that are no list are always reported, whatever `choice` says: nothing else could be judged.
    """
    document = parse(file.data, file.name, largest=largest)
    if document.policies is None:
        return document.report
    before = earlier(previous, largest=largest) if previous else None
    candidate = Candidate(document.policies, now, suffixes, before)
    asked = (*rules.LIST, *rules.PREVIOUS) if previous else rules.LIST
    return choice.apply(judged(document, asked, candidate))


def earlier(file: File, *, largest: int = LARGEST) -> PolicyList:
    """An earlier list to compare with, even one with faults that a later one may have mended.

    Refused when nothing can be said of its content.
    """
    document = parse(file.data, file.name, largest=largest)
    return document.policies or load(file.data, file.name, largest=largest)


def judged(document: Document, asked: Iterable[Rule[Candidate]], candidate: Candidate) -> Report:
    """The document's own findings and those of the rules, without echoes."""
    problems = list(rules.judge(asked, candidate))
    seen = {problem.place for _, _, problem in problems}
    doubtful = [finding for place, finding in document.doubtful_names if place not in seen]
    return document.report + Report.of([*document.locate(problems), *doubtful])
