"""check: how mail servers are looked at, and what is printed of the answers. Nobody is asked here."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stpolicy.checker.survey import FAMILIES
from stpolicy.model.observation import DomainObservation
from tests.cli.checking import SHUT, UNSURE, Check, World, listed
from tests.observations import MX1, MX2
from tests.program import Program, Ran


def lines(ran: Ran) -> Iterator[dict[str, Any]]:
    return map(json.loads, ran.out.splitlines())


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


@pytest.mark.parametrize("how", ["--format=json", "--format=text", "--summary"])
def test_a_bug_of_ours_is_the_result_of_its_domain_and_debug_shows_it(
    check: Check, world: World, how: str
) -> None:
    world.fails_at = "b.example.com"
    asked = [f"--domain={name}.example.com" for name in "abc"]
    ran = check(*asked, how)
    assert (ran.code, ran.err) == (3, "")
    if how == "--format=json":
        found = json.loads(ran.out)
        assert [one["status"] for one in found.values()] == [0, 3, 0]
        (finding,) = found["b.example.com"]["findings"]
        assert finding["code"] == "look.internal_error"
    shown = check(*asked, how, "--debug")
    assert (shown.code, shown.out) == (3, ran.out)
    assert "KeyError: 'of our own making'" in shown.err


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


def test_a_run_that_goes_on_asks_again_what_was_held_against_something_else(
    check: Check, world: World, room: Path
) -> None:
    asked, listed_now = ("--domain", "a.example.com", "--format", "ndjson"), room / "policy.json"

    def resumed(*more: str) -> int:
        world.asked.clear()
        ran = check(*asked, *more, "--resume", "run.ndjson")
        return ran.code if world.asked else -1

    (room / "run.ndjson").write_text(check(*asked).out)
    assert resumed() == -1
    assert resumed("--mx", "mx.elsewhere.net") == 1
    listed(listed_now, "a.example.com", mxs=("mx.elsewhere.net",))
    assert resumed() == 1
    listed(listed_now, "a.example.com", mxs=(MX1, MX2, "a.example.com"))
    assert resumed() == 0, "what is accepted is the same, and it was not listed"
    (room / "run.ndjson").write_text(check(*asked).out)
    assert resumed() == -1
    text = listed_now.read_text()
    listed_now.write_text(text.replace('"enforce"', '"testing"'))
    assert resumed() == 0
    assert resumed("--mx", MX1, "--mx", MX2, "--mx", "a.example.com") == 0, "no entry was looked for"


def test_what_is_known_may_come_from_a_pipe(check: Check, world: World, room: Path) -> None:
    asked = [f"--domain={name}.example.com" for name in "ab"]
    (room / "run.ndjson").write_text(check(asked[0], "--format=ndjson").out)
    world.asked.clear()
    with subprocess.Popen(["cat", "run.ndjson"], stdout=subprocess.PIPE) as piped:
        assert piped.stdout
        ran = check(*asked, "--resume", f"/dev/fd/{piped.stdout.fileno()}", "--format=json")
    assert (ran.code, set(world.asked)) == (0, {"b.example.com"})
    assert list(json.loads(ran.out)) == ["a.example.com", "b.example.com"]


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        '{"domain": "a.example.com"}',
        '{"domain": "a.example.com", "status": 0}',
        '{"domain": "a.example.com", "status": 7}',
        "{",
        "x" * 1_048_577,
    ],
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
