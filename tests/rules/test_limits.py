"""Where the rules begin and end to speak, and what `sign` and clients ask."""

from collections.abc import Collection, Mapping
from datetime import timedelta

import pytest

from stpolicy import rules
from stpolicy.model.dates import Date, instant
from stpolicy.model.finding import Candidate, Rule, Severity, Suffixes
from stpolicy.model.policy import Alias, PolicyList
from stpolicy.rules import dates, history, mxs, policies
from tests.lists import EXPIRES, NOW, enforce, in_testing, policy_list

ONE = enforce("mx.example.com")


def _speaks(
    rule: Rule[Candidate],
    new: PolicyList,
    suffixes: Suffixes,
    previous: PolicyList | None = None,
    *,
    issued: bool = False,
    same_bytes: bool = False,
) -> bool:
    candidate = Candidate(new, NOW, suffixes, previous, same_bytes, issued)
    return bool(list(rule.judge(candidate)))


def _dated(begin: timedelta, life: timedelta) -> PolicyList:
    start = instant(NOW) + begin
    timestamp, expires = (str(Date.at(moment)) for moment in (start, start + life))
    return policy_list({}, timestamp=timestamp, expires=expires)


HOUR, SECOND, DAY = timedelta(hours=1), timedelta(seconds=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("rule", "begin", "life", "expected"),
    [
        (dates.expired, -DAY, DAY + SECOND, False),
        (dates.expired, -DAY, DAY, True),
        (dates.expired, -DAY, DAY - SECOND, True),
        (dates.future, DAY, DAY, False),
        (dates.future, DAY + SECOND, DAY, True),
        (dates.reversed_dates, -DAY, SECOND, False),
        (dates.reversed_dates, -DAY, timedelta(), True),
        (dates.reversed_dates, -DAY, -SECOND, True),
        (dates.stale, -7 * DAY, 14 * DAY, False),
        (dates.stale, -7 * DAY - SECOND, 14 * DAY, True),
        (dates.stale, -14 * DAY, 14 * DAY, True),
        (dates.stale, 5 * DAY, 14 * DAY, False),
        (dates.stale, -14 * DAY, -DAY, False),
        (dates.long_life, timedelta(), 31 * DAY, False),
        (dates.long_life, timedelta(), 31 * DAY + SECOND, True),
        (dates.short_life, timedelta(), 4 * DAY, False),
        (dates.short_life, timedelta(), 4 * DAY - SECOND, True),
        (dates.short_life, timedelta(), timedelta(), False),
    ],
    ids=lambda value: value.code if isinstance(value, Rule) else str(value),
)
def test_dates_l14(
    rule: Rule[Candidate], begin: timedelta, life: timedelta, expected: bool, suffixes: Suffixes
) -> None:
    assert _speaks(rule, _dated(begin, life), suffixes) is expected


def test_dates_that_differ_in_nanoseconds_are_not_reversed(suffixes: Suffixes) -> None:
    earlier, later = "2026-11-01T00:00:00.000000001Z", "2026-11-01T00:00:00.000000002Z"
    assert not _speaks(dates.reversed_dates, policy_list({}, timestamp=earlier, expires=later), suffixes)
    assert _speaks(dates.reversed_dates, policy_list({}, timestamp=later, expires=earlier), suffixes)


@pytest.mark.parametrize(("timestamp", "expires"), [(0, 2**53), (2**53, 0)])
def test_dates_that_lie_as_far_apart_as_they_can(timestamp: int, expires: int, suffixes: Suffixes) -> None:
    candidate = Candidate(policy_list({}, timestamp=timestamp, expires=expires), NOW, suffixes)
    assert list(rules.judge((*rules.LIST, *rules.INSTALL), candidate))


@pytest.mark.parametrize(
    ("rows", "removed", "expected"),
    [(10, 5, False), (10, 6, True), (300, 6, False), (299, 6, True), (1000, 20, False), (1000, 21, True)],
)
def test_mass_removed_l12(rows: int, removed: int, expected: bool, suffixes: Suffixes) -> None:
    domains = [f"d{number}.com" for number in range(rows)]
    old = policy_list(dict.fromkeys(domains, ONE))
    new = policy_list(dict.fromkeys(domains[removed:], ONE))
    assert _speaks(history.mass_removed, new, suffixes, old) is expected


@pytest.mark.parametrize(("count", "expected"), [(10, False), (11, True)])
def test_mass_strengthened_l13(count: int, expected: bool, suffixes: Suffixes) -> None:
    domains = [f"d{number}.com" for number in range(count)]
    old = policy_list(dict.fromkeys(domains, in_testing("mx.example.com")))
    new = policy_list(dict.fromkeys(domains, ONE))
    assert _speaks(history.mass_strengthened, new, suffixes, old) is expected


@pytest.mark.parametrize(
    ("timestamp", "issued", "same_bytes", "expected"),
    [
        pytest.param("2026-10-31T23:59:59.999999999Z", False, False, True, id="older"),
        pytest.param("2026-10-31T23:59:59Z", True, True, True, id="older and issued"),
        pytest.param("2026-11-01T00:00:00Z", False, False, False, id="working copies of one date"),
        pytest.param("2026-11-01T00:00:00Z", True, False, True, id="two issues of one date"),
        pytest.param("2026-11-01T01:00:00+01:00", True, False, True, id="the same moment elsewhere"),
        pytest.param("2026-11-01T00:00:00Z", True, True, False, id="the same issue again"),
        pytest.param("2026-11-01T00:00:00.000000001Z", True, False, False, id="newer by a nanosecond"),
    ],
)
def test_rolled_back(
    timestamp: str, issued: bool, same_bytes: bool, expected: bool, suffixes: Suffixes
) -> None:
    old, new = policy_list({}), policy_list({}, timestamp=timestamp)
    assert _speaks(history.rolled_back, new, suffixes, old, issued=issued, same_bytes=same_bytes) is expected


@pytest.mark.parametrize("rule", rules.PREVIOUS, ids=lambda rule: rule.code)
def test_history_says_nothing_without_a_previous_list(rule: Rule[Candidate], suffixes: Suffixes) -> None:
    assert not _speaks(rule, policy_list({"example.com": ONE}), suffixes)


@pytest.mark.parametrize(("count", "expected"), [(64, False), (65, True)])
def test_too_many_patterns(count: int, expected: bool, suffixes: Suffixes) -> None:
    hosts = enforce(*(f"mx{number}.example.com" for number in range(count)))
    assert _speaks(mxs.too_many_patterns, policy_list({"example.com": hosts}), suffixes) is expected
    in_alias = policy_list({"example.com": Alias("a")}, {"a": hosts})
    assert _speaks(mxs.too_many_patterns, in_alias, suffixes) is expected


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ((".a.com", "mx.a.com"), True),
        (("MX.a.com", "mx.a.com"), True),
        (("mx.bücher.de", "mx.xn--bcher-kva.de"), True),
        ((".a.com", "a.com"), False),
        ((".a.com", "x.mx.a.com"), False),
        ((".a.com", ".mx.a.com"), False),
        (("mx.a.com", "mx2.a.com"), False),
    ],
)
def test_redundant_patterns_l17(patterns: tuple[str, ...], expected: bool, suffixes: Suffixes) -> None:
    new = policy_list({"example.com": enforce(*patterns)})
    assert _speaks(mxs.redundant_pattern, new, suffixes) is expected


@pytest.mark.parametrize("name", [".", "..", "", "com", "a..com", "bücher.de.", "a.com\nb.com"])
def test_one_bad_name_among_good_ones_l7(name: str, suffixes: Suffixes) -> None:
    bad = name != "bücher.de."
    new = policy_list({"a.com": ONE, name: ONE, "b.com": ONE})
    assert _speaks(policies.malformed_name, new, suffixes) is bad
    new = policy_list({"a.com": ONE, "b.com": ONE, name: ONE})
    assert _speaks(policies.malformed_name, new, suffixes) is bad


@pytest.mark.parametrize(
    "pattern", [".", "", "com", "a..com", "..a.com", "x.local", ".a b.com", "a.com\nb.com"]
)
def test_one_bad_pattern_among_good_ones_l1(pattern: str, suffixes: Suffixes) -> None:
    new = policy_list({"a.com": enforce("mx.a.com", pattern, ".a.com")})
    assert _speaks(mxs.malformed_pattern, new, suffixes) is (pattern != "x.local")


class _NobodyAsks:
    def among(self, names: Collection[str]) -> Mapping[str, str]:
        raise AssertionError(names)


def test_clients_ask_no_table_that_a_library_may_change() -> None:
    """One that is newer than its signer's must not refuse what the signer could sign."""
    new = policy_list(
        {
            "co.uk": enforce(".co.uk"),
            "kelvin.com": ONE,
            "\u212aelvin.com": ONE,
            "xn--a.com": enforce("*.x", "10.0.0.1"),
            "mail.example": ONE,
        },
        expires=EXPIRES,
    )
    assert list(rules.judge(rules.INSTALL, Candidate(new, NOW, _NobodyAsks(), new, same_bytes=True))) == []


@pytest.mark.parametrize("name", ["Victim.Example.com", "victim.example.com.", "VICTIM.EXAMPLE.COM."])
def test_clients_refuse_two_spellings_of_one_domain_l3(name: str) -> None:
    new = policy_list({name: in_testing("mx.evil.net"), "victim.example.com": ONE})
    codes = {code for code, _, _ in rules.judge(rules.INSTALL, Candidate(new, NOW, _NobodyAsks()))}
    assert codes == {policies.duplicate_by_case.code} == {policies.duplicate.code}


def test_signing_asks_every_error_of_the_list_and_few_warnings() -> None:
    errors = {rule.code for rule in rules.LIST if rule.severity is Severity.ERROR}
    others = {"dates.lifetime.too_short", "policies.alias.unused", "policies.alias.single_use"}
    assert {rule.code for rule in rules.SIGN} == errors | others
