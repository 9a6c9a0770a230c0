"""Where this validator and the tools that the EFF kept for the same format part ways, and why.

The EFF's tools were a JSON Schema, run on the list before a change was merged, and starttls-policy-cli,
which read the list on mail servers without it. Each row was seen in one of them.
"""

from dataclasses import dataclass

import pytest

from stpolicy.flows.validate import validate
from stpolicy.model.file import File
from stpolicy.model.finding import Finding, Severity, Suffixes
from tests import lists

ONE = lists.ONE_HOST
KELVIN = "\u212a"


@dataclass(frozen=True)
class Row:
    data: bytes
    code: str
    reason: str


def _mxs(mxs: object) -> bytes:
    return lists.data({"example.com": {"mode": "enforce", "mxs": mxs}})


def _dated(expires: object) -> bytes:
    return lists.data(expires=expires)


REFUSED_NOW = {
    "L1 line feed after a domain": Row(
        lists.data({"evil.com\n": ONE}),
        "document.syntax",
        "the old schema ended its expressions with $, which also matches before a final line feed",
    ),
    "L1 rows in a domain": Row(
        lists.data({"evil.com\nvictim.org none\nx.com": ONE}),
        "document.syntax",
        "the old client wrote each name into Postfix's table as it was: three rows, one of another's domain",
    ),
    "L1 attributes in a pattern": Row(
        _mxs(["mx.a.com tafile=/tmp/evil.pem"]),
        "mxs.pattern.malformed",
        "the old client wrote patterns unchecked behind match=, where a space begins another attribute",
    ),
    "L1 patterns in a pattern": Row(
        _mxs(["mx.a.com:.com:hostname"]),
        "mxs.pattern.malformed",
        "a colon separates the patterns of match=",
    ),
    "B2 wildcard": Row(
        _mxs(["*.example.com"]),
        "mxs.pattern.malformed",
        "Postfix matches no host with it, so that the mail would wait; version 0.1 writes .example.com",
    ),
    "B4 text for patterns": Row(
        _mxs("mx.example.com"), "document.shape", "the old client took each letter for a pattern"
    ),
    "B4 patterns after an empty one": Row(
        _mxs(["", 7]), "document.shape", "the old client stopped checking at the first that was empty"
    ),
    "B6 no patterns": Row(_mxs([]), "document.shape", "an empty match= makes Postfix defer the mail"),
    "B6 mxs missing": Row(
        lists.data({"example.com": {"mode": "enforce"}}),
        "document.missing_field",
        "the old client supposed none, with the same effect",
    ),
    "C6 mode missing": Row(
        lists.data({"example.com": {"mxs": ["mx.example.com"]}}),
        "document.missing_field",
        "the old client supposed testing, so that a slip switched a promise off",
    ),
    "C7 fields beside policy-alias": Row(
        lists.data({"example.com": {"policy-alias": "x", "mode": "enforce"}}, {"x": ONE}),
        "document.unknown_field",
        "the old client ignored them; the old schema refused them, and so do we",
    ),
    "B9 unknown field": Row(
        lists.data(filename="/etc/passwd"),
        "document.unknown_field",
        "the old client made attributes of them, and this one named the file to write to",
    ),
    "C13 version missing": Row(
        lists.data(without=("version",)), "document.missing_field", "the old client knew no versions"
    ),
    "C13 version unknown": Row(
        lists.data(version="9"), "document.version", "a later version may mean other things by the same words"
    ),
    "C11 day without a time": Row(_dated("12/11/2030"), "document.date", "two readers, two dates"),
    "C11 digit": Row(_dated("1"), "document.date", "the first of the current month to the old client"),
    "C11 true": Row(_dated(True), "document.date", "one second after 1970 to the old client"),
    "C11 no offset": Row(_dated("2026-11-15T00:00:00"), "document.date", "local time, wherever that is"),
    "C11 line feed after a date": Row(
        _dated("2026-11-15T00:00:00Z\n"), "document.syntax", "the $ of the old schema again"
    ),
    "C11 Arabic-Indic digits": Row(
        _dated("٢٠٢٦-١١-١٥T٠٠:٠٠:٠٠Z"), "document.date", "the \\d of the old schema; the standard has ASCII"
    ),
    "C11 offset": Row(_dated("2026-11-15T00:00:00+19:59"), "document.date", "no place on earth has it"),
    "C11 10^30": Row(_dated(10**30), "document.date", "beyond what JSON readers hold exactly"),
    "C12 no life": Row(
        _dated(lists.TIMESTAMP), "dates.reversed", "the old documents' own example was made expired"
    ),
    "L2 repeated key": Row(
        b'{"policies": {"a.com": 1},' + lists.data()[1:],
        "document.duplicate_key",
        "the last one won silently; twelve releases in a row had one domain twice",
    ),
    "L3 case": Row(
        lists.data({"Victim.example.com": ONE, "victim.example.com": ONE}),
        "policies.duplicate",
        "two keys of JSON, one row of Postfix, and there the first wins",
    ),
    "L3 KELVIN SIGN": Row(
        lists.data({f"{KELVIN}elvin.com": ONE, "kelvin.com": ONE}),
        "policies.duplicate",
        "lower() makes an ASCII k of it",
    ),
    "L5 public suffix": Row(_mxs([".co.uk"]), "mxs.pattern.public_suffix", "everybody below it could answer"),
    "L5 private suffix": Row(_mxs([".github.io"]), "mxs.pattern.public_suffix", "so could every tenant"),
    "L7 address": Row(lists.data({"10.0.0.11": ONE}), "policies.name.malformed", "an address is no domain"),
    "L7 numeric top level": Row(_mxs(["mx.example.123"]), "mxs.pattern.malformed", "there is none"),
    "L9 alias not defined": Row(
        lists.data({"example.com": {"policy-alias": "x"}}),
        "policies.alias.unknown",
        "the old schema cannot say it; the old client failed when it met one",
    ),
    "L9 line feed after an alias": Row(
        lists.data({"example.com": {"policy-alias": "x\n"}}, {"x\n": ONE}),
        "document.syntax",
        "the $ of the old schema again",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED_NOW)
def test_the_old_tools_took_it_and_we_refuse_it(name: str, suffixes: Suffixes) -> None:
    row = REFUSED_NOW[name]
    assert row.reason
    errors = {finding.code for finding in _errors(row.data, suffixes)}
    assert row.code in errors


TAKEN_NOW = {
    "B16 top level in A-labels": (
        lists.data({"xn--e1afmkfd.xn--p1ai": ONE}),
        "the old schema had no hyphen in its expression for a top level",
    ),
    "B16 pattern below one": (_mxs(["mx.xn--e1afmkfd.xn--p1ai"]), "the same expression, for patterns"),
    "B7 no policies": (
        lists.data({}),
        "the old client failed at an empty list and left the rows of the one before in force",
    ),
}


@pytest.mark.parametrize("name", TAKEN_NOW)
def test_the_old_tools_refused_it_and_we_take_it(name: str, suffixes: Suffixes) -> None:
    data, reason = TAKEN_NOW[name]
    assert reason
    assert _errors(data, suffixes) == []


BOTH_TAKE = {
    "C11 many digits of a fraction": _dated(f"2026-11-15T00:00:00.{'1' * 123}Z"),
    "C11 whole float": _dated(1794700800.0),
    "B19 pattern in mixed case": _mxs(["MX.Example.com"]),
}


@pytest.mark.parametrize("name", BOTH_TAKE)
def test_what_was_taken_and_still_is(name: str, suffixes: Suffixes) -> None:
    assert _errors(BOTH_TAKE[name], suffixes) == []


def _errors(data: bytes, suffixes: Suffixes) -> list[Finding]:
    report = validate(File("policy.json", data), now=lists.NOW, suffixes=suffixes)
    return [finding for finding in report.findings if finding.severity is Severity.ERROR]
