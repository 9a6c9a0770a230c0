"""Rows are written together where nothing is wrong, and one by one where a name needs a closer look."""

from typing import Any

import pytest

from stpolicy.document import overlay
from stpolicy.model.facts import DomainFacts
from stpolicy.model.names import canonical, host_fault
from stpolicy.model.policy import Mode, Policy
from stpolicy.render import postfix, template
from stpolicy.render.profile import Match, Profile, SuffixStyle
from stpolicy.suffixes import PublicSuffixes
from tests.render.made import NEW, OLD, PROFILE, enforce, rendered

ODD: dict[str, dict[str, Any]] = {
    "xn--bcher-kva.de": enforce("mx.a.com"),
    "upper.com": enforce("MX.a.com.", "mx.a.com"),
    "wide.com": enforce("mx.a.com", ".co.uk"),
    "one-label.com": enforce(".com"),
    "bad_name.com": enforce("mx.a.com"),
    "idn-mx.com": enforce("mx.xn--bcher-kva.de"),
    "suffix.com": enforce(".a.com"),
    f"{'long.' * 20}com": enforce(f"{'long.' * 20}com"),
}
FACTS = {canonical("suffix.com"): DomainFacts(("mx.a.com",))}


def _many(count: int) -> dict[str, dict[str, Any]]:
    return {f"n{number}.com": enforce(f"mx.n{number}.com", "mx.a.com") for number in range(count)}


@pytest.mark.parametrize("place", [0, 1, 127, 128, 299])
@pytest.mark.parametrize(
    "profile",
    [PROFILE, Profile(NEW, Match.MX), Profile(OLD, suffixes=SuffixStyle.EXACT, facts=FACTS)],
    ids=["plain", "mx", "exact"],
)
def test_names_among_many_have_the_rows_that_they_have_alone(place: int, profile: Profile) -> None:
    plain = list(_many(300).items())
    policies = dict([*plain[:place], *ODD.items(), *plain[place:]])
    rows, table, _ = rendered(policies, profile)
    alone = [rendered({name: policies[name]}, profile) for name in (*ODD, "n7.com")]
    found = {key: value for one, _, _ in alone for key, value in one.items()}
    assert {key: rows[key] for key in found} == found
    assert list(rows) == [key for name in policies for key in _keys(name) if key in rows]
    assert table.refused == [refused for _, one, _ in alone for refused in one.refused]
    assert {name for name, _ in table.refused} == {"wide.com", "one-label.com", "bad_name.com"}
    assert (table.enforced, len(rows)) == (305, 306)
    for count in ("wide", "unseen"):
        assert getattr(table, count) == sum(getattr(one, count) for _, one, _ in alone)


def _keys(name: str) -> list[str]:
    return [name, "bücher.de"] if name == "xn--bcher-kva.de" else [name]


def test_one_odd_name_has_nobody_else_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does an overlay: a map of 150,000 rows is made in seconds, whatever one of them is."""
    looked = []

    def judge(name: str) -> str | None:
        looked.append(name)
        return host_fault(name)

    monkeypatch.setattr("stpolicy.render.writer.host_fault", judge)
    monkeypatch.setattr(template, "_compare", lambda *_: pytest.fail("a line was read by itself"))
    own = overlay.read(b'{"policies": {"n8.com": {"mode": "enforce", "mxs": ["mx.own.com"]}}}', "o.json")
    rows, _, _ = rendered(_many(1000) | {"xn--bcher-kva.de": enforce("mx.a.com")}, overlays=(own,))
    assert (len(rows), looked) == (1002, ["xn--bcher-kva.de", "mx.a.com"])


def test_a_policy_without_patterns_has_no_row() -> None:
    """`match=` with nothing behind it would be an error, and mail would wait."""
    with pytest.raises(ValueError, match="patterns"):
        postfix.rows("a.com", Policy(Mode.ENFORCE, ()), PublicSuffixes())


@pytest.mark.parametrize(("more", "fits"), [(23, True), (24, False)])
def test_a_key_has_at_most_510_bytes(more: int, fits: bool) -> None:
    """With more than 511, the byte that ends it among them, lmdb refuses the whole table."""
    wide = "\U00020000" * 40
    name = ".".join(["a" * more, wide, wide, wide, "com"])
    assert len(name.encode()) == (510 if fits else 511)
    domain = canonical(name)
    rows, table, _ = rendered({domain: enforce("mx.a.com")})
    assert list(rows) == ([domain, name] if fits else [domain])
    assert [key for key, _ in table.refused] == ([] if fits else [name])
