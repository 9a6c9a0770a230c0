"""A JSON value of the right shape to a model."""

from collections.abc import Collection, Mapping
from functools import cache
from itertools import repeat
from typing import Any

from stpolicy.model.dates import Date
from stpolicy.model.finding import Problem
from stpolicy.model.names import respelt
from stpolicy.model.policy import Alias, AliasEntry, Entry, Mode, Policy, PolicyList

_make = tuple.__new__
"""Makes a named tuple without the call in between; 150,000 times that is a tenth of the whole."""


class BadDates(ValueError):
    """Dates that look like dates to the schema and are none."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


def policy_list(
    value: Mapping[str, Any], aliases: Collection[tuple[str, Any]], entries: Collection[tuple[str, Any]]
) -> PolicyList:
    """The model of a value that fits the schema; its aliases and entries are given as pairs.

    Pairs, because a repeated key must be held too, for the rules to name it. Raises BadDates.
    """
    timestamp, expires = _dates(value)
    names = [name for name, _ in entries]
    spelling = respelt(names)
    domains = [spelling.get(name, name) for name in names] if spelling else names
    members = zip(names, domains, _policies(entries), strict=True)
    return PolicyList(
        timestamp,
        expires,
        value.get("author"),
        tuple(map(AliasEntry, (name for name, _ in aliases), _policies(aliases))),
        tuple(map(_make, repeat(Entry), members)),
    )


def _dates(value: Mapping[str, Any]) -> list[Date]:
    dates, wrong = [], []
    for field in ("timestamp", "expires"):
        try:
            dates.append(Date.read(value[field]))
        except ValueError as fault:
            wrong.append(Problem(f"{field} {str(value[field])[:60]!r} {fault}", (field,)))
    if wrong:
        raise BadDates(wrong)
    return dates


def _policies(members: Collection[tuple[str, Any]]) -> list[Policy | Alias]:
    modes = {mode.value: mode for mode in Mode}
    reference = cache(Alias)  # one object an alias, however many entries point at it
    return [
        (
            reference(entry["policy-alias"])
            if "policy-alias" in entry
            else _make(Policy, (modes[entry["mode"]], tuple(entry["mxs"])))
        )
        for _, entry in members
    ]
