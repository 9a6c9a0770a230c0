"""Cases that differ from another one in a single respect, each of which a careless rule gets wrong."""

from collections.abc import Collection

import pytest

from stpolicy import rules
from stpolicy.model.finding import Candidate, Problem, Rule, Severity
from stpolicy.model.policy import Policy, PolicyList
from stpolicy.model.signature import Doubt, Signatures
from stpolicy.rules import dates, history, mxs, policies, signature
from stpolicy.suffixes import PublicSuffixes
from tests.lists import NOW, enforce, in_testing, policy_list

ONE = enforce("mx.example.com")


def _ask(
    rule: Rule[Candidate],
    new: PolicyList,
    suffixes: PublicSuffixes,
    old: PolicyList | None = None,
    *,
    issued: bool = False,
) -> list[Problem]:
    return list(rule.judge(Candidate(new, NOW, suffixes, old, issued=issued)))


@pytest.mark.parametrize("doubt", Doubt)
def test_each_doubt_has_its_rule_and_no_other_speaks(doubt: Doubt) -> None:
    found = list(rules.judge(rules.SIGNATURE, Signatures((), ((doubt, "why"),))))
    assert [(code, severity, problem.message) for code, severity, problem in found] == [
        (f"signature.{doubt}", Severity.ERROR, "why")
    ]


def test_no_doubt_no_problem() -> None:
    assert list(rules.judge(rules.SIGNATURE, Signatures())) == []
    assert len(rules.SIGNATURE) == len(Doubt)
    assert signature.bad in rules.SIGNATURE


@pytest.mark.parametrize(
    ("domain", "pattern", "severity"),
    [
        pytest.param("github.io", ".github.io", Severity.WARNING, id="its own private suffix"),
        pytest.param("gitlab.io", ".github.io", None, id="another private suffix, earlier in the alphabet"),
        pytest.param("a.github.io", ".github.io", None, id="a name below it"),
        pytest.param("zzz.io", ".github.io", None, id="a later name"),
        pytest.param("aaa.io", ".github.io", None, id="an earlier name"),
        pytest.param("co.uk", ".co.uk", None, id="its own ICANN suffix"),
    ],
)
def test_public_suffix_is_a_warning_for_its_own_private_domain_only(
    domain: str, pattern: str, severity: Severity | None, suffixes: PublicSuffixes
) -> None:
    found = _ask(mxs.public_suffix_pattern, policy_list({domain: enforce(pattern)}), suffixes)
    assert [problem.severity for problem in found] == [severity]


def test_shared_provider_in_canonical_form_and_not(suffixes: PublicSuffixes) -> None:
    both = policy_list({"a.com": enforce(".iphmx.com"), "b.com": enforce(".IPHMX.com")})
    assert [p.where for p in _ask(mxs.shared_provider, both, suffixes)] == ["a.com", "b.com"]


@pytest.mark.parametrize(
    ("patterns", "covered"),
    [
        ((".a.com", "mx.a.com", "mx2.a.com"), {"mx.a.com", "mx2.a.com"}),
        (("mx.a.com", ".a.com"), {"mx.a.com"}),
        (("b.com", "mx.a.com", ".a.com"), {"mx.a.com"}),
        (("mx.b.com", "MX.B.com", "mx.c.com"), {"mx.b.com", "MX.B.com"}),
        ((".a.com", "x.y.a.com", "a.com"), set()),
    ],
    ids=lambda value: " ".join(sorted(value)),
)
def test_redundant_wherever_it_stands(
    patterns: tuple[str, ...], covered: Collection[str], suffixes: PublicSuffixes
) -> None:
    found = _ask(mxs.redundant_pattern, policy_list({"a.com": Policy(ONE.mode, patterns)}), suffixes)
    assert {patterns[int(problem.place[-1])] for problem in found} == covered


def test_lifetime_is_told_in_hours(suffixes: PublicSuffixes) -> None:
    short = policy_list({}, expires="2026-11-01T05:30:00Z")
    assert "5 hours" in _ask(dates.short_life, short, suffixes)[0].message


@pytest.mark.parametrize(
    ("expires", "says"),
    [
        ("2026-12-02T00:00:00Z", None),
        ("2026-12-02T00:00:01Z", "more than 31 days;"),
        ("2026-12-03T00:00:00Z", "lives for 32 days;"),
    ],
)
def test_a_second_over_the_longest_life_does_not_read_like_the_longest_life(
    expires: str, says: str | None, suffixes: PublicSuffixes
) -> None:
    found = _ask(dates.long_life, policy_list({}, expires=expires), suffixes)
    assert len(found) == (says is not None)
    assert not found or str(says) in found[0].message


def test_reversed_is_not_short(suffixes: PublicSuffixes) -> None:
    assert _ask(dates.short_life, policy_list({}, expires="2026-10-31T23:00:00Z"), suffixes) == []


def test_looks_like_a_listed_name_on_either_side_of_it(suffixes: PublicSuffixes) -> None:
    """Cyrillic look-alikes sort after and, as A-labels, before what they imitate."""
    imitated = {"xn--80ak6aa92e.com": ONE, "apple.com": ONE}
    assert [p.where for p in _ask(policies.confusable_name, policy_list(imitated), suffixes)] == [
        "xn--80ak6aa92e.com"
    ]
    later = {"xn--l1adgmc.com": ONE, "yahoo.com": ONE}
    assert _ask(policies.confusable_name, policy_list(later), suffixes) == []


def test_duplicates_by_case_and_dot(suffixes: PublicSuffixes) -> None:
    twice = policy_list({"a.com": ONE, "A.com": ONE, "a.com.": ONE, "b.com": ONE})
    for rule in (policies.duplicate, policies.duplicate_by_case):
        assert [p.where for p in _ask(rule, twice, suffixes)] == ["A.com", "a.com."]


def test_names_that_are_equal_but_not_one_object(suffixes: PublicSuffixes) -> None:
    name = "".join(["exam", "ple.com"])
    assert _ask(policies.not_canonical_name, policy_list({name: ONE}), suffixes) == []


def test_older_list_is_not_said_twice(suffixes: PublicSuffixes) -> None:
    new, old = policy_list({}, expires="2026-11-10T00:00:00Z", author="b"), policy_list({}, author="a")
    older = policy_list({}, timestamp="2026-10-31T00:00:00Z", expires="2026-11-10T00:00:00Z", author="b")
    newer = policy_list({}, timestamp="2026-11-01T06:00:00Z", expires="2026-11-10T00:00:00Z", author="b")

    def fields(candidate: PolicyList) -> list[object]:
        return [problem.place[0] for problem in _ask(history.dates_edited, candidate, suffixes, old)]

    assert fields(new) == ["expires", "author"]
    assert fields(older) == ["expires", "author"]
    assert fields(newer) == ["timestamp", "expires", "author"]


def test_issued_lists_of_one_date_with_other_bytes(suffixes: PublicSuffixes) -> None:
    old, same = policy_list({"a.com": ONE}), policy_list({})
    newer = policy_list({}, timestamp="2026-11-01T00:00:00.000000001Z")
    assert len(_ask(history.rolled_back, same, suffixes, old, issued=True)) == 1
    assert _ask(history.rolled_back, same, suffixes, old) == []
    assert _ask(history.rolled_back, newer, suffixes, old, issued=True) == []


def test_only_removals_count_as_removed(suffixes: PublicSuffixes) -> None:
    """Six changes of other kinds, which sort before and after `removed`, beside one removal."""
    old = policy_list({f"n{i}.com": in_testing("mx.a.com") for i in range(6)} | {"gone.com": ONE})
    new = policy_list(
        {f"n{i}.com": enforce("mx.b.com") for i in range(6)} | {f"new{i}.com": ONE for i in range(9)}
    )
    assert _ask(history.mass_removed, new, suffixes, old) == []


def test_only_strengthening_counts_as_strengthened(suffixes: PublicSuffixes) -> None:
    old = policy_list({f"n{i}.com": enforce("mx.a.com") for i in range(12)} | {"gone.com": ONE})
    new = policy_list({f"n{i}.com": in_testing("mx.b.com") for i in range(12)} | {"added.com": ONE})
    assert _ask(history.mass_strengthened, new, suffixes, old) == []


def test_a_move_names_both_sides(suffixes: PublicSuffixes) -> None:
    old, new = policy_list({"a.com": enforce("mx.old.com")}), policy_list({"a.com": enforce("mx.new.com")})
    message = _ask(history.replaced, new, suffixes, old)[0].message
    assert message.index("mx.old.com") < message.index("mx.new.com")
