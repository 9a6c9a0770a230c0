"""check: which domains are asked about and how, and what is printed of the answers. Nobody is asked here."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from stpolicy.checker.survey import FAMILIES
from stpolicy.flows import check as flow
from stpolicy.flows.asked import Asked
from stpolicy.model.names import Domain
from stpolicy.model.observation import Dns, DomainObservation, Fault, MxAnswer, Step
from tests import lists
from tests.observations import GOOD, MX1, MX2, alone, ended
from tests.program import NOW, Program, Ran, canonical_list
from tests.repository import git

SHUT = alone(ended(Step.CONNECT, Fault.REFUSED)).seen
UNSURE = replace(GOOD.seen, mx=MxAnswer(Dns.ERROR), hosts=())


@dataclass
class World:
    """What there is to be seen of each domain, and how the program wanted to look."""

    seen: dict[str, DomainObservation] = field(default_factory=dict)
    asked: dict[Domain, Asked] = field(default_factory=dict)
    networks: list[flow.Network] = field(default_factory=list)
    fails_after: Exception | None = None

    async def check(
        self,
        asked: Mapping[Domain, Asked],
        network: flow.Network,
        emit: Callable[[dict[str, Any]], None],
        *,
        now: datetime,
    ) -> None:
        """Stands in for the flow."""
        self.asked |= asked
        self.networks.append(network)
        for domain, what in asked.items():
            found = replace(self.seen.get(domain, GOOD.seen), domain=domain)
            emit(flow.result(found, what, now=now, connected=True))
        if self.fails_after:
            raise self.fails_after


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(flow, "check", made.check)
    return made


@pytest.fixture
def check(program: Program, world: World) -> Callable[..., Ran]:
    def run(*arguments: object, stdin: bytes = b"") -> Ran:
        return program("check", "--now", NOW, "--helo", "probe.example.net", *arguments, stdin=stdin)

    return run


Check = Callable[..., Ran]


def listed(path: Path, *domains: str, mxs: tuple[str, ...] = (MX1, MX2)) -> Path:
    policies = {domain: {"mode": "enforce", "mxs": list(mxs)} for domain in domains}
    return canonical_list(path, policies=policies)


def lines(ran: Ran) -> Iterator[dict[str, Any]]:
    return map(json.loads, ran.out.splitlines())


# Which domains


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


# How they are looked at


@pytest.mark.parametrize(
    ("given", "families"),
    [((), FAMILIES), (("--ipv4",), ("A",)), (("--ipv6",), ("AAAA",)), (("--ipv4", "--ipv6"), FAMILIES)],
)
def test_one_family_or_both(
    check: Check, world: World, given: tuple[str, ...], families: tuple[str, ...]
) -> None:
    check("--domain", "example.com", *given)
    assert world.networks[0].scope.families == families


def test_defaults_are_those_of_a_good_neighbour(check: Check, world: World) -> None:
    check("--domain", "example.com")
    (network,) = world.networks
    limits = network.limits
    assert (limits.concurrency, limits.per_host, limits.retries, limits.rate) == (64, 1, 0, 0)
    assert (network.manner.port, network.manner.timeout, network.https_port, network.jobs) == (25, 60, 443, 1)
    assert (network.scope.mta_sts, network.scope.dane, network.scope.allow_private) == (True, True, False)
    assert network.probes


def test_what_options_ask_for(check: Check, world: World) -> None:
    speed = "--concurrency 9 --per-host 2 --pause 0 --rate 5 --retries 3 --jobs 2 --timeout 7"
    where = "--resolver 192.0.2.53 --resolver [2001:db8::53]:5353 --port 2525 --https-port 8443"
    less = "--no-legacy --no-mta-sts --no-dane --allow-private"
    check("--domain", "example.com", *f"{speed} {where} {less}".split())
    (network,) = world.networks
    assert network.limits == replace(network.limits, concurrency=9, per_host=2, pause=0, rate=5, retries=3)
    assert network.resolvers == (("192.0.2.53", 53), ("2001:db8::53", 5353))
    assert (network.manner.port, network.https_port, network.manner.timeout, network.jobs) == (
        2525,
        8443,
        7,
        2,
    )
    assert (network.probes, network.scope.mta_sts, network.scope.dane) == (False, False, False)
    assert network.scope.allow_private


def test_who_we_are_comes_from_the_environment(
    program: Program, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, told in (("Probe.Example.NET.", False), ("laptop", True)):
        monkeypatch.setenv("HOSTNAME", name)
        ran = program("check", "--domain", "example.com")
        assert world.networks[-1].manner.helo == name.lower().rstrip(".")
        assert ("--helo" in ran.err) is told
    assert program("check", "--domain", "example.com", "--quiet").err == ""


def test_settings_that_stay_come_from_a_file(check: Check, world: World, room: Path) -> None:
    (room / "no-scan").write_text("excluded.example.com\n")
    text = """
        [check]
        resolver = ["192.0.2.53"]
        exclude = "no-scan"
        concurrency = 9
        per-host = 2
        retries = 1
        jobs = 3
        timeout = 20
    """
    (room / "check.toml").write_text(text)
    check("--domain=a.example.com", "--domain=excluded.example.com", "--config", "check.toml", "--jobs", 1)
    (network,) = world.networks
    assert set(world.asked) == {"a.example.com"}
    assert (network.resolvers, network.jobs, network.manner.timeout) == ((("192.0.2.53", 53),), 1, 20)
    limits = network.limits
    assert (limits.concurrency, limits.per_host, limits.retries) == (9, 2, 1)


# What is printed


def test_text_has_the_worst_first(check: Check, world: World) -> None:
    world.seen = {"b.example.com": UNSURE, "c.example.com": SHUT}
    ran = check(*(f"--domain={name}.example.com" for name in "abc"))
    heads = [line.split()[0] for line in ran.out.splitlines() if not line.startswith(" ")]
    assert heads == ["c.example.com", "b.example.com", "a.example.com"]
    assert "[mx.all_unreachable]" in ran.out


def test_json_is_one_object_by_domain_and_ndjson_a_line_each(check: Check, world: World) -> None:
    world.seen = {"b.example.com": SHUT}
    asked = ("--domain", "a.example.com", "--domain", "b.example.com", "--format")
    whole = json.loads(check(*asked, "json").out)
    assert {name: found["domain"] for name, found in whole.items()} == {name: name for name in whole}
    assert list(lines(check(*asked, "ndjson"))) == list(whole.values())


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ([], 0),
        ([UNSURE], 3),
        ([SHUT], 1),
        ([UNSURE, SHUT], 1),
        ([SHUT, UNSURE], 1),
    ],
)
@pytest.mark.parametrize("how", ["--format=text", "--format=json", "--format=ndjson", "--summary"])
def test_exit_code(check: Check, world: World, seen: list[DomainObservation], code: int, how: str) -> None:
    world.seen = {f"{name}.example.com": found for name, found in zip("abc", seen, strict=False)}
    assert check(*(f"--domain={name}.example.com" for name in "abc"), how).code == code


def test_summary(check: Check, world: World) -> None:
    world.seen = {"b.example.com": UNSURE, "c.example.com": SHUT}
    asked = [f"--domain={name}.example.com" for name in "abcd"]
    ran = check(*asked, "--summary")
    rows = dict(line.strip().rsplit("  ", 1) for line in ran.out.splitlines())
    assert {name.strip(): value for name, value in rows.items()} == {
        "domains": "4",
        "could not connect": "1",
        "could not look": "1",
        "success": "2",
        "reached": "2",
        "without STARTTLS": "0 (0.0 %)",
        "without a valid certificate": "0 (0.0 %)",
        "with MTA-STS": "4 (100.0 %)",
        "with DANE": "2 (50.0 %)",
    }
    found = json.loads(check(*asked, "--summary", "--format", "json").out)
    assert (found["domains"], found["reached"], found["mta_sts"], found["dane"]) == (4, 2, 4, 2)
    assert found["statuses"]["could not connect"] == 1


def test_patterns_are_tried_and_the_narrowest_entry_is_named(check: Check, world: World, room: Path) -> None:
    asked = ("--domain", "a.example.com", "--mx", ".Elsewhere.NET", "--format")
    ran = check(*asked, "json")
    assert ran.code == 1
    found = json.loads(ran.out)["a.example.com"]
    assert (found["status"], found["mx_hostnames"]) == (6, [".elsewhere.net"])
    assert found["extra_results"]["narrowest"] == {"status": 0, "mxs": [MX1, MX2]}
    passes = f"that passes:\n    stpolicy {{}} a.example.com --mx {MX1} --mx {MX2}\n"
    assert passes.format("add") in check(*asked, "text").out
    listed(room / "policy.json", "a.example.com")
    assert passes.format("set") in check(*asked, "text").out
    world.seen = {"a.example.com": SHUT}
    assert "that could, once the rest is mended" in check(*asked, "text").out


def test_without_patterns_no_entry_is_named(check: Check) -> None:
    ran = check("--domain", "example.com", "--format", "json")
    assert "narrowest" not in json.loads(ran.out)["example.com"]["extra_results"]


# Going on


@pytest.mark.parametrize("tail", ["", '{"domain":"c.exa', "\n"])
def test_a_run_goes_on_where_it_was_cut_off(check: Check, world: World, room: Path, tail: str) -> None:
    world.seen = {"a.example.com": SHUT}
    asked = [f"--domain={name}.example.com" for name in "abc"]
    before = check("--domain=a.example.com", "--domain=z.example.com", "--format=ndjson").out
    (room / "run.ndjson").write_text(before + tail)
    world.asked.clear()
    ran = check(*asked, "--resume", "run.ndjson", "--format", "ndjson")
    assert set(world.asked) == {"b.example.com", "c.example.com"}
    assert [found["domain"] for found in lines(ran)] == ["b.example.com", "c.example.com"]
    assert ran.code == 1, "what was known counts"
    assert (room / "run.ndjson").read_text() == before + tail
    whole = json.loads(check(*asked, "--resume", "run.ndjson", "--format", "json").out)
    assert [found["status"] for found in whole.values()] == [5, 0, 0]
    assert "domains                        3\n" in check(*asked, "--resume", "run.ndjson", "--summary").out


@pytest.mark.parametrize(
    "line",
    ["[]", '{"domain": "a.example.com"}', '{"domain": "a.example.com", "status": 7}', "{", "x" * 1_048_577],
)
def test_what_is_no_result_is_misuse(check: Check, world: World, room: Path, line: str) -> None:
    (room / "run.ndjson").write_text(f"{line}\n")
    ran = check("--domain", "a.example.com", "--resume", "run.ndjson")
    assert (ran.code, ran.out, world.networks) == (2, "", [])
    assert "run.ndjson:1 is no domain result" in ran.err


def test_what_was_found_before_a_failure_is_printed(check: Check, world: World) -> None:
    world.fails_after = OSError(24, "Too many open files")
    ran = check("--domain", "example.com", "--format", "json")
    assert ran.code == 3
    assert set(json.loads(ran.out)) == {"example.com"}


# Used wrongly

MISUSED = {
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


@pytest.mark.parametrize(
    "text", [b"domain\nexample.com\nexa mple.com\n", b"192.0.2.1\n", b"\xff\n", b"a" * 200_000], ids=repr
)
def test_what_is_no_column_of_domains_is_misuse(check: Check, world: World, text: bytes) -> None:
    ran = check("--csv", "-", stdin=text)
    assert (ran.code, ran.out, world.networks) == (2, "", [])


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
