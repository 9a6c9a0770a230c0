"""check: which domains are asked about, and what is used wrongly. Nobody is asked here."""

import json
import re
from pathlib import Path

import pytest

from stpolicy.checker.dns import MOST_SERVERS, SOCKETS
from stpolicy.flows.asked import Asked
from tests import lists
from tests.cli.checking import Check, World, listed
from tests.observations import MX1, MX2
from tests.program import canonical_list
from tests.repository import git


def test_every_entry_of_the_list_is_asked_about(check: Check, world: World, room: Path) -> None:
    listed(room / "policy.json", "a.example.com", "b.example.com")
    assert check().code == 0
    assert {name: [p.text for p in what.patterns] for name, what in world.asked.items()} == {
        "a.example.com": [MX1, MX2],
        "b.example.com": [MX1, MX2],
    }
    assert all(what.entry and not what.tried for what in world.asked.values())


def test_a_domain_needs_no_list(check: Check, world: World) -> None:
    ran = check("--domain", "Example.COM.", "--domain", "bücher.example.com", "--format", "json")
    assert ran.code == 0
    assert list(world.asked) == ["example.com", "xn--bcher-kva.example.com"]
    assert list(world.asked.values()) == [Asked(), Asked()]
    assert json.loads(ran.out)["example.com"]["extra_results"]["policylist"]["status"] == 2


def test_a_domain_is_held_against_its_entry_where_the_list_has_it(check: Check, room: Path) -> None:
    listed(room / "policy.json", "a.example.com", mxs=(".elsewhere.net",))
    ran = check("--domain", "a.example.com", "--domain", "b.example.com", "--format", "json")
    assert ran.code == 1
    found = json.loads(ran.out)
    assert [found[name]["status"] for name in ("a.example.com", "b.example.com")] == [6, 0]
    assert found["a.example.com"]["extra_results"]["policylist"]["status"] == 0


def test_an_aliased_entry_is_held_against_the_patterns_of_its_alias(
    check: Check, world: World, room: Path
) -> None:
    policies = {name: {"policy-alias": "us"} for name in ("a.example.com", "b.example.com")}
    aliases = {"us": {"mode": "testing", "mxs": [MX1]}}
    canonical_list(room / "policy.json", policies=policies, aliases=aliases)
    check()
    assert [what.patterns[0].text for what in world.asked.values()] == [MX1, MX1]


@pytest.mark.parametrize(
    ("column", "text"),
    {
        "": "domain,rank\na.example.com,1\n\nb.example.com,2\n",
        ":1": "a.example.com\r\nb.example.com\r\n",
        ":2": '\ufeffrank,domain\n1,"a.example.com"\n2,B.example.com.\n',
    }.items(),
)
@pytest.mark.parametrize("file", ["-", "domains.csv"])
def test_domains_of_a_csv_file(
    check: Check, world: World, room: Path, column: str, text: str, file: str
) -> None:
    (room / "domains.csv").write_text(text, encoding="utf-8")
    assert check("--csv", f"{file}{column}", stdin=text.encode()).code == 0
    assert list(world.asked) == ["a.example.com", "b.example.com"]


def test_a_file_name_with_a_colon_is_one(check: Check, world: World, room: Path) -> None:
    (room / "a:b.csv").write_text("a.example.com\n")
    assert check("--csv", "a:b.csv").code == 0
    assert list(world.asked) == ["a.example.com"]


def test_excluded_domains_and_what_is_below_them_are_left_alone(
    check: Check, world: World, room: Path
) -> None:
    listed(room / "policy.json", "a.example.com", "example.com", "notexample.com", "b.example.net")
    (room / "no-scan").write_text("# asked us\nExample.COM.  # by mail\n\n")
    assert check("--exclude", "no-scan").code == 0
    assert set(world.asked) == {"notexample.com", "b.example.net"}
    assert (
        check("--exclude", "no-scan", "--domain", "deep.a.example.com").err == "there is nothing to look at\n"
    )


def test_only_what_changed(check: Check, world: World, room: Path) -> None:
    listed(room / "old.json", "a.example.com", "b.example.com", "gone.example.com")
    policies = {
        "a.example.com": {"mode": "enforce", "mxs": [MX1, MX2]},
        "b.example.com": {"mode": "enforce", "mxs": [MX1]},
        "new.example.com": {"mode": "testing", "mxs": [MX1]},
    }
    canonical_list(room / "policy.json", policies=policies)
    check("--changed-since", "old.json")
    assert set(world.asked) == {"b.example.com", "new.example.com"}


def test_changed_since_a_revision(check: Check, world: World, room: Path) -> None:
    listed(room / "policy.json", "a.example.com")
    for command in ("init -q", "add .", "commit -qm one"):
        git(room, *command.split())
    ran = check("--changed-since", "git:HEAD", "--format", "json")
    assert (ran.code, ran.out, ran.err) == (0, "{}\n", "there is nothing to look at\n")
    listed(room / "policy.json", "a.example.com", "b.example.com")
    check("--changed-since", "git:HEAD")
    assert set(world.asked) == {"b.example.com"}


# Used wrongly

MISUSED = {
    "no number": "--domain example.com --timeout nan",
    "no end of a pause": "--domain example.com --pause inf",
    "no rate": "--domain example.com --rate nan",
    "no address": "--domain example.com --resolver ns.example.net",
    "no port": "--domain example.com --resolver 192.0.2.53:0",
    "resolver with a letter": "--domain example.com --resolver [2001:db8::53]:x",
    "roots that are not there": "--domain example.com --ca-file nowhere.pem",
    "an address for a domain": "--domain 192.0.2.1",
    "no domain": "--domain -x",
    "one label": "--domain example",
    "a pattern with a star": "--domain example.com --mx *.example.com",
    "patterns for nobody": "--mx mx.example.com",
    "changed, and named": "--domain example.com --changed-since git:HEAD",
    "no csv": "--csv nowhere.csv",
    "no such column": "--csv -:0",
    "nothing excluded": "--domain example.com --exclude nowhere",
    "no earlier run": "--domain example.com --resume nowhere.ndjson",
    "stdin twice": "--csv - --exclude -",
    "more connections than descriptors": "--domain example.com --concurrency 999999999",
    "no name": "--domain example.com --helo a_b",
    "no time": "--domain example.com --timeout 0",
    "another format": "--domain example.com --format xml",
}


@pytest.mark.parametrize("line", MISUSED.values(), ids=MISUSED)
def test_used_wrongly(check: Check, world: World, line: str) -> None:
    ran = check(*line.split(), stdin=b"example.com\n")
    assert (ran.code, ran.out, world.networks) == (2, "", [])
    assert ran.err


@pytest.mark.parametrize("option", ["--ca-file", "--csv", "--exclude", "--resume"])
@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_file_that_cannot_be_read_is_named_with_its_option(check: Check, option: str, name: str) -> None:
    """Whoever reads it may have given four of them."""
    domain = [] if option == "--csv" else ["--domain", "example.com"]
    ran = check(*domain, option, name)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"stpolicy: {option} {name} ")


@pytest.mark.parametrize("more", [(), ("--resolver=192.0.2.53",), ("--jobs=4",)], ids=repr)
def test_connections_for_which_there_is_room_are_named(
    check: Check, world: World, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    """With descriptors for questions to DNS, pipes and files: the number that is told is one that works."""
    limits, asked = (190, 190), ("--domain=example.com", *more)
    monkeypatch.setattr("resource.getrlimit", lambda _: limits)
    ran = check(*asked, "--concurrency=180")
    assert (ran.code, world.networks) == (2, [])
    (most,) = map(int, re.findall("at most ([0-9]+),", ran.err))
    assert check(*asked, f"--concurrency={most}").code == 0
    assert check(*asked, f"--concurrency={most + 1}").code == 2
    (network,) = world.networks
    assert 20 < most <= 190 - SOCKETS * (len(network.resolvers) or MOST_SERVERS) - 2 * network.jobs


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (b"domain\nexample.com\nexa mple.com\n", "-:3:"),
        (b"192.0.2.1\n", "-:1:"),
        (b"\xff\n", "-"),
        (b"a" * 200_000, "-:1:"),
        (b"rank,domain\n1,a.example.com\n2\n", "-:3:"),
        (b"rank,domain\n1,a.example.com\n2,\n", "-:3:"),
        (b"1,a.example.com\n2;b.example.com\n", "-:2:"),
        (b"domain\n", "-:1:"),
    ],
    ids=lambda value: repr(value[:40]),
)
def test_what_is_no_column_of_domains_is_misuse(check: Check, world: World, text: bytes, where: str) -> None:
    ran = check("--csv", "-:2" if b"," in text or text == b"domain\n" else "-", stdin=text)
    assert (ran.code, ran.out, world.networks) == (2, "", [])
    assert where in ran.err


def test_rows_without_anything_are_passed_over(check: Check, world: World) -> None:
    text = b"\nrank,domain\n,\n1,a.example.com\n\n , \n2, b.example.com \n"
    assert check("--csv", "-:2", stdin=text).code == 0
    assert list(world.asked) == ["a.example.com", "b.example.com"]


@pytest.mark.parametrize(
    "line",
    ["*.{}", "{}, by mail", "{} 2026-01-02", "@{}", "https://{}/", "; {}", ".{}", "{};", "-x", "192.0.2.1"],
)
def test_a_line_of_the_excluded_that_is_no_domain_is_misuse(
    check: Check, world: World, room: Path, line: str
) -> None:
    (room / "no-scan").write_text(f"# asked us\nb.example.com\n{line.format('example.com')}  # by mail\n")
    ran = check("--domain", "example.com", "--exclude", "no-scan")
    assert (ran.code, ran.out, world.networks) == (2, "", [])
    assert "no-scan:3:" in ran.err


def test_a_whole_top_level_domain_may_be_excluded(check: Check, world: World, room: Path) -> None:
    (room / "no-scan").write_text("mil\nXN--P1AI\nbücher.de\n")
    names = ("a.army.mil", "xn--e1afmkfd.xn--p1ai", "www.xn--bcher-kva.de", "mil.example.com")
    assert check(*(f"--domain={name}" for name in names), "--exclude", "no-scan").code == 0
    assert list(world.asked) == ["mil.example.com"]


def test_a_list_that_cannot_be_asked_about_is_refused(check: Check, world: World, room: Path) -> None:
    for policies, aliases in (
        ({"a.example.com": {"mode": "enforce", "mxs": ["mx.example.com:25"]}}, {}),
        ({"10.0.0.1": {"mode": "enforce", "mxs": [MX1]}}, {}),
        ({"a.example.com": {"policy-alias": "nobody"}}, {}),
    ):
        (room / "policy.json").write_bytes(lists.data(policies, aliases))
        ran = check()
        assert (ran.code, ran.out, world.networks) == (1, "", [])
        assert "stpolicy" in ran.err


def test_without_a_list_there_is_nothing_to_ask_about(check: Check) -> None:
    ran = check()
    assert (ran.code, ran.out) == (3, "")
    assert "policy.json" in ran.err
