"""Edits of a list: what comes of them, and what cannot be made."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stpolicy.model import edit
from stpolicy.model.dates import Date, Instant, instant
from stpolicy.model.policy import Alias, Mode, Policy, PolicyList
from tests.lists import enforce, in_testing, policy_list, policy_lists

LIST = policy_list(
    {"a.com": enforce("mx.a.com"), "b.com": Alias("x")},
    {"x": in_testing("mx.x.com"), "free": enforce("mx.y.com")},
)
LIFE = timedelta(days=14)


def domains(policies: PolicyList) -> list[str]:
    return [entry.name for entry in policies.entries]


def test_canonical_list_sorts_and_folds_names_and_keeps_the_order_of_patterns() -> None:
    loose = policy_list(
        {"B.com.": enforce("Z.b.com", "a.b.com", "z.b.com."), "a.com": Alias("y")},
        {"y": enforce(".B.com"), "x": Alias("y")},
    )
    canonical = edit.canonical_list(loose)
    assert domains(canonical) == ["a.com", "b.com"]
    assert canonical.entries[1].policy == enforce("z.b.com", "a.b.com")
    assert [entry.name for entry in canonical.aliases] == ["x", "y"]
    assert canonical.aliases[1].policy == enforce(".b.com")
    assert edit.canonical_list(canonical) == canonical


@pytest.mark.parametrize("name", ["A.com", "a.com."])
def test_two_entries_for_one_domain_have_no_canonical_form(name: str) -> None:
    with pytest.raises(ValueError, match=r"a\.com"):
        edit.canonical_list(policy_list({"a.com": enforce("mx.a.com"), name: enforce("mx.b.com")}))


def test_add_puts_a_domain_in_its_place() -> None:
    assert domains(edit.add(LIST, "AB.com.", Alias("x"))) == ["a.com", "ab.com", "b.com"]


def test_change_and_remove_touch_one_domain() -> None:
    changed = edit.change(LIST, "A.com", Alias("x"))
    assert [entry.policy for entry in changed.entries] == [Alias("x"), Alias("x")]
    assert domains(edit.remove(LIST, "A.com.")) == ["b.com"]


def test_aliases_are_added_changed_and_removed() -> None:
    added = edit.add_alias(LIST, "m", enforce("mx.m.com"))
    assert [entry.name for entry in added.aliases] == ["free", "m", "x"]
    assert edit.change_alias(LIST, "x", enforce("mx.z.com")).policy_for("b.com") == enforce("mx.z.com")
    assert [entry.name for entry in edit.remove_alias(LIST, "free").aliases] == ["x"]


@pytest.mark.parametrize(
    "edited",
    [
        pytest.param(lambda: edit.add(LIST, "a.com", Alias("x")), id="listed already"),
        pytest.param(lambda: edit.add(LIST, "A.COM.", Alias("x")), id="listed already, written otherwise"),
        pytest.param(lambda: edit.add(LIST, "c.com", Alias("nowhere")), id="alias not defined"),
        pytest.param(lambda: edit.add(LIST, "localhost", Alias("x")), id="no host name"),
        pytest.param(lambda: edit.change(LIST, "c.com", Alias("x")), id="not listed"),
        pytest.param(
            lambda: edit.change(LIST, "a.com", Alias("nowhere")), id="change to an alias not defined"
        ),
        pytest.param(lambda: edit.remove(LIST, "c.com"), id="remove what is not listed"),
        pytest.param(lambda: edit.add_alias(LIST, "x", enforce("a.b")), id="alias defined already"),
        pytest.param(lambda: edit.add_alias(LIST, "X", enforce("a.b")), id="no name of an alias"),
        pytest.param(lambda: edit.change_alias(LIST, "nowhere", enforce("a.b")), id="no such alias"),
        pytest.param(lambda: edit.remove_alias(LIST, "nowhere"), id="remove no such alias"),
        pytest.param(lambda: edit.remove_alias(LIST, "x"), id="alias in use"),
        pytest.param(lambda: edit.checked_policy("enforce", []), id="no pattern"),
        pytest.param(lambda: edit.checked_policy("enforce", ["*.a.com"]), id="no pattern of the format"),
        pytest.param(lambda: edit.checked_policy("none", ["mx.a.com"]), id="no mode"),
    ],
)
def test_what_cannot_be_made(edited: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        edited()


def test_the_users_of_an_alias_are_named_but_not_by_the_hundred() -> None:
    many = policy_list({f"a{n}.com": Alias("x") for n in range(9)}, {"x": enforce("mx.x.com")})
    with pytest.raises(ValueError, match=r"a0\.com, a1\.com, a2\.com …"):
        edit.remove_alias(many, "x")


def test_patterns_are_folded_and_come_once() -> None:
    assert edit.checked_policy("enforce", ["MX.a.com.", "mx.A.com", ".b.com"]) == Policy(
        Mode.ENFORCE, ("mx.a.com", ".b.com")
    )


@pytest.mark.parametrize(
    ("old", "now", "new"),
    [
        ("2026-11-01T00:00:00Z", "2026-11-01T12:00:00.9Z", "2026-11-01T12:00:00Z"),
        ("2026-11-01T12:00:00Z", "2026-11-01T12:00:00Z", "2026-11-01T12:00:01Z"),
        ("2026-11-01T12:00:00.5Z", "2026-11-01T12:00:00.7Z", "2026-11-01T12:00:01Z"),
        (1793534400, "2026-11-01T12:00:00Z", "2026-11-01T12:00:01Z"),
        ("2026-11-01T14:00:00+02:00", "2026-11-01T12:00:05Z", "2026-11-01T12:00:05Z"),
    ],
)
def test_bump(old: str | int, now: str, new: str) -> None:
    bumped = edit.bump(policy_list({}, timestamp=old), datetime.fromisoformat(now), LIFE)
    assert bumped.timestamp.written == new
    assert bumped.expires.instant - bumped.timestamp.instant == LIFE


@pytest.mark.parametrize(
    ("old", "now"),
    [
        ("2026-11-01T12:00:00.5Z", "2026-11-01T12:00:00.4+00:00"),
        ("2026-11-01T00:00:00Z", "9999-12-25T00:00:00+00:00"),
    ],
)
def test_dates_that_cannot_be_written(old: str, now: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        edit.bump(policy_list({}, timestamp=old), datetime.fromisoformat(now), LIFE)


@given(
    policy_lists(),
    st.datetimes(min_value=datetime.fromisoformat("1990-01-01"), timezones=st.just(UTC)),
    st.integers(1, 3650),
)
def test_bump_is_strictly_newer_and_readable_or_refused(
    policies: PolicyList, now: datetime, days: int
) -> None:
    try:
        bumped = edit.bump(policies, now, timedelta(days=days))
    except ValueError:
        return
    assert policies.timestamp.instant < bumped.timestamp.instant
    assert Date.read(bumped.timestamp.written).instant <= Instant(instant(now).seconds + 1)
    assert Date.read(bumped.expires.written) == bumped.expires
    assert bumped.entries == policies.entries
