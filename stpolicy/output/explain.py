"""The documentation of the codes, for people, for programs and for the README."""

from collections.abc import Iterable, Mapping
from inspect import cleandoc
from typing import Any

from stpolicy.document.codes import DOCUMENT
from stpolicy.model.finding import Rule, Severity
from stpolicy.output.escape import json_text


def documentation(rules: Iterable[Rule[Any]]) -> dict[str, str]:
    """Code to documentation, in the order in which things are judged."""
    docs = {code: cleandoc(doc) for code, doc in DOCUMENT.items()}
    for rule in rules:
        docs.setdefault(rule.code, rule.doc)
    return docs


def text(docs: Mapping[str, str], severities: Mapping[str, Severity]) -> str:
    """The whole documentation of each code."""
    return "\n".join(f"{code} ({severities[code]})\n\n{doc}\n" for code, doc in docs.items())


def overview(docs: Mapping[str, str], severities: Mapping[str, Severity]) -> str:
    """One line a code."""
    width = max(map(len, docs))
    lines = [f"{code:<{width}}  {severities[code]!s:<7}  {_first(doc)}" for code, doc in docs.items()]
    return "".join(f"{line}\n" for line in lines)


def markdown(docs: Mapping[str, str], severities: Mapping[str, Severity]) -> str:
    """The table in the README."""
    rows = [f"| `{code}` | {severities[code]} | {_first(doc)} |" for code, doc in docs.items()]
    return "\n".join(["| code | severity | says |", "| --- | --- | --- |", *rows, ""])


def as_json(docs: Mapping[str, str], severities: Mapping[str, Severity]) -> str:
    """An array of objects."""
    rows = [
        {"code": code, "severity": str(severities[code]), "summary": _first(doc), "documentation": doc}
        for code, doc in docs.items()
    ]
    return json_text(rows)


def _first(doc: str) -> str:
    return doc.partition("\n")[0]
