"""What a change of a list means, by accepted names, with aliases resolved."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stpolicy.model.change import Change, Kind, accepted, changes, field_changes, retargeted
from stpolicy.model.names import canonical
from stpolicy.model.policy import Alias, Policy, PolicyList
from tests import lists
from tests.lists import enforce, in_testing, policy_list

T = TypeVar("T")
Promise = Policy | Alias | None
Kinds = list[tuple[Kind, tuple[str, ...]]]

ONE = enforce("mx.a.com")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(ONE, ONE, [], id="nothing"),
        pytest.param(None, ONE, [(Kind.ADDED, ())], id="added"),
        pytest.param(ONE, None, [(Kind.REMOVED, ())], id="L10 removed"),
        pytest.param(ONE, in_testing("mx.a.com"), [(Kind.WEAKENED, ())], id="L10 weakened"),
        pytest.param(in_testing("mx.a.com"), ONE, [(Kind.STRENGTHENED, ())], id="L13 strengthened"),
        pytest.param(
            ONE, enforce("mx.a.com", ".b.com"), [(Kind.WIDENED, (".b.com",))], id="wider by a suffix"
        ),
        pytest.param(
            ONE, enforce("mx.a.com", "mx.b.com"), [(Kind.WIDENED, ("mx.b.com",))], id="wider by a host"
        ),
        pytest.param(ONE, enforce(".a.com"), [(Kind.WIDENED, (".a.com",))], id="host to its suffix"),
        pytest.param(enforce(".a.com"), ONE, [(Kind.NARROWED, (".a.com",))], id="suffix to one of its hosts"),
        pytest.param(
            enforce("mx.a.com", "mx.b.com"), ONE, [(Kind.NARROWED, ("mx.b.com",))], id="a host less"
        ),
        pytest.param(enforce(".a.com"), enforce(".a.com", "mx.a.com"), [], id="a host beside its suffix"),
        pytest.param(enforce(".a.com", "mx.a.com"), enforce(".a.com"), [], id="a covered host less"),
        pytest.param(
            enforce(".a.com"),
            enforce(".a.com", ".mx.a.com"),
            [(Kind.WIDENED, (".mx.a.com",))],
            id="a suffix covers no deeper one",
        ),
        pytest.param(ONE, enforce("mx.b.com"), [(Kind.REPLACED, ())], id="L11 no pattern in common"),
        pytest.param(enforce(".a.com"), enforce(".b.com"), [(Kind.REPLACED, ())], id="L11 suffixes"),
        pytest.param(
            enforce("mx.a.com", "mx.b.com"),
            enforce("mx.a.com", "mx.c.com"),
            [(Kind.WIDENED, ("mx.c.com",)), (Kind.NARROWED, ("mx.b.com",))],
            id="one comes and one goes",
        ),
        pytest.param(
            ONE,
            in_testing("mx.b.com"),
            [(Kind.WEAKENED, ()), (Kind.REPLACED, ())],
            id="weakened and replaced",
        ),
        pytest.param(
            in_testing("mx.a.com"),
            enforce("mx.a.com", ".b.com"),
            [(Kind.WIDENED, (".b.com",)), (Kind.STRENGTHENED, ())],
            id="widened and strengthened",
        ),
        pytest.param(ONE, enforce("MX.A.com."), [], id="another spelling"),
        pytest.param(enforce("mx.bücher.de"), enforce("mx.xn--bcher-kva.de"), [], id="U-label"),
        pytest.param(enforce("a.com", "b.com"), enforce("b.com", "a.com"), [], id="another order"),
        pytest.param(ONE, Alias("same"), [], id="an alias for the same"),
        pytest.param(Alias("same"), ONE, [], id="no alias for the same"),
        pytest.param(ONE, Alias("weaker"), [(Kind.WEAKENED, ())], id="L10 weakened by an alias"),
        pytest.param(ONE, Alias("undefined"), [(Kind.REMOVED, ())], id="alias that is not defined"),
        pytest.param(Alias("undefined"), ONE, [(Kind.ADDED, ())], id="alias that was not defined"),
        pytest.param(Alias("undefined"), Alias("chained"), [], id="nothing promised before and after"),
    ],
)
def test_kinds(old: Promise, new: Promise, expected: Kinds) -> None:
    aliases: dict[str, Policy | Alias] = {
        "same": ONE,
        "weaker": in_testing("mx.a.com"),
        "chained": Alias("same"),
    }

    def with_promise(promise: Promise) -> PolicyList:
        return policy_list({} if promise is None else {"a.com": promise}, aliases)

    found = changes(with_promise(old), with_promise(new))
    assert [(change.kind, change.patterns) for change in found] == expected
    assert all(change.domain == "a.com" for change in found)


def test_worst_first_then_by_domain() -> None:
    old = policy_list({"d.com": ONE, "c.com": ONE, "b.com": ONE, "a.com": in_testing("x.com")})
    new = policy_list({"b.com": in_testing("mx.a.com"), "a.com": enforce("x.com"), "e.com": ONE})
    assert [(change.kind, change.domain) for change in changes(old, new)] == [
        (Kind.REMOVED, "c.com"),
        (Kind.REMOVED, "d.com"),
        (Kind.WEAKENED, "b.com"),
        (Kind.STRENGTHENED, "a.com"),
        (Kind.ADDED, "e.com"),
    ]


def test_one_edit_of_an_alias_changes_every_domain_that_uses_it() -> None:
    users: dict[str, Policy | Alias] = {"a.com": Alias("g"), "b.com": Alias("g"), "c.com": ONE}
    found = changes(policy_list(users, {"g": ONE}), policy_list(users, {"g": enforce("mx.evil.net")}))
    assert [(change.kind, change.domain) for change in found] == [
        (Kind.REPLACED, "a.com"),
        (Kind.REPLACED, "b.com"),
    ]


def test_a_domain_is_compared_by_canonical_name() -> None:
    assert changes(policy_list({"Bücher.de": ONE}), policy_list({"xn--bcher-kva.de": ONE})) == []


@settings(deadline=None, max_examples=100)
@given(lists.policy_lists(unique_by=canonical), st.randoms(use_true_random=False))
def test_order_is_no_change(policies: PolicyList, random: Random) -> None:
    def shuffled(items: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(random.sample(items, len(items)))

    other = replace(
        policies,
        aliases=shuffled(policies.aliases),
        entries=shuffled(
            tuple(
                entry._replace(policy=entry.policy._replace(mxs=shuffled(entry.policy.mxs)))
                if isinstance(entry.policy, Policy)
                else entry
                for entry in policies.entries
            )
        ),
    )
    assert changes(policies, other) == []
    assert list(retargeted(policies, other)) == []
    assert field_changes(policies, other) == []


MIRROR = {
    Kind.ADDED: Kind.REMOVED,
    Kind.WIDENED: Kind.NARROWED,
    Kind.STRENGTHENED: Kind.WEAKENED,
    Kind.REPLACED: Kind.REPLACED,
}
MIRROR |= {other: one for one, other in MIRROR.items()}

few_patterns = st.sampled_from(
    [".a.com", "mx.a.com", "MX.a.com", "mx2.a.com", ".b.com", "mx.b.com", ".x.a.com"]
)
few_policies = st.builds(
    Policy, lists.modes, st.lists(few_patterns, min_size=1, max_size=4, unique=True).map(tuple)
)
few_promises: st.SearchStrategy[dict[str, Policy | Alias]] = st.dictionaries(
    st.sampled_from(["a.com", "b.com", "c.com"]),
    st.one_of(few_policies, st.just(Alias("g")), st.just(Alias("nowhere"))),
)
few_lists = st.builds(policy_list, few_promises, st.fixed_dictionaries({"g": few_policies}))


def _told(found: list[Change], kinds: Mapping[Kind, Kind]) -> set[tuple[str, Kind, tuple[str, ...]]]:
    return {(change.domain, kinds[change.kind], change.patterns) for change in found}


@settings(deadline=None, max_examples=100)
@given(few_lists, few_lists)
def test_there_and_back_mirrors_the_kinds(old: PolicyList, new: PolicyList) -> None:
    same = {kind: kind for kind in Kind}
    assert _told(changes(old, new), MIRROR) == _told(changes(new, old), same)


@settings(deadline=None, max_examples=100)
@given(few_lists, few_lists)
def test_no_change_means_that_the_same_hosts_are_accepted(old: PolicyList, new: PolicyList) -> None:
    changed = {change.domain for change in changes(old, new)}
    for domain in {"a.com", "b.com", "c.com"} - changed:
        before, after = old.policy_for(domain), new.policy_for(domain)
        assert (before is None) is (after is None)
        if before and after:
            hosts = ("mx.a.com", "mx2.a.com", "z.a.com", "mx.b.com", "y.b.com", "q.x.a.com", "a.com")
            assert [before.matches(host) for host in hosts] == [after.matches(host) for host in hosts]
            assert before.mode is after.mode


@pytest.mark.parametrize(
    ("mxs", "expected"),
    [
        ((".a.com", "mx.a.com"), {".a.com"}),
        (("MX.a.com", "mx.a.com."), {"mx.a.com"}),
        ((".a.com", ".b.a.com", "c.b.a.com"), {".a.com", ".b.a.com"}),
    ],
)
def test_accepted(mxs: tuple[str, ...], expected: set[str]) -> None:
    assert accepted(enforce(*mxs)) == expected


def test_field_changes() -> None:
    old = policy_list({}, author="one")
    new = policy_list({}, timestamp="2026-11-01T00:00:00+00:00", expires=1794700800)
    assert [change.field for change in field_changes(old, new)] == ["timestamp", "expires", "author"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(ONE, enforce("mx.b.com"), True, id="other hosts"),
        pytest.param(ONE, in_testing("mx.a.com"), True, id="other mode"),
        pytest.param(ONE, Alias("other"), True, id="now chained"),
        pytest.param(ONE, enforce("MX.a.com"), False, id="other spelling"),
        pytest.param(enforce(".a.com"), enforce(".a.com", "mx.a.com"), False, id="covered host"),
    ],
)
def test_retargeted(old: Policy, new: Policy | Alias, expected: bool) -> None:
    before, after = (policy_list({}, {"x": ONE, "g": policy}) for policy in (old, new))
    assert list(retargeted(before, after)) == ([(1, "g")] if expected else [])
    assert list(retargeted(policy_list({}), after)) == []
