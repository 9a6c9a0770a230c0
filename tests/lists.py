"""Lists for tests: written out, as JSON values, and made by hypothesis."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from stpolicy.model.dates import Date
from stpolicy.model.names import canonical
from stpolicy.model.policy import Alias, AliasEntry, Entry, Mode, Policy, PolicyList

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
TIMESTAMP = "2026-11-01T00:00:00Z"
EXPIRES = "2026-11-15T00:00:00Z"
ONE_HOST: dict[str, Any] = {"mode": "testing", "mxs": ["mx.example.com"]}


def value(policies: object = None, aliases: object = None, **fields: object) -> dict[str, Any]:
    """A list as a JSON value in which nothing is wrong but what the arguments say."""
    return {
        "timestamp": TIMESTAMP,
        "expires": EXPIRES,
        "version": "0.1",
        "policy-aliases": {} if aliases is None else aliases,
        "policies": {"example.com": ONE_HOST} if policies is None else policies,
    } | fields


def data(
    policies: object = None, aliases: object = None, without: tuple[str, ...] = (), **fields: object
) -> bytes:
    """The bytes of such a list, less the fields named by `without`."""
    whole = value(policies, aliases, **fields)
    return json.dumps({key: member for key, member in whole.items() if key not in without}).encode()


def enforce(*mxs: str) -> Policy:
    return Policy(Mode.ENFORCE, mxs)


def in_testing(*mxs: str) -> Policy:
    return Policy(Mode.TESTING, mxs)


def policy_list(
    entries: Mapping[str, Policy | Alias],
    aliases: Mapping[str, Policy | Alias] | None = None,
    *,
    timestamp: str | float = TIMESTAMP,
    expires: str | float = EXPIRES,
    author: str | None = None,
) -> PolicyList:
    return PolicyList(
        Date.read(timestamp),
        Date.read(expires),
        author,
        tuple(AliasEntry(name, policy) for name, policy in (aliases or {}).items()),
        tuple(Entry(name, canonical(name), policy) for name, policy in entries.items()),
    )


_NAME = st.text(alphabet="abkz019AK.-_", min_size=1, max_size=12)
_U_LABELS = st.sampled_from(
    ["bücher.de", "Bücher.de", "straße.de", "пример.рф", ".bücher.de", "☃.com", "\u212a.com"]
)


def _as_the_schema_sees_it(name: str) -> str:
    return name if name.isascii() else canonical(name)


names = st.one_of(_NAME, _NAME, _U_LABELS)
modes = st.sampled_from(Mode)
policies = st.builds(
    Policy,
    modes,
    st.lists(names, min_size=1, max_size=4, unique_by=_as_the_schema_sees_it).map(tuple),
)
promises: st.SearchStrategy[Policy | Alias] = st.one_of(policies, st.builds(Alias, _NAME))

_offsets = st.one_of(
    st.sampled_from(["Z", "z", "-00:00", "+14:00", "-14:00"]),
    st.builds("{}{:02}:{:02}".format, st.sampled_from("+-"), st.integers(0, 13), st.integers(0, 59)),
)
rfc3339 = st.builds(
    "{:%Y-%m-%d}{}{:%H:%M:%S}{}{}".format,
    st.dates(min_value=datetime(1000, 1, 1).date()),  # noqa: DTZ001
    st.sampled_from("Tt"),
    st.times(),
    st.one_of(st.just(""), st.text("0123456789", min_size=1, max_size=30).map(".{}".format)),
    _offsets,
)
written_dates: st.SearchStrategy[str | int | float] = st.one_of(
    rfc3339, st.integers(0, 2**53), st.integers(0, 2**53).map(float)
)
authors = st.none() | st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=30)


def policy_lists(unique_by: Callable[[str], str] = str, max_size: int = 5) -> st.SearchStrategy[PolicyList]:
    """Lists that the schema takes, whether or not their content makes sense."""
    return st.builds(
        PolicyList,
        written_dates.map(Date.read),
        written_dates.map(Date.read),
        authors,
        st.lists(st.builds(AliasEntry, _NAME, promises), max_size=3, unique_by=lambda entry: entry.name).map(
            tuple
        ),
        st.lists(
            st.builds(lambda name, policy: Entry(name, canonical(name), policy), names, promises),
            max_size=max_size,
            unique_by=lambda entry: unique_by(entry.name),
        ).map(tuple),
    )
