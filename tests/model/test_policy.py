"""What a list promises for a domain, and until when."""

from datetime import datetime, timedelta

import pytest

from stpolicy.model.policy import Alias, Policy
from tests.lists import EXPIRES, enforce, in_testing, policy_list

GOOGLE = enforce(".l.google.com")
LIST = policy_list(
    {
        "Example.COM": enforce("mx.example.com"),
        "gmail.com": Alias("google"),
        "googlemail.com.": Alias("google"),
        "chain.com": Alias("chain"),
        "dangling.com": Alias("nowhere"),
        "bücher.de": in_testing(".bücher.de"),
        "twice.com": enforce("first.com"),
        "TWICE.com": enforce("second.com"),
    },
    {"google": GOOGLE, "chain": Alias("google"), "loop": Alias("loop")},
)


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        pytest.param("example.com", enforce("mx.example.com"), id="not canonical in the list"),
        pytest.param("EXAMPLE.com.", enforce("mx.example.com"), id="not canonical in the question"),
        pytest.param("gmail.com", GOOGLE, id="alias"),
        pytest.param("googlemail.com", GOOGLE, id="alias and trailing dot"),
        pytest.param("bücher.de", in_testing(".bücher.de"), id="U-label"),
        pytest.param("xn--bcher-kva.de", in_testing(".bücher.de"), id="A-label"),
        pytest.param("twice.com", enforce("first.com"), id="the first of two"),
        pytest.param("chain.com", None, id="aliases do not chain"),
        pytest.param("dangling.com", None, id="alias that is not defined"),
        pytest.param("mail.example.com", None, id="no sub-domains"),
        pytest.param("com", None, id="no parents"),
        pytest.param("evilexample.com", None, id="no endings"),
        pytest.param("unlisted.org", None, id="unlisted"),
        pytest.param("google", None, id="an alias is no domain"),
        pytest.param("", None, id="empty"),
    ],
)
def test_policy_for(domain: str, expected: Policy | None) -> None:
    assert LIST.policy_for(domain) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("mx.example.com", True),
        ("a.b.example.org", False),
        ("a.example.org", True),
        ("mx2.example.com", False),
    ],
)
def test_matches_any_pattern(host: str, expected: bool) -> None:
    assert enforce("mx.example.com", ".Example.org").matches(host) is expected


def test_patterns_of_a_malformed_policy() -> None:
    with pytest.raises(ValueError, match=r".+"):
        _ = enforce("mx.example.com", "*.example.org").patterns


def test_patterns_by_spelling() -> None:
    found = policy_list({"a.com": enforce("MX.a.com", "mx.a.com")}, {"b": enforce(".b.com.")})
    assert found.patterns == {"MX.a.com", "mx.a.com", ".b.com."}
    assert found.respelt_patterns == {"MX.a.com": "mx.a.com", ".b.com.": ".b.com"}


@pytest.mark.parametrize(
    ("expires", "microseconds", "expected"),
    [
        pytest.param(EXPIRES, -1, False, id="just before"),
        pytest.param(EXPIRES, 0, True, id="AT expires"),
        pytest.param(EXPIRES, 1, True, id="after"),
        pytest.param("2026-11-15T00:00:00.000001Z", 0, False, id="a microsecond left"),
        pytest.param("2026-11-15T00:00:00.000001Z", 1, True, id="that microsecond gone"),
        pytest.param("2026-11-15T00:00:00.0000001Z", 0, False, id="less than a microsecond left"),
        pytest.param("2026-11-15T00:00:00.0000001Z", 1, True, id="and gone"),
        pytest.param("2026-11-15T01:00:00+01:00", 0, True, id="offset"),
        pytest.param(1794700800, 0, True, id="epoch seconds"),
        pytest.param(2**53, 0, False, id="in the far future"),
    ],
)
def test_is_expired(expires: str | int, microseconds: int, expected: bool) -> None:
    moment = datetime.fromisoformat(EXPIRES) + timedelta(microseconds=microseconds)
    assert policy_list({}, expires=expires).is_expired(moment) is expected
