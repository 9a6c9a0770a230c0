"""The map of a whole list: what becomes of each domain, in each profile."""

import pytest

from stpolicy.errors import Misuse
from stpolicy.model.facts import DomainFacts
from stpolicy.model.names import canonical
from stpolicy.render.profile import Dane, Match, Profile, SuffixStyle
from tests import lists
from tests.render.made import NEW, OLD, PLAIN, enforce, rendered


def test_b1_the_plain_profile() -> None:
    policies = {
        "a.com": enforce("mx.a.com", ".b.com"),
        "b.com": {"mode": "testing", "mxs": ["mx.b.com"]},
        "c.com": {"policy-alias": "shared"},
    }
    rows, table, text = rendered(policies, aliases={"shared": enforce("MX.c.com.")})
    assert rows == {
        "a.com": f"secure match=mx.a.com:.b.com {PLAIN}",
        "c.com": f"secure match=mx.c.com {PLAIN}",
    }
    assert (table.enforced, table.testing, table.wide) == (2, 1, 1)
    header = [line for line in text.splitlines() if line.startswith("# ")]
    assert "in force until" in header[1]
    assert "2 enforced, 1 in testing" in header[2]
    assert header[3].startswith("# 1 domains have a suffix")


@pytest.mark.parametrize(
    ("version", "more"),
    [
        ((), "protocols=!SSLv2:!SSLv3:!TLSv1:!TLSv1.1"),
        ((3, 3, 9), "protocols=!SSLv2:!SSLv3:!TLSv1:!TLSv1.1"),
        ((3, 4), "servername=hostname protocols=!SSLv2:!SSLv3:!TLSv1:!TLSv1.1"),
        ((3, 5, 25), "servername=hostname protocols=!SSLv2:!SSLv3:!TLSv1:!TLSv1.1"),
        ((3, 6, 0), PLAIN),
        ((3, 10), PLAIN),
        ((3, 12), PLAIN),
        ((4, 0), PLAIN),
    ],
)
def test_b3_profiles_by_version(version: tuple[int, ...], more: str) -> None:
    assert rendered({"a.com": enforce("mx.a.com")}, Profile(version))[0] == {
        "a.com": f"secure match=mx.a.com {more}"
    }


def test_the_exact_profile() -> None:
    rows, table, _ = rendered({"a.com": enforce("mx.a.com", ".b.com")}, Profile(NEW, Match.MX))
    assert rows["a.com"] == (
        f"secure match=mx.a.com:.b.com {PLAIN} policy_type=sts policy_domain=a.com"
        " mx_host_pattern=mx.a.com mx_host_pattern=*.b.com"
    )
    assert table.wide == 0


@pytest.mark.parametrize("version", [(), (3, 7, 11), (3, 10, 4), (3, 10)])
def test_the_exact_profile_needs_a_new_postfix(version: tuple[int, ...]) -> None:
    with pytest.raises(Misuse):
        Profile(version, Match.MX).check()
    Profile((3, 10, 5), Match.MX).check()


def test_the_exact_profile_and_reports() -> None:
    """Only what is an enforced MTA-STS policy with the same hosts may be called one."""
    with pytest.raises(Misuse):
        Profile(NEW, Match.MX, reporting=True).check()
    facts = {
        canonical(name): DomainFacts(enforced_mxs=mxs)
        for name, mxs in {
            "a.com": frozenset({"mx.a.com"}),
            "b.com": frozenset({"mx.a.com", "x.a.com"}),
            "c.com": None,
        }.items()
    }
    profile = Profile(NEW, Match.MX, reporting=True, facts=facts)
    profile.check()
    policies = {name: enforce("MX.a.com") for name in ("a.com", "b.com", "c.com", "d.com")}
    rows, table, _ = rendered(policies, profile)
    assert [("policy_type=sts" in value) for value in rows.values()] == [True, False, False, False]
    assert table.plain == 3


FACTS = {
    canonical("a.com"): DomainFacts(("mx1.b.com", "deep.mx.b.com", "mx2.b.com", "mx1.c.com")),
    canonical("b.com"): DomainFacts(("elsewhere.org",)),
    canonical("d.com"): DomainFacts(dane=True),
}


def test_exact_suffixes() -> None:
    policies = {
        "a.com": enforce(".b.com", "mx.a.com"),
        "b.com": enforce(".b.com"),
        "c.com": enforce("mx.c.com"),
    }
    rows, table, _ = rendered(policies, Profile(OLD, suffixes=SuffixStyle.EXACT, facts=FACTS))
    assert rows == {
        "a.com": f"secure match=mx.a.com:mx1.b.com:mx2.b.com {PLAIN}",
        "c.com": f"secure match=mx.c.com {PLAIN}",
    }
    assert (table.unseen, table.enforced, table.wide) == (1, 2, 0)


def test_dane_is_left_to_the_site() -> None:
    policies = {"d.com": enforce("mx.d.com"), "a.com": enforce("mx.a.com")}
    rows, table, _ = rendered(policies, Profile(OLD, dane=Dane.SKIP, facts=FACTS))
    assert (list(rows), table.dane) == (["a.com"], 1)
    assert list(rendered(policies, Profile(OLD, facts=FACTS))[0]) == ["d.com", "a.com"]


@pytest.mark.parametrize(
    "profile", [Profile(OLD, suffixes=SuffixStyle.EXACT), Profile(OLD, dane=Dane.SKIP)], ids=str
)
def test_what_was_seen_must_be_given(profile: Profile) -> None:
    with pytest.raises(Misuse):
        profile.check()


def test_early_adopters() -> None:
    policies = {"a.com": {"mode": "testing", "mxs": ["mx.a.com"]}}
    rows, table, _ = rendered(policies, Profile(OLD, early_adopter=True))
    assert (list(rows), table.testing, table.enforced) == (["a.com"], 1, 0)


def test_an_internationalised_domain_has_two_keys() -> None:
    rows, _, _ = rendered({"xn--bcher-kva.de": enforce("mx.a.com")})
    assert list(rows) == ["xn--bcher-kva.de", "bücher.de"]


def test_a_key_that_no_table_holds_is_left_out() -> None:
    """One more byte, and a table of type lmdb would not be built at all."""
    name = canonical(".".join(["字" * 57] * 3) + ".net")
    assert len(name) <= 253
    rows, table, _ = rendered({name: enforce("mx.a.com"), "a.com": enforce("mx.a.com")})
    assert list(rows) == [name, "a.com"]
    assert len(table.refused) == 1


@pytest.mark.parametrize(
    "pattern",
    [".com", ".co.uk", ".github.io", "hostname", "nexthop", "192.0.2.1", ".x", "-.com", "xn--a.com"],
)
def test_what_is_wider_than_a_list_may_be_is_refused_alone(pattern: str) -> None:
    policies = {"bad.com": enforce("mx.a.com", pattern), "a.com": enforce("mx.a.com")}
    rows, table, _ = rendered(policies)
    assert list(rows) == ["a.com"]
    assert [domain for domain, _ in table.refused] == ["bad.com"]


@pytest.mark.parametrize("domain", ["localhost", ".a.com", "192.0.2.1", "xn--a.com", "1.2", "a..com"])
def test_a_domain_that_is_none_is_refused(domain: str) -> None:
    rows, table, _ = rendered({domain: enforce("mx.a.com"), "a.com": enforce("mx.a.com")})
    assert (list(rows), len(table.refused)) == (["a.com"], 1)


def test_b10_a_list_that_has_run_out_has_no_rows() -> None:
    _, table, text = rendered({"a.com": enforce("mx.a.com")}, now=lists.NOW.replace(year=2040))
    assert table.rows == []
    assert "NOT IN FORCE since" in text
