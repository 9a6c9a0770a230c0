"""An overlay: strict bytes to a model. Local files are read as strictly as lists are."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stpolicy.document.scan import scan
from stpolicy.errors import Misuse
from stpolicy.model.dates import Date
from stpolicy.model.names import MxPattern, canonical, host_fault
from stpolicy.model.overlay import Local, Overlay
from stpolicy.model.policy import Mode, Policy

LARGEST = 4 * 1024 * 1024
"""Bytes."""

_FIELDS = frozenset({"policies", "exclude"})
_OF_A_POLICY = frozenset({"mode", "mxs", "reason", "until"})
_OF_AN_EXCLUSION = frozenset({"reason", "until"})


def read(data: bytes, name: str) -> Overlay:
    """The overlay in a file; Misuse says what is wrong and where, since the file is configuration."""
    if len(data) > LARGEST:
        raise Misuse(f"{name}: an overlay has at most {LARGEST} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise Misuse(f"{name}: byte {wrong.start} is not UTF-8") from wrong
    value, faults = scan(text)
    if faults:
        before = text[: faults[0].offset]
        place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
        raise Misuse(f"{name}:{place}: {faults[0].message}")
    decisions: dict[str, Local] = {}
    for written, local in _members(value, name):
        domain = canonical(written)
        if fault := host_fault(domain):
            raise Misuse(f"{name}: the domain {written!r} {fault}")
        if domain in decisions:
            raise Misuse(f"{name} says two things of {domain}", "a domain is excluded or has one policy")
        decisions[domain] = local
    return Overlay({canonical(domain): local for domain, local in decisions.items()})


def _members(value: Any, name: str) -> Iterator[tuple[str, Local]]:
    _fields(value, _FIELDS, name)
    for domain, entry in _object(value.get("policies", {}), f"{name}: policies").items():
        place = f"{name}: {domain!r}"
        _fields(entry, _OF_A_POLICY, place)
        yield domain, Local(_policy(entry, place), *_note(entry, place), name)
    for domain, entry in _object(value.get("exclude", {}), f"{name}: exclude").items():
        place = f"{name}: {domain!r}"
        _fields(entry, _OF_AN_EXCLUSION, place)
        yield domain, Local(None, *_note(entry, place), name)


def _object(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Misuse(f"{place} is no object", 'write it like {"policies": {"example.com": {…}}}')
    return value


def _fields(value: Any, allowed: frozenset[str], place: str) -> None:
    for field in _object(value, place):
        if field not in allowed:
            raise Misuse(f"{place} has a field {field!r}", f"there are only: {', '.join(sorted(allowed))}")


def _policy(entry: Mapping[str, Any], place: str) -> Policy:
    try:
        mode = Mode(entry.get("mode", ""))
    except ValueError as wrong:
        raise Misuse(f"{place} has no mode", "it is testing or enforce") from wrong
    mxs = entry.get("mxs")
    if not isinstance(mxs, list) or not mxs or not all(isinstance(mx, str) for mx in mxs):
        raise Misuse(f"{place} has no mxs", "name at least one host or .suffix in an array")
    try:
        return Policy(mode, tuple(dict.fromkeys(MxPattern(mx).text for mx in mxs)))
    except ValueError as wrong:
        raise Misuse(f"{place}: the pattern {wrong}") from wrong


def _note(entry: Mapping[str, Any], place: str) -> tuple[str, Date | None]:
    reason, until = entry.get("reason", ""), entry.get("until")
    if not isinstance(reason, str):
        raise Misuse(f"{place} has a reason that is no text")
    if until is None:
        return reason, None
    # A day is what people write; it ends when the next one begins.
    if isinstance(until, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", until, re.ASCII):
        until = f"{until}T23:59:59Z"
    try:
        return reason, Date.read(until)
    except ValueError as wrong:
        raise Misuse(f"{place} has an until that {wrong}") from wrong
