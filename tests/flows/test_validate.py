"""validate: bytes to a report."""

from datetime import datetime

import pytest

from stpolicy.errors import Refused
from stpolicy.flows.validate import Choice, validate
from stpolicy.model.file import File
from stpolicy.model.finding import Finding, Report, Severity
from stpolicy.suffixes import PublicSuffixes
from tests import lists

REMOVED = Finding("history.domain.removed", Severity.WARNING, "x", "a.com")
MASS = Finding("history.domain.mass_removed", Severity.WARNING, "x")
BROAD = Finding("mxs.pattern.public_suffix", Severity.ERROR, "x", "a.com")
REPORT = Report.of([REMOVED, MASS, BROAD])


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


@pytest.mark.parametrize(
    ("choice", "shown", "accepted"),
    [
        (Choice(), [BROAD, MASS, REMOVED], []),
        (Choice(select=("history",)), [MASS, REMOVED], []),
        (Choice(select=("history.domain.removed",)), [REMOVED], []),
        (Choice(ignore=("history",)), [BROAD], []),
        (Choice(select=("history.domain", "mxs"), ignore=("mxs",)), [MASS, REMOVED], []),
        (Choice(select=("hist",)), [], []),
        (Choice(accept=("history.domain.removed:a.com",)), [BROAD, MASS], [REMOVED]),
        (Choice(accept=("history.domain.mass_removed:*",)), [BROAD, REMOVED], [MASS]),
        (Choice(accept=("history.domain.removed:b.com",)), [BROAD, MASS, REMOVED], []),
        (Choice(ignore=("history",), accept=("history.domain.removed:a.com",)), [BROAD], []),
    ],
    ids=str,
)
def test_choice(choice: Choice, shown: list[Finding], accepted: list[Finding]) -> None:
    report = choice.apply(REPORT)
    assert sorted(report.findings, key=str) == sorted(shown, key=str)
    assert list(report.accepted) == accepted


def test_history_is_judged_only_with_a_list_before(now: datetime, suffixes: PublicSuffixes) -> None:
    old = File("old", lists.data({"a.example.com": lists.ONE_HOST, "b.example.com": lists.ONE_HOST}))
    new = File("new", lists.data({"a.example.com": lists.ONE_HOST}))
    assert codes(validate(new, now=now, suffixes=suffixes)) == []
    (found,) = validate(new, now=now, suffixes=suffixes, previous=old).findings
    assert (found.code, found.where, found.file) == ("history.domain.removed", "b.example.com", "new")


def test_a_list_before_that_is_none_is_refused(now: datetime, suffixes: PublicSuffixes) -> None:
    with pytest.raises(Refused, match="old"):
        validate(File("new", lists.data()), now=now, suffixes=suffixes, previous=File("old", b"{"))


def test_a_list_that_is_none_is_a_report_even_beside_a_list_before_that_is_none(
    now: datetime, suffixes: PublicSuffixes
) -> None:
    report = validate(File("new", b"["), now=now, suffixes=suffixes, previous=File("old", b"{"))
    assert codes(report) == ["document.syntax"]


def test_the_bound_on_size_is_inclusive(now: datetime, suffixes: PublicSuffixes) -> None:
    data = lists.data()
    assert codes(validate(File("x", data), now=now, suffixes=suffixes, largest=len(data))) == []
    assert codes(validate(File("x", data), now=now, suffixes=suffixes, largest=len(data) - 1)) == [
        "document.too_large"
    ]
