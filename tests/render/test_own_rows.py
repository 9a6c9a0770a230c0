"""What a site decided itself is in its map, whatever else is wanted; and each comment says what is so."""

import json
from datetime import datetime

import pytest

from stpolicy.document import overlay
from stpolicy.document.list import load
from stpolicy.flows.lookup import lookup, lookup_local
from stpolicy.flows.render import Wanted, render
from stpolicy.model.facts import DomainFacts
from stpolicy.model.names import canonical
from stpolicy.model.overlay import Overlay
from stpolicy.render.profile import Dane, Profile, SuffixStyle
from stpolicy.suffixes import PublicSuffixes
from tests import lists
from tests.render.made import OLD, PLAIN, PROFILE, TEMPLATE, enforce, rendered

SUFFIXES = PublicSuffixes()
FACTS = {canonical("partner.com"): DomainFacts(dane=True), canonical("other.com"): DomainFacts(dane=True)}
SKIP = Profile(OLD, dane=Dane.SKIP, facts=FACTS)
EXACT = Profile(OLD, suffixes=SuffixStyle.EXACT, facts=FACTS)


def _own(*mxs: str) -> Overlay:
    text = json.dumps({"policies": {"partner.com": enforce(*mxs)}})
    return overlay.read(text.encode(), "o.json")


def test_what_is_decided_here_is_not_left_to_dane() -> None:
    policies = {"partner.com": enforce("mx.old.com"), "other.com": enforce("mx.a.com")}
    rows, table, _ = rendered(policies, SKIP, (_own("mx.partner.com"),))
    assert rows == {"partner.com": f"secure match=mx.partner.com {PLAIN}"}
    assert (table.overlay, table.dane, table.refused) == (1, 1, [])


def test_what_is_decided_here_has_its_exact_names_only() -> None:
    rows, table, _ = rendered({}, EXACT, (_own(".partner.com", "mx.a.com"),))
    assert rows == {"partner.com": f"secure match=mx.a.com {PLAIN}"}
    assert (table.overlay, table.unseen, table.refused) == (1, 0, [])


def test_what_is_decided_here_and_has_no_exact_name_is_refused_and_told_of() -> None:
    rows, table, text = rendered({}, EXACT, (_own(".partner.com"),))
    assert (rows, table.overlay, table.unseen) == ({}, 0, 0)
    ((domain, why),) = table.refused
    assert domain == "partner.com"
    assert "1 refused" in text
    assert f"# partner.com has no row: {why}\n" in text


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize(
    ("profile", "mx", "has_row"), [(SKIP, ".partner.com", True), (EXACT, ".partner.com", False)]
)
def test_lookup_says_what_the_map_has(profile: Profile, mx: str, has_row: bool, listed: bool) -> None:
    policies = load(lists.data({"partner.com": enforce("mx.old.com")} if listed else {}), "list")
    wanted = Wanted(profile, (_own(mx),), TEMPLATE)
    for found in (
        lookup("partner.com", policies, wanted, now=lists.NOW, suffixes=SUFFIXES),
        lookup_local("partner.com", wanted, now=lists.NOW, suffixes=SUFFIXES),
    ):
        assert (bool(found.rows), bool(found.refused)) == (has_row, not has_row)
        assert found.source == "o.json (enforce)"


@pytest.mark.parametrize(("profile", "mx"), [(SKIP, "mx.a.com"), (EXACT, ".a.com")], ids=["dane", "exact"])
def test_lookup_says_why_the_list_has_no_row(profile: Profile, mx: str) -> None:
    policies = load(lists.data({"partner.com": enforce(mx)}), "list")
    wanted = Wanted(profile, (), TEMPLATE)
    found = lookup("partner.com", policies, wanted, now=lists.NOW, suffixes=SUFFIXES)
    assert (found.rows, bool(found.refused)) == ((), True)
    later = lookup("partner.com", policies, wanted, now=lists.NOW.replace(year=2040), suffixes=SUFFIXES)
    assert (later.rows, later.refused, later.expired) == ((), "", True)


@pytest.mark.parametrize(
    ("now", "listed", "said"),
    [
        (lists.NOW, True, "(the list says: enforce, mx.old.com)"),
        (lists.NOW, False, "(the list says: nothing)"),
        (lists.NOW.replace(year=2040), True, "says: enforce, mx.old.com)"),
        (lists.NOW.replace(year=2040), False, "says: nothing)"),
    ],
)
def test_the_comment_says_what_the_list_says(now: datetime, listed: bool, said: str) -> None:
    """Also of a list that has run out, and then that it is not in force."""
    policies = {"partner.com": enforce("mx.old.com")} if listed else {"a.com": enforce("mx.a.com")}
    rows, _, text = rendered(policies, PROFILE, (_own("mx.partner.com"),), now=now)
    (comment,) = [line for line in text.split("\n") if line.startswith("# partner.com: ")]
    assert comment.endswith(said)
    assert ("not in force since" in comment) == (now != lists.NOW)
    assert "partner.com" in rows
    assert ("a.com" in rows) == (now == lists.NOW and not listed)


def test_the_comment_where_there_is_no_list() -> None:
    wanted = Wanted(PROFILE, (_own("mx.partner.com"),), TEMPLATE)
    text = render(None, b"", wanted, now=lists.NOW, suffixes=SUFFIXES).text
    assert "the list" not in text.split("partner.com: ")[1].split("\n")[0]
