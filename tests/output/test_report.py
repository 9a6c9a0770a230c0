"""A report in the formats of people and machines."""

import json
import re
from typing import Any

import pytest

from stpolicy import rules
from stpolicy.document.codes import DOCUMENT
from stpolicy.model.finding import Finding, Report, Severity
from stpolicy.output import report as output

ERROR = Finding("mxs.pattern.malformed", Severity.ERROR, "bad", "b.com", "policy.json", 3, 5, "mend it")
WARNING = Finding("dates.stale", Severity.WARNING, "old", None, "policy.json", 2, 1)
NOTE = Finding("mxs.pattern.redundant", Severity.NOTE, "more", "a.com", "policy.json", 1, 1)
BARE = Finding("signature.bad", Severity.ERROR, "wrong")
ACCEPTED = Finding("history.domain.removed", Severity.WARNING, "gone", "c.com", "policy.json", 9, 3)
REPORT = Report.of([NOTE, WARNING, ERROR, BARE], [ACCEPTED])


def test_text() -> None:
    assert output.text(REPORT).splitlines() == [
        "error: wrong [signature.bad]",
        "policy.json:3:5: error: bad [mxs.pattern.malformed] (mend it)",
        "policy.json:2:1: warning: old [dates.stale]",
        "policy.json:1:1: note: more [mxs.pattern.redundant]",
        "policy.json:9:3: accepted: gone [history.domain.removed]",
    ]


def test_colour_marks_the_severity_alone() -> None:
    plain = re.sub(r"\x1b\[\d*m", "", output.text(REPORT, colour=True))
    assert plain == output.text(REPORT)
    assert "\x1b[31merror\x1b[0m: bad" in output.text(REPORT, colour=True)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (Report(), "no findings"),
        (REPORT, "2 errors, 1 warning, 1 note, 1 accepted"),
        (Report.of([NOTE, NOTE]), "2 notes"),
    ],
)
def test_summary(report: Report, expected: str) -> None:
    assert output.summary(report) == expected


def test_json() -> None:
    document = json.loads(output.as_json(REPORT, verified=True))
    assert [finding["severity"] for finding in document["findings"]] == ["error", "error", "warning", "note"]
    assert document["findings"][1] == {
        "code": "mxs.pattern.malformed",
        "severity": "error",
        "message": "bad",
        "where": "b.com",
        "file": "policy.json",
        "line": 3,
        "column": 5,
        "mend": "mend it",
    }
    bare = document["findings"][0]
    assert {key: bare[key] for key in ("where", "file", "line", "column", "mend")} == dict.fromkeys(
        ("where", "file", "line", "column", "mend")
    )
    assert document["summary"] == {"errors": 2, "warnings": 1, "notes": 1}
    assert document["verified"] is True


def test_json_of_nothing() -> None:
    document = json.loads(output.as_json(Report()))
    assert document["findings"] == []
    assert document["summary"] == {"errors": 0, "warnings": 0, "notes": 0}


def test_github() -> None:
    assert output.github(REPORT).splitlines() == [
        "::error title=signature.bad::wrong",
        "::error file=policy.json,line=3,col=5,title=mxs.pattern.malformed::bad",
        "::warning file=policy.json,line=2,col=1,title=dates.stale::old",
        "::notice file=policy.json,line=1,col=1,title=mxs.pattern.redundant::more",
        "::notice file=policy.json,line=9,col=3,title=history.domain.removed::gone",
    ]


@pytest.mark.parametrize(
    ("text", "message", "file"),
    [
        ("100%", "100%25", "100%25"),
        ("a\r\nb", "a%0D%0Ab", "a%0D%0Ab"),
        ("a\n::set-env name=PATH::x", "a%0A::set-env name=PATH::x", "a%0A%3A%3Aset-env name=PATH%3A%3Ax"),
        ("a,line=9:b", "a,line=9:b", "a%2Cline=9%3Ab"),
        ("%0A::error::x", "%250A::error::x", "%250A%3A%3Aerror%3A%3Ax"),
        ("\x1b[31m\u2028", "\\x1b[31m\\u2028", "\\x1b[31m\\u2028"),
    ],
)
def test_github_escapes_what_the_runner_would_obey(text: str, message: str, file: str) -> None:
    printed = output.github(Report.of([Finding("dates.stale", Severity.ERROR, text, None, text, 1, 1)]))
    assert printed == f"::error file={file},line=1,col=1,title=dates.stale::{message}\n"


def sarif(report: Report) -> dict[str, Any]:
    document = json.loads(output.sarif(report, rules.ALL, DOCUMENT, "1.2.3"))
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-2.1.0.json")
    (run,) = document["runs"]
    return dict(run)


def test_sarif_has_the_structure_of_the_standard() -> None:
    run = sarif(REPORT)
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("stpolicy", "1.2.3")
    assert run["columnKind"] == "unicodeCodePoints"
    ids = [rule["id"] for rule in driver["rules"]]
    assert ids == sorted(set(ids))
    for rule in driver["rules"]:
        assert rule["fullDescription"]["text"].startswith(rule["shortDescription"]["text"])
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"]
    assert run["results"][1]["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 3,
        "startColumn": 5,
    }
    assert "region" not in run["results"][0]["locations"][0]["physicalLocation"]
    assert [result.get("suppressions") for result in run["results"]] == [
        *[None] * 4,
        [{"kind": "external", "status": "accepted"}],
    ]


def test_sarif_of_nothing() -> None:
    assert sarif(Report())["results"] == []


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("lists/policy.json", "lists/policy.json"),
        ("<stdin>", "%3Cstdin%3E"),
        ("a b:c.json", "a%20b%3Ac.json"),
        ("ü\udcff", "%C3%BC%FF"),
        (None, "policy.json"),
    ],
)
def test_sarif_names_files_by_uri(file: str | None, uri: str) -> None:
    (result,) = sarif(Report.of([Finding("dates.stale", Severity.ERROR, "x", None, file)]))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_hostile_text_is_escaped_in_text() -> None:
    finding = Finding("dates.stale", Severity.ERROR, "\x1b", None, "\x9b", 1, 1, "\u202e")
    assert output.text(Report.of([finding], [finding])).replace("\n", "").isprintable()
