"""One case for each code: a list that shows it, and nothing else.

A case is a folder below `cases/<code>/` with `policy.json`, where history is judged `previous.json`, and
where something is out of the ordinary `case.json`: `now`, `where` (what every finding of that code names),
`severity` when it is not the rule's, and `also`, the codes without which this one cannot be.
What no file can hold is in the table GENERATED.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from stpolicy import rules
from stpolicy.document.codes import DOCUMENT
from stpolicy.document.list import LARGEST
from stpolicy.flows.validate import validate
from stpolicy.model.file import File
from stpolicy.model.finding import Rule, Severity, Suffixes
from tests import lists

CASES = Path(__file__).parent / "cases"
RULES = (*rules.LIST, *rules.PREVIOUS)
SEVERITIES = dict.fromkeys(DOCUMENT, Severity.ERROR) | {rule.code: rule.severity for rule in RULES}


@dataclass(frozen=True)
class Case:
    code: str
    data: bytes
    previous: bytes | None = None
    now: datetime = lists.NOW
    where: str | None = None
    severity: Severity | None = None
    also: frozenset[str] = frozenset()
    largest: int = LARGEST


def _case(file: Path) -> Case:
    folder = file.parent
    code = folder.relative_to(CASES).parts[0]
    previous, said = folder / "previous.json", folder / "case.json"
    more = json.loads(said.read_bytes()) if said.exists() else {}
    return Case(
        code,
        file.read_bytes(),
        previous.read_bytes() if previous.exists() else None,
        datetime.fromisoformat(more["now"]) if "now" in more else lists.NOW,
        more.get("where"),
        Severity[more["severity"].upper()] if "severity" in more else None,
        frozenset(more.get("also", ())),
    )


FILES = {str(file.parent.relative_to(CASES)): _case(file) for file in sorted(CASES.rglob("policy.json"))}

GENERATED = {
    "document.too_large": Case("document.too_large", lists.data(), largest=len(lists.data()) - 1),
    "document.encoding/latin_1": Case("document.encoding", lists.data(author="X").replace(b"X", b"\xfc")),
    "document.encoding/utf_16": Case("document.encoding", lists.data().decode().encode("utf-16")),
    "document.encoding/byte_order_mark": Case("document.encoding", b"\xef\xbb\xbf" + lists.data()),
    "document.encoding/surrogate": Case("document.encoding", lists.data(author="\ud800")),
    "document.syntax/nothing": Case("document.syntax", b""),
    "document.syntax/del": Case("document.syntax", lists.data(author="\x7f")),
    "document.too_deep/100000": Case("document.too_deep", b"[" * 100_000),
    "policies.name.malformed/255_characters": Case(
        "policies.name.malformed", lists.data({"a." * 126 + "com": lists.ONE_HOST})
    ),
}

CODES_WITH_A_CASE = {case.code for case in (*FILES.values(), *GENERATED.values())}


@pytest.mark.parametrize("name", [*FILES, *GENERATED])
def test_case(name: str, suffixes: Suffixes) -> None:
    case = (FILES | GENERATED)[name]
    previous = File("previous.json", case.previous) if case.previous else None
    report = validate(
        File("policy.json", case.data),
        now=case.now,
        suffixes=suffixes,
        previous=previous,
        largest=case.largest,
    )
    assert {finding.code for finding in report.findings} == {case.code} | case.also

    found = [finding for finding in report.findings if finding.code == case.code]
    expected = case.severity if case.severity is not None else SEVERITIES[case.code]
    assert {finding.severity for finding in found} == {expected}
    if case.where is not None:
        assert {finding.where for finding in found} == {case.where}
    for finding in found:
        assert finding.message
        assert finding.file == "policy.json"
        assert finding.line
        assert finding.column


@pytest.mark.parametrize("code", SEVERITIES)
def test_every_code_has_a_case(code: str) -> None:
    assert code in CODES_WITH_A_CASE


def test_every_case_is_of_a_known_code() -> None:
    assert set(SEVERITIES) >= CODES_WITH_A_CASE
    doctors = {rule.code for rule in rules.DOCTOR}  # test_doctor_cases.py
    assert {folder.name for folder in CASES.iterdir()} <= CODES_WITH_A_CASE | doctors


def test_companions_are_excused_by_name() -> None:
    """Only what cannot be without the other is excused: two spellings, or many that are also said singly."""
    excused = {case.code for case in (*FILES.values(), *GENERATED.values()) if case.also}
    assert excused == {
        "history.domain.mass_removed",
        "history.mode.mass_strengthened",
        "mxs.pattern.public_suffix",
        "policies.duplicate",
    }


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.code)
def test_every_rule_says_what_it_is_about(rule: Rule[Any]) -> None:
    assert rule.summary.endswith(".")
    assert rule.doc.strip() != rule.summary


@pytest.mark.parametrize("code", DOCUMENT)
def test_every_document_code_says_what_it_is_about(code: str) -> None:
    summary, _, rest = DOCUMENT[code].partition("\n")
    assert summary.endswith(".")
    assert rest.strip()


def test_every_rule_is_listed_once() -> None:
    codes = [rule.code for rule in rules.ALL]
    assert len(codes) == len(set(codes))
    assert not set(codes) & set(DOCUMENT)
    assert all(rule.severity is Severity.ERROR for rule in rules.INSTALL)
