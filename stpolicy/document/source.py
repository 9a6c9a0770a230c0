"""A text and the way to places in it: line and column, counted from 1, in code points."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from stpolicy.model.finding import Place, Position, Step

_STRING = r'"(?:[^"\\]++|\\.)*+"'
_ARRAY = rf'\[(?:[^\[\]{{}}"]++|{_STRING})*+\]'
_WITHIN = rf'(?:[^\[\]{{}}"]++|{_STRING}|{_ARRAY})*+'
_KEY = re.compile(rf"[\s,]*({_STRING})\s*:\s*", re.DOTALL)
_ITEM = re.compile(r"[\s,]*(?=[^\s,\]])")
_SIMPLE = re.compile(rf'{_STRING}|[^\s,\[\]{{}}"]+|{_ARRAY}|\{{{_WITHIN}\}}', re.DOTALL)
_CLOSING = re.compile(r"\s*[\]}]?")
_NUMBERED = {"policies", "policy-aliases"}


@dataclass(frozen=True)
class Source:
    """A text that parses as JSON (but for `positions`, which any text may be asked), and its name."""

    name: str
    text: str

    def positions(self, offsets: Iterable[int]) -> dict[int, Position]:
        """Line and column of each offset, in one pass over the text."""
        found: dict[int, Position] = {}
        line, start, seen = 1, 0, 0
        for offset in sorted(set(offsets)):
            newlines = self.text.count("\n", seen, offset)
            if newlines:
                line += newlines
                start = self.text.rindex("\n", seen, offset) + 1
            seen = offset
            found[offset] = Position(line, offset - start + 1)
        return found

    def offsets(self, places: Iterable[Place]) -> dict[Place, int]:
        """Where each place begins: at its key for a member of an object, at the value in an array."""
        root = re.match(r"\s*", self.text).end()  # type: ignore[union-attr]
        return {place: self._walk(root, place) for place in places}

    def _walk(self, at: int, place: Place) -> int:
        value = at
        for depth, step in enumerate(place):
            numbered = isinstance(step, int) and depth == 1 and place[0] in _NUMBERED
            members = self._inside(value).members
            if numbered and step < len(members):  # type: ignore[operator]
                _, at, value = members[step]  # type: ignore[index]
            elif not numbered and step in self._inside(value).by_key:
                at, value = self._inside(value).by_key[step]
            else:
                break
        return at

    def _inside(self, start: int) -> "_Inside":
        if start not in self._seen:
            self._seen[start] = self._read(start)
        return self._seen[start]

    @cached_property
    def _seen(self) -> "dict[int, _Inside]":
        return {}

    def _read(self, start: int) -> "_Inside":
        """The members of the object or array that begins at `start`."""
        members: list[tuple[Step, int, int]] = []
        at = start + 1
        if self.text.startswith("{", start):
            while key := _KEY.match(self.text, at):
                quoted = key[1]
                name = json.loads(quoted) if "\\" in quoted else quoted[1:-1]
                members.append((name, key.start(1), key.end()))
                at = self._end(key.end())
        elif self.text.startswith("[", start):
            while item := _ITEM.match(self.text, at):
                members.append((len(members), item.end(), item.end()))
                at = self._end(item.end())
        return _Inside(members, _CLOSING.match(self.text, at).end())  # type: ignore[union-attr]

    def _end(self, start: int) -> int:
        """Where the value that begins at `start` ends: one match for an entry, a walk for what is deeper."""
        simple = _SIMPLE.match(self.text, start)
        return simple.end() if simple else self._inside(start).end


@dataclass(frozen=True)
class _Inside:
    """Members of an object or array: key or index, where it begins, where its value begins. And its end."""

    members: list[tuple[Step, int, int]]
    end: int

    @cached_property
    def by_key(self) -> dict[Step, tuple[int, int]]:
        return {key: (at, value) for key, at, value in self.members}
