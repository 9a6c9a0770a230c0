"""A policy list: strict bytes to a model, with everything that is wrong and where."""

import gc
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from stpolicy.document import shape
from stpolicy.document.build import BadDates, policy_list
from stpolicy.document.codes import DOCUMENT, LARGEST
from stpolicy.document.scan import Fault, Members, refuse_constant, scan
from stpolicy.document.source import Source
from stpolicy.errors import Refused
from stpolicy.model.finding import Finding, Place, Problem, Report, Severity, Step
from stpolicy.model.names import canonical
from stpolicy.model.policy import PolicyList

_ESCAPES_TO_LOOK_AT = re.compile(r"[\x7f-\x9f]|\\(?:[bfnrt]|u(?:00[0189]|007[fF]|003[aA]|[dD][89a-fA-F]))")
_READABLE = {"document.unknown_field", "document.duplicate_key"}
"""With these alone the list can still be judged, for the report; never signed or used."""


@dataclass(frozen=True)
class Document:
    """What a file turned out to be. `policies` is None when nothing can be said of its content."""

    source: Source
    policies: PolicyList | None
    report: Report
    doubtful_names: tuple[tuple[Place, Finding], ...] = ()
    """Names with characters no name has; findings of their own unless a rule says more at that place."""

    def locate(self, problems: Iterable[tuple[str, Severity, Problem]]) -> list[Finding]:
        """Problems of this list as findings with their places in the file."""
        listed = list(problems)
        offsets = self.source.offsets({problem.place for _, _, problem in listed}) if listed else {}
        positions = self.source.positions(offsets.values())
        return [
            Finding.of(judged, self.source.name, positions[offsets[judged[2].place]]) for judged in listed
        ]


def load(data: bytes, name: str, *, largest: int = LARGEST) -> PolicyList:
    """The list in `data`; Refused with the worst finding when it is not one (for all who do not report)."""
    document = parse(data, name, largest=largest)
    findings = document.report.findings + tuple(finding for _, finding in document.doubtful_names)
    if document.policies is None or findings:
        raise Refused(_headline(Report.of(findings)), f"stpolicy validate {name}")
    return document.policies


def _headline(report: Report) -> str:
    first = report.findings[0]
    more = f" (and {len(report.findings) - 1} more)" if len(report.findings) > 1 else ""
    return f"{first.file}:{first.line}:{first.column}: {first.message} [{first.code}]{more}"


def parse(data: bytes, name: str, *, largest: int = LARGEST) -> Document:
    """Reads a list. `name` is what its findings call the file; `largest` is in bytes."""
    with _no_collection():
        if len(data) > largest:
            message = f"the file has more than {largest} bytes"  # nobody has read further
            return _refused(Source(name, ""), [Fault("document.too_large", message, 0)])
        if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
            message = "the file begins with a byte order mark; plain UTF-8 has none"
            return _refused(Source(name, ""), [Fault("document.encoding", message, 0)])
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as wrong:
            before = Source(name, data[: wrong.start].decode("utf-8"))
            message = f"byte {wrong.start} is not UTF-8"
            return _refused(before, [Fault("document.encoding", message, len(before.text))])
        return _fast(Source(name, text)) or _thorough(Source(name, text))


def _fast(source: Source) -> Document | None:
    """The list when nothing at all is wrong with its shape, else None: then somebody has to look closer.

    Without an escaped colon, the text has one colon for each key and one for each colon in a string.
    Names hold none, by the schema, so a key more than the dictionaries hold is a key that stands twice.
    """
    text = source.text
    if not (text.isascii() and "\\" not in text and "\x7f" not in text) and _ESCAPES_TO_LOOK_AT.search(text):
        return None
    try:
        value = json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return None
    if not shape.fits(value):
        return None
    aliases, entries = value["policy-aliases"], value["policies"]
    keys = len(value) + len(aliases) + len(entries)
    keys += sum(map(len, aliases.values())) + sum(map(len, entries.values()))
    in_strings = sum(str(value.get(key, "")).count(":") for key in ("timestamp", "expires", "author"))
    if text.count(":") != keys + in_strings:
        return None
    return _built(source, value, aliases.items(), entries.items())


def _thorough(source: Source) -> Document:
    value, faults = scan(source.text)
    if any(fault.code not in _READABLE for fault in faults):
        return _refused(source, faults)
    misfits = shape.misfits(value)
    places = _Places(value)
    found = [(m.code, Severity.ERROR, Problem(m.message, *places.numbered(m.place))) for m in misfits]
    broken = any(not m.is_name and m.code not in _READABLE for m in misfits) or not all(
        shape.entry_fits(entry) for entry in _hidden(value)
    )
    document = (
        Document(source, None, Report())
        if broken
        else _built(source, value, value["policy-aliases"].pairs, value["policies"].pairs)
    )
    located = document.locate(found)
    firm = [finding for m, finding in zip(misfits, located, strict=True) if not m.is_name]
    doubtful = tuple(
        (problem.place, finding)
        for m, (_, _, problem), finding in zip(misfits, found, located, strict=True)
        if m.is_name
    )
    if document.policies is None:
        firm, doubtful = located, ()
    report = document.report + _refused(source, faults).report + Report.of(firm)
    return Document(source, document.policies, report, doubtful)


def _hidden(value: Members) -> Iterator[Any]:
    """What stands under a key that is repeated later: the schema sees the last one only."""
    for members in (value.get("policy-aliases"), value.get("policies")):
        if isinstance(members, Members) and len(members) < len(members.pairs):
            yield from (entry for name, entry in members.pairs if members[name] is not entry)


def _refused(source: Source, faults: list[Fault]) -> Document:
    positions = source.positions(fault.offset for fault in faults)
    findings = [
        Finding(
            fault.code,
            Severity.ERROR,
            fault.message,
            None,
            source.name,
            positions[fault.offset].line,
            positions[fault.offset].column,
        )
        for fault in faults
    ]
    return Document(source, None, Report.of(findings))


def _built(
    source: Source,
    value: Mapping[str, Any],
    aliases: Collection[tuple[str, Any]],
    entries: Collection[tuple[str, Any]],
) -> Document:
    document = Document(source, None, Report())
    try:
        return Document(source, policy_list(value, aliases, entries), Report())
    except BadDates as wrong:
        found = [("document.date", Severity.ERROR, problem) for problem in wrong.problems]
        return Document(source, None, Report.of(document.locate(found)))


class _Places:
    """Turns names of entries in a path into their ordinals, which is how rules and sources count them."""

    def __init__(self, value: Any) -> None:
        self._value = value if isinstance(value, dict) else {}
        self._known: dict[str, dict[Step, tuple[int, str]]] = {}

    def numbered(self, place: Place) -> tuple[Place, str | None]:
        if len(place) < 2 or not isinstance(members := self._value.get(str(place[0])), Members):
            return place, None
        field = str(place[0])
        if field not in self._known:
            self._known[field] = _ordinals(members)
        ordinal, name = self._known[field][place[1]]
        return (field, ordinal, *place[2:]), name


def _ordinals(members: Members) -> dict[Step, tuple[int, str]]:
    """Ordinal and name by the name as written, of which the last counts, and else by the canonical one."""
    found: dict[Step, tuple[int, str]] = {}
    names = [name for name, _ in members.pairs]
    for ordinal, name in enumerate(names):
        found.setdefault(canonical(name), (ordinal, name))
    return found | {name: (ordinal, name) for ordinal, name in enumerate(names)}


@contextmanager
def _no_collection() -> Iterator[None]:
    """Building a large list makes objects that all stay; looking for cycles among them is wasted."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


__all__ = ["DOCUMENT", "LARGEST", "Document", "load", "parse"]
