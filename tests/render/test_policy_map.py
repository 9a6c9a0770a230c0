"""The map of a whole list: what becomes of each domain, in each profile."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from stpolicy import resources
from stpolicy.document import overlay, results
from stpolicy.document.list import load
from stpolicy.errors import Misuse
from stpolicy.flows.render import Wanted, render
from stpolicy.model.facts import DomainFacts
from stpolicy.model.names import canonical
from stpolicy.model.overlay import Overlay
from stpolicy.render.postfix import PolicyMap, Row
from stpolicy.render.profile import Dane, Match, Profile, SuffixStyle
from stpolicy.suffixes import PublicSuffixes
from tests import lists

SUFFIXES = PublicSuffixes()
TEMPLATE = resources.templates() / "postfix" / "policy_map.j2"
NEW, OLD = (3, 11, 0), (3, 7, 11)
PROFILE = Profile(OLD)
PLAIN = "servername=hostname protocols=>=TLSv1.2"


def enforce(*mxs: str) -> dict[str, Any]:
    return {"mode": "enforce", "mxs": list(mxs)}


def rendered(
    policies: dict[str, Any],
    profile: Profile = PROFILE,
    overlays: tuple[Overlay, ...] = (),
    now: datetime = lists.NOW,
    aliases: dict[str, Any] | None = None,
    template: Path = TEMPLATE,
) -> tuple[dict[str, str], PolicyMap, str]:
    data = lists.data(policies, aliases or {})
    made = render(load(data, "list"), data, Wanted(profile, overlays, template), now=now, suffixes=SUFFIXES)
    return dict(map(Row.read, made.table.rows)), made.table, made.text


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


OVERLAY = """{
  "policies": {
    "a.com": {"mode": "enforce", "mxs": ["own.a.com"], "reason": "a contract\\u0020with them"},
    "b.com": {"mode": "testing", "mxs": ["mx.b.com"], "until": "2026-11-30"},
    "C.com.": {"mode": "enforce", "mxs": ["*.example.org"], "until": "2020-01-01"}
  },
  "exclude": {"d.com": {"reason": "broken", "until": "2030-01-01T00:00:00Z"}}
}"""


def _read(text: str, name: str = "o.json") -> Overlay:
    return overlay.read(text.replace("*.example.org", ".example.org").encode(), name)


def test_overlays_decide() -> None:
    policies = {name: enforce("mx.example.com") for name in ("a.com", "b.com", "c.com", "d.com", "e.com")}
    rows, table, text = rendered(policies, overlays=(_read(OVERLAY),))
    assert {key: value.split(" ")[1] for key, value in rows.items()} == {
        "a.com": "match=own.a.com",
        "c.com": "match=mx.example.com",
        "e.com": "match=mx.example.com",
    }
    assert (table.overlay, table.excluded, table.enforced) == (1, 1, 2)
    above = text.splitlines()[text.splitlines().index(f"a.com {rows['a.com']}") - 1]
    assert above.startswith("# a.com: policy by o.json: a contract with them (the list says: enforce, mx.")
    assert "# d.com: excluded by o.json until 2030-01-01T00:00:00Z: broken" in text


def test_the_last_overlay_that_speaks_of_a_domain_decides() -> None:
    first = _read('{"policies": {"a.com": {"mode": "enforce", "mxs": ["one.a.com"]}}}')
    second = _read('{"exclude": {"a.com": {}}}')
    policies = {"a.com": enforce("mx.a.com")}
    assert list(rendered(policies, overlays=(first, second))[0]) == []
    assert rendered(policies, overlays=(second, first))[0]["a.com"].startswith("secure match=one.a.com ")


def test_rows_of_an_overlay_stay_when_the_list_has_run_out() -> None:
    rows, _, _ = rendered(
        {"e.com": enforce("mx.e.com")}, overlays=(_read(OVERLAY),), now=lists.NOW.replace(year=2028)
    )
    assert list(rows) == ["a.com"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"policies": []}',
        '{"more": {}}',
        '{"policies": {"a.com": {}}}',
        '{"policies": {"a.com": {"mode": "none", "mxs": ["mx.a.com"]}}}',
        '{"policies": {"a.com": {"mode": ["enforce"], "mxs": ["mx.a.com"]}}}',
        '{"policies": {"a.com": {"mode": "enforce"}}}',
        '{"policies": {"a.com": {"mode": "enforce", "mxs": []}}}',
        '{"policies": {"a.com": {"mode": "enforce", "mxs": "mx.a.com"}}}',
        '{"policies": {"a.com": {"mode": "enforce", "mxs": [7]}}}',
        '{"policies": {"a.com": {"mode": "enforce", "mxs": ["hostname"]}}}',
        '{"policies": {"a.com": {"mode": "enforce", "mxs": ["a.com:b.com"]}}}',
        '{"policies": {"a.com": {"policy-alias": "x"}}}',
        '{"policies": {"a b": {"mode": "enforce", "mxs": ["mx.a.com"]}}}',
        '{"policies": {"a.com\\nb.com none": {"mode": "enforce", "mxs": ["mx.a.com"]}}}',
        '{"exclude": {"a.com": {}, "A.com": {}}}',
        '{"policies": {"a.com": {"mode": "enforce", "mxs": ["mx.a.com"]}}, "exclude": {"a.com": {}}}',
        '{"exclude": {"a.com": {}, "a.com": {}}}',
        '{"exclude": {"a.com": {"reason": 7}}}',
        '{"exclude": {"a.com": {"reason": "a\\u0000b"}}}',
        '{"exclude": {"a.com": {"until": "tomorrow"}}}',
        '{"exclude": {"a.com": {"until": "2026-13-01"}}}',
        '{"exclude": {"a.com": []}}',
        '{"exclude": {"a.com": {"mode": "enforce"}}}',
    ],
)
def test_overlays_that_are_none(text: str) -> None:
    with pytest.raises(Misuse, match=r"o\.json"):
        _read(text)


def test_an_overlay_that_is_no_text_or_too_large() -> None:
    for data in (b"\xff", b" " * (overlay.LARGEST + 1)):
        with pytest.raises(Misuse):
            overlay.read(data, "o.json")


RESULT = """{"domain": "A.com", "status": 0, "results": {"MX.a.com.": {}, "bad host": {}},
 "mta_sts": {"status": 0, "mode": "enforce", "mxs": ["*.a.com", "mx.a.com"]},
 "extra_results": {"dane": {"status": 0, "usable": true}}}""".replace("\n", "")


def test_domain_results() -> None:
    facts = results.facts(f"\n{RESULT}\n".encode(), "f")
    assert facts == {"a.com": DomainFacts(("mx.a.com",), True, frozenset({".a.com", "mx.a.com"}))}


@pytest.mark.parametrize(
    ("old", "new"),
    [('"mode": "enforce"', '"mode": "testing"'), ('"mta_sts": {"status": 0', '"mta_sts": {"status": 1')],
)
def test_domain_results_without_a_policy_that_is_enforced(old: str, new: str) -> None:
    (facts,) = results.facts(RESULT.replace(old, new).encode(), "f").values()
    assert facts.enforced_mxs is None


@pytest.mark.parametrize(
    "line", ["x", "[]", "7", "{}", '{"domain": "a.com"}', '{"domain": 7, "results": {}}', "{" * 3000, "\xff"]
)
def test_what_is_no_domain_result(line: str) -> None:
    with pytest.raises(Misuse, match="f:2"):
        results.facts(f"{RESULT}\n{line}\n".encode("latin-1"), "f")


def _template(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.j2"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "{% for row in rows %}{{ row }}\n{% endfor %}",
        "{% for row in rows %}{{ row.key }} {{ row.value }} ciphers=high exclude=MD5:aDSS\n{% endfor %}",
        "# mine\n\n{% for row in rows | reverse %}{{ row }}\n{% endfor %}",
    ],
)
def test_templates_of_a_site(text: str, tmp_path: Path) -> None:
    policies = {name: enforce("mx.a.com") for name in ("a.com", "b.com")}
    assert rendered(policies, template=_template(tmp_path, text))[2].count("secure match=mx.a.com") == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{{",
        "{{ nothing }}",
        "{{ rows.__class__.__mro__ }}",
        "{{ rows | map(attribute='nowhere') | join }}",
        "{{ 1 / 0 }}",
        "{% include '/etc/passwd' %}",
        "{% for row in rows %}{{ row }}{% endfor %}",
        "{% for row in rows %} {{ row }}\n{% endfor %}",
        "{% for row in rows %}{{ row }}\n{% endfor %}more.com none\n",
        "{% for row in rows %}{{ row }}\n{{ row }}\n{% endfor %}",
        "{% for row in rows[1:] %}{{ row }}\n{% endfor %}",
        "{% for row in rows %}{{ row.key }} none\n{% endfor %}",
        "{% for row in rows %}{{ row.key }} {{ row.value | replace('mx.a', 'mx.b') }}\n{% endfor %}",
        "{% for row in rows %}{{ row }} tafile=/tmp/x\n{% endfor %}",
        "{% for row in rows %}{{ row }} match=hostname\n{% endfor %}",
        "{% for row in rows %}{{ row.key }} may {{ row.value }}\n{% endfor %}",
        "{% for row in rows %}{{ row.key }} ciphers=high {{ row.value }}\n{% endfor %}",
        "{% for row in rows %}{{ row.key }}\t{{ row.value }}\n{% endfor %}",
        "{% for row in rows %}{{ row }}\n{% endfor %}# a\rb\n",
        "{% for row in rows %}{{ row }}\n{% endfor %}# end",
    ],
)
def test_templates_that_make_something_else_of_the_rows(text: str, tmp_path: Path) -> None:
    policies = {name: enforce("mx.a.com") for name in ("a.com", "b.com")}
    with pytest.raises(Misuse, match=r"own\.j2"):
        rendered(policies, template=_template(tmp_path, text))
