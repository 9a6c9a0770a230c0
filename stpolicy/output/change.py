"""What changed between two lists, as a reviewer reads it."""

from collections.abc import Sequence
from typing import Any

from stpolicy.model.change import Change, FieldChange, Kind
from stpolicy.model.policy import Policy
from stpolicy.output.escape import json_text, shown

_COLOUR = {
    Kind.REMOVED: "31",
    Kind.WEAKENED: "31",
    Kind.REPLACED: "31",
    Kind.WIDENED: "33",
    Kind.NARROWED: "36",
    Kind.STRENGTHENED: "36",
    Kind.ADDED: "32",
}


def text(changes: Sequence[Change], fields: Sequence[FieldChange], *, colour: bool = False) -> str:
    """One line a change, worst first, then the fields of the list itself."""
    width = max((len(change.kind) for change in changes), default=0)
    domains = max((len(change.domain) for change in changes), default=0)
    lines = []
    for change in changes:
        kind = f"{change.kind:<{width}}"
        if colour:
            kind = f"\033[{_COLOUR[change.kind]}m{kind}\033[0m"
        lines.append(f"{kind}  {shown(change.domain):<{min(domains, 40)}}  {shown(detail(change))}".rstrip())
    lines += [
        f"{shown(f.field)}: {shown(f.before) or '(none)'} -> {shown(f.after) or '(none)'}" for f in fields
    ]
    return "".join(f"{line}\n" for line in lines)


def markdown(changes: Sequence[Change], fields: Sequence[FieldChange]) -> str:
    """A table for a review comment; nothing in it is taken for markup."""
    lines = []
    if changes:
        lines += ["| change | domain | detail |", "| --- | --- | --- |"]
        lines += [f"| **{c.kind}** | {_cell(c.domain)} | {_cell(detail(c))} |" for c in changes]
    if fields:
        lines += (
            ["", "| field | before | after |", "| --- | --- | --- |"]
            if lines
            else [
                "| field | before | after |",
                "| --- | --- | --- |",
            ]
        )
        lines += [f"| {_cell(f.field)} | {_cell(f.before)} | {_cell(f.after)} |" for f in fields]
    return "".join(f"{line}\n" for line in lines or ["No change in what the list promises."])


def as_json(changes: Sequence[Change], fields: Sequence[FieldChange]) -> str:
    """One object: changes worst first, counts of each kind, and the fields of the list itself."""
    document = {
        "changes": [
            {
                "kind": str(change.kind),
                "domain": change.domain,
                "before": policy_object(change.before),
                "after": policy_object(change.after),
                "patterns": list(change.patterns),
            }
            for change in changes
        ],
        "fields": [{"field": f.field, "before": f.before, "after": f.after} for f in fields],
        "summary": {str(kind): sum(change.kind is kind for change in changes) for kind in Kind},
    }
    return json_text(document)


def policy_object(policy: Policy | None) -> dict[str, Any] | None:
    """A policy as the list writes it."""
    return {"mode": str(policy.mode), "mxs": list(policy.mxs)} if policy else None


def detail(change: Change) -> str:
    """What exactly changed, in a few words."""
    before, after = _patterns(change.before), _patterns(change.after)
    match change.kind:
        case Kind.REMOVED:
            return f"was {change.before.mode}: {before}" if change.before else ""
        case Kind.ADDED:
            return f"{change.after.mode}: {after}" if change.after else ""
        case Kind.WEAKENED:
            return "enforce -> testing"
        case Kind.STRENGTHENED:
            return "testing -> enforce"
        case Kind.REPLACED:
            return f"{before} -> {after}"
        case Kind.WIDENED:
            return f"now also {', '.join(change.patterns)}"
        case Kind.NARROWED:
            return f"no longer {', '.join(change.patterns)}"


def summary(changes: Sequence[Change], fields: Sequence[FieldChange]) -> str:
    """The counts, in one line."""
    counts = [f"{n} {kind}" for kind in Kind if (n := sum(change.kind is kind for change in changes))]
    counts += [", ".join(field.field for field in fields) + " edited"] if fields else []
    return ", ".join(counts) or "no difference"


def _patterns(policy: Policy | None) -> str:
    return ", ".join(policy.mxs) if policy else ""


_MARKUP = str.maketrans({c: f"\\{c}" for c in "\\|`*_~["} | {"<": "&lt;", "&": "&amp;", "@": "&#64;"})
"""A mention could not be escaped with a backslash; the rest reads better with one."""


def _cell(value: str) -> str:
    safe = shown(value).translate(_MARKUP).replace("://", ":&#47;&#47;").replace("www.", "www&#46;")
    return safe or "(none)"
