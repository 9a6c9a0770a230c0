"""A report as text for people, and in the formats of machines."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from stpolicy.model.finding import Finding, Report, Rule, Severity
from stpolicy.output.escape import json_text, printable, shown

_COLOUR = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.NOTE: "36"}
_SARIF_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def text(report: Report, *, colour: bool = False) -> str:
    """One line a finding: `file:line:column: severity: message [code]`; the mend follows in brackets."""
    lines = [_line(finding, colour=colour) for finding in report.findings]
    lines += [_line(finding, accepted=True) for finding in report.accepted]
    return "".join(f"{line}\n" for line in lines)


def _line(finding: Finding, *, colour: bool = False, accepted: bool = False) -> str:
    severity = "accepted" if accepted else str(finding.severity)
    if colour:
        severity = f"\033[{_COLOUR[finding.severity]}m{severity}\033[0m"
    place = f"{shown(finding.file)}:" if finding.file else ""
    if finding.line:
        place += f"{finding.line}:{finding.column}:"
    mend = f" ({shown(finding.mend)})" if finding.mend else ""
    return f"{place} {severity}: {shown(finding.message)} [{finding.code}]{mend}".lstrip()


def summary(report: Report) -> str:
    """The counts, in one line."""
    counts = [
        f"{count} {severity}{'s' if count > 1 else ''}"
        for severity in sorted(Severity, reverse=True)
        if (count := report.count(severity))
    ]
    if report.accepted:
        counts.append(f"{len(report.accepted)} accepted")
    return ", ".join(counts) or "no findings"


def as_json(report: Report, **more: Any) -> str:
    """One object: findings worst first, the summary, and what else the command has to say."""
    document = {
        "findings": [_object(finding) for finding in report.findings],
        "accepted": [_object(finding) for finding in report.accepted],
        "summary": {f"{severity}s": report.count(severity) for severity in sorted(Severity, reverse=True)},
        **more,
    }
    return json_text(document)


def _object(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "message": shown(finding.message),
        "where": finding.where,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "mend": finding.mend or None,
    }


def github(report: Report) -> str:
    """Workflow commands, escaped as the runner unescapes them; an accepted finding becomes a notice."""
    kinds = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
    lines = [_command(kinds[finding.severity], finding) for finding in report.findings]
    lines += [_command("notice", finding) for finding in report.accepted]
    return "".join(f"{line}\n" for line in lines)


def _command(kind: str, finding: Finding) -> str:
    places = {"file": finding.file, "line": finding.line, "col": finding.column, "title": finding.code}
    properties = ",".join(f"{key}={_property(str(value))}" for key, value in places.items() if value)
    return f"::{kind} {properties}::{_data(finding.message)}"


def _data(value: str) -> str:
    return printable(value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def sarif(report: Report, rules: Iterable[Rule[Any]], documents: Mapping[str, str], version: str) -> str:
    """SARIF 2.1.0: the findings, the accepted ones as suppressed, and the rules that were found."""
    found = [*report.findings, *report.accepted]
    docs = {rule.code: rule.doc for rule in rules} | dict(documents)
    codes = sorted({finding.code for finding in found})
    driver = {
        "name": "stpolicy",
        "version": version,
        "rules": [
            {
                "id": code,
                "shortDescription": {"text": docs[code].partition("\n")[0]},
                "fullDescription": {"text": docs[code]},
            }
            for code in codes
        ],
    }
    results = [
        _sarif_result(finding, codes.index(finding.code), accepted=finding in report.accepted)
        for finding in found
    ]
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }
    return json_text(document)


def _sarif_result(finding: Finding, index: int, *, accepted: bool) -> dict[str, Any]:
    name = (finding.file or "policy.json").encode("utf-8", "surrogateescape")
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(name)}}
    if finding.line:
        place["region"] = {"startLine": finding.line, "startColumn": finding.column}
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _SARIF_LEVEL[finding.severity],
        "message": {"text": shown(finding.message)},
        "locations": [{"physicalLocation": place}],
    }
    if accepted:
        result["suppressions"] = [{"kind": "external", "status": "accepted"}]
    return result
