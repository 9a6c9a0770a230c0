"""lookup: the rows of one domain and who decides them."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.following import Following
from tests.pairs import dated
from tests.personas import SIGNED, stamp
from tests.program import NOW, Ran

ENFORCE = {"mode": "enforce", "mxs": ["mx.a.com"]}
LIST = dated(
    SIGNED,
    policies={
        "a.com": ENFORCE,
        "quiet.com": {"mode": "testing", "mxs": ["mx.a.com"]},
        "alias.com": {"policy-alias": "a"},
        "wide.com": {"mode": "enforce", "mxs": [".co.uk"]},
        "xn--bcher-kva.de": ENFORCE,
        "xn--strae-oqa.de": ENFORCE,
    },
    aliases={"a": ENFORCE},
)
ROW = "secure match=mx.a.com servername=hostname protocols=>=TLSv1.2"


@pytest.fixture
def fresh(following: Following) -> Following:
    following.install(LIST)
    return following


def _lookup(following: Following, domain: str, *more: object, now: str = NOW) -> Ran:
    options = [*following.believing, "--dir", following.folder, "--now", now, "--mta-version", "3.7"]
    return following.program("lookup", domain, *options, *more)


@pytest.mark.parametrize(
    ("domain", "code", "expected"),
    [
        ("a.com", 0, [f"a.com {ROW}"]),
        ("A.COM.", 0, [f"a.com {ROW}"]),
        ("alias.com", 0, [f"alias.com {ROW}"]),
        ("bücher.de", 0, [f"xn--bcher-kva.de {ROW}", f"bücher.de {ROW}"]),
        ("quiet.com", 0, []),
        ("wide.com", 0, []),
        ("nobody.com", 1, []),
        ("sub.a.com", 1, []),
    ],
)
def test_rows(fresh: Following, domain: str, code: int, expected: list[str]) -> None:
    ran = _lookup(fresh, domain, "--format", "json")
    assert (ran.code, json.loads(ran.out)["rows"]) == (code, expected)


def test_who_decides(fresh: Following, room: Path) -> None:
    assert "the list (enforce)" in _lookup(fresh, "a.com").out
    assert "nobody: not listed" in _lookup(fresh, "nobody.com").out
    assert "public suffix" in _lookup(fresh, "wide.com").out
    told = _lookup(fresh, "straße.de").out
    assert (told.count("row:"), "no row:" in told, "'strasse.de'" in told) == (2, True, True)
    Path("o.json").write_text(
        '{"policies": {"nobody.com": {"mode": "enforce", "mxs": ["mx.own.com"]}}, "exclude": {"a.com": {}}}'
    )
    assert "o.json (excluded)" in _lookup(fresh, "a.com", "--overlay", "o.json").out
    own = _lookup(fresh, "nobody.com", "--overlay", "o.json")
    assert (own.code, "o.json (enforce)" in own.out, "match=mx.own.com" in own.out) == (0, True, True)


def test_a_list_that_has_run_out(fresh: Following) -> None:
    ran = _lookup(fresh, "a.com", now=stamp(SIGNED + timedelta(days=20)))
    assert (ran.code, "not in force since" in ran.out, "secure" in ran.out) == (0, True, False)


def test_a_list_that_does_not_verify_is_not_looked_into(fresh: Following) -> None:
    path = fresh.folder / "current" / "policy.json"
    path.write_bytes(path.read_bytes().replace(b"mx.a.com", b"mx.b.com"))
    ran = _lookup(fresh, "a.com")
    assert (ran.code, ran.out) == (1, "")


OWN = {
    "policies": {"a.com": {"mode": "enforce", "mxs": ["mx.own.com"], "reason": "x"}},
    "exclude": {"b.com": {}},
}


@pytest.mark.parametrize("there", ["nothing", "a damaged pair"])
def test_own_decisions_count_without_a_list_that_verifies(there: str, following: Following) -> None:
    """As in the map, which keeps them."""
    if there == "a damaged pair":
        following.install(LIST)
        path = following.folder / "current" / "policy.json"
        path.write_bytes(path.read_bytes().replace(b"mx.a.com", b"mx.b.com"))
    Path("o.json").write_text(json.dumps(OWN))
    ran = _lookup(following, "a.com", "--overlay", "o.json", "--format", "json")
    told = json.loads(ran.out)
    rows = [f"a.com {ROW.replace('mx.a.com', 'mx.own.com')}"]
    assert (ran.code, told["rows"], told["listed"], told["expired"]) == (0, rows, None, False)
    assert told["decides"] == "o.json (enforce)"
    assert "no list that verifies" in ran.err
    excluded = json.loads(_lookup(following, "b.com", "--overlay", "o.json", "--format", "json").out)
    assert (excluded["decides"], excluded["rows"]) == ("o.json (excluded)", [])
    other = _lookup(following, "quiet.com", "--overlay", "o.json")
    assert (other.code, other.out) == (1, ""), "nobody can say whether it is listed"


@pytest.mark.parametrize("domain", ["", "a b", "localhost", "192.0.2.1", "-x.com", "a.com\n"])
def test_what_is_no_domain(fresh: Following, domain: str) -> None:
    assert _lookup(fresh, domain).code == 2
