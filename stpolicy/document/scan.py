"""Strict JSON (RFC 8259) with the place of everything wrong: slower than `json`, so used only then."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

DEEPEST = 16
_SPACE = re.compile(r"[ \t\n\r]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Members(dict[str, Any]):
    """A JSON object that remembers every pair, repeated keys included; as a dict, the last one wins."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a text, and at which offset."""

    code: str
    message: str
    offset: int


@dataclass
class _Stop(Exception):
    fault: Fault


def scan(text: str) -> tuple[Any, list[Fault]]:
    """The JSON value of a text, None after a syntax error, and its faults in the order of the text."""
    reader = _Reader(text)
    try:
        value = reader.document()
    except _Stop as stop:
        return None, [*reader.faults, stop.fault]
    return value, reader.faults


def refuse_constant(name: str) -> NoReturn:
    """For `json`, which would take NaN and its kin for numbers."""
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=refuse_constant)


_PAIRS = json.JSONDecoder(parse_constant=refuse_constant, object_pairs_hook=Members)
_PLAIN = re.compile(r'\{[^{}"\\]*+(?:"[^"\\\x00-\x1f\x7f-\x9f]*+"[^{}"\\]*+)*+\}')
"""An object without objects inside it, escapes or control characters: nearly every entry."""


def _members(text: str) -> Members | None:
    """A plain object at the speed of `json`; None when there is anything to say about it."""
    try:
        members: Members = _PAIRS.decode(text)
    except ValueError:
        return None
    return members if len(members) == len(members.pairs) else None


@dataclass
class _Reader:
    text: str
    faults: list[Fault] = field(default_factory=list)

    def document(self) -> Any:
        value, at = self.value(self.skip(0), 1)
        at = self.skip(at)
        if at < len(self.text):
            self.stop("something follows the end of the list", at)
        return value

    def skip(self, at: int) -> int:
        return _SPACE.match(self.text, at).end()  # type: ignore[union-attr]

    def stop(self, message: str, at: int) -> NoReturn:
        if at >= len(self.text):
            message, at = "the text ends too early", len(self.text)
        raise _Stop(Fault("document.syntax", message, at))

    def value(self, at: int, depth: int) -> tuple[Any, int]:
        plain = _PLAIN.match(self.text, at)
        if plain and depth + plain[0].count("[") <= DEEPEST and (members := _members(plain[0])) is not None:
            return members, plain.end()
        opening = self.text[at : at + 1]
        if opening in ("{", "["):
            if depth > DEEPEST:
                message = f"values are nested more than {DEEPEST} deep"
                raise _Stop(Fault("document.too_deep", message, at))
            return self.object(at, depth) if opening == "{" else self.array(at, depth)
        return self.scalar(at)

    def object(self, start: int, depth: int) -> tuple[Members, int]:
        pairs: list[tuple[str, Any]] = []
        seen: set[str] = set()
        at = self.skip(start + 1)
        while True:  # an empty object was plain
            if not self.text.startswith('"', at):
                self.stop("a key in double quotes should stand here", at)
            key, end = self.scalar(at)
            if key in seen:
                self.faults.append(
                    Fault("document.duplicate_key", f"the key {key!r} stands here a second time", at)
                )
            seen.add(key)
            at = self.expect(":", self.skip(end))
            value, at = self.value(self.skip(at), depth + 1)
            pairs.append((key, value))
            at = self.skip(at)
            if self.text.startswith("}", at):
                return Members(pairs), at + 1
            at = self.skip(self.expect(",", at))

    def array(self, start: int, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        at = self.skip(start + 1)
        if self.text.startswith("]", at):
            return items, at + 1
        while True:
            value, at = self.value(at, depth + 1)
            items.append(value)
            at = self.skip(at)
            if self.text.startswith("]", at):
                return items, at + 1
            at = self.skip(self.expect(",", at))

    def expect(self, sign: str, at: int) -> int:
        if not self.text.startswith(sign, at):
            self.stop(f"{sign!r} should stand here", at)
        return at + 1

    def scalar(self, at: int) -> tuple[Any, int]:
        try:
            value, end = _DECODER.raw_decode(self.text, at)
        except json.JSONDecodeError as wrong:
            self.stop(f"this is not JSON: {wrong.msg}", wrong.pos)
        except ValueError:  # NaN and its kin, or more digits than an integer may have
            self.stop("this is no JSON number", at)
        if isinstance(value, str):
            self.look_into(value, at)
        return value, end

    def look_into(self, value: str, at: int) -> None:
        if _CONTROL.search(value):
            self.faults.append(Fault("document.syntax", "this text holds a control character", at))
        if _SURROGATE.search(value):
            self.faults.append(Fault("document.encoding", "this text holds half of a surrogate pair", at))
