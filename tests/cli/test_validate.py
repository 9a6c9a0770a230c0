"""validate: what is reported, in which order, chosen and accepted how."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.program import NOW, Program, Ran, canonical_list
from tests.repository import repository

BROAD = {"mode": "testing", "mxs": [".co.uk"]}
SHARED = {"mode": "testing", "mxs": [".mail.protection.outlook.com"]}
ENFORCE = {"mode": "enforce", "mxs": ["mx.example.com"]}


@pytest.fixture
def listed(room: Path) -> Path:
    """A note in line 7, an error further down, and a warning in between."""
    policies = {"a.example.com": SHARED, "b.com": BROAD, "co.uk": ENFORCE}
    return canonical_list(room / "policy.json", policies=policies)


def codes(ran: Ran) -> list[str]:
    return [finding["code"] for finding in json.loads(ran.out)["findings"]]


def judged(program: Program, *arguments: str) -> list[str]:
    return codes(program("validate", "--now", NOW, "--format", "json", *arguments))


def test_text_is_worst_first_with_counts_at_the_end_on_standard_error(program: Program, listed: Path) -> None:
    ran = program("validate", "--now", NOW)
    assert [line.split(" ", 2)[1] for line in ran.out.splitlines()] == ["error:", "warning:", "note:"]
    assert ran.out.startswith("policy.json:16:9: error: ")
    assert "[mxs.pattern.public_suffix]" in ran.out.splitlines()[0]
    assert ran.err == "policy.json: 1 error, 1 warning, 1 note\n"
    assert ran.code == 1


def test_quiet_leaves_the_result(program: Program, listed: Path) -> None:
    ran = program("validate", "--now", NOW, "-q")
    assert ran.err == ""
    assert ran.out.count("\n") == 3


def test_all_problems_are_reported_at_once(program: Program) -> None:
    Path("policy.json").write_text(
        '{"timestamp": "x", "expires": 1.5, "version": "2", "policies": {"a.com": {"mode": "x"}}, "x": 1}'
    )
    found = judged(program)
    assert {"document.version", "document.missing_field", "document.shape", "document.unknown_field"} <= {
        *found
    }


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ["mxs.pattern.public_suffix", "policies.name.public_suffix", "mxs.pattern.shared_provider"]),
        (["--select", "mxs"], ["mxs.pattern.public_suffix", "mxs.pattern.shared_provider"]),
        (["--select", "mxs.pattern.shared_provider"], ["mxs.pattern.shared_provider"]),
        (["--ignore", "mxs.pattern"], ["policies.name.public_suffix"]),
        (["--ignore", "mxs", "--ignore", "policies.name"], []),
        (["--select", "mxs", "--ignore", "mxs.pattern.shared_provider"], ["mxs.pattern.public_suffix"]),
        (["--select", "dates"], []),
    ],
    ids=str,
)
def test_codes_and_families_are_selected_and_ignored(
    program: Program, listed: Path, arguments: list[str], expected: list[str]
) -> None:
    assert judged(program, *arguments) == expected
    assert program("validate", "--now", NOW, *arguments).code == int("mxs.pattern.public_suffix" in expected)


@pytest.mark.parametrize("arguments", [["--select", "dates"], ["--ignore", "document"]], ids=str)
def test_bytes_that_are_no_list_are_reported_whatever_is_selected(
    program: Program, arguments: list[str]
) -> None:
    Path("policy.json").write_text("{")
    assert judged(program, *arguments) == ["document.syntax"]


@pytest.fixture
def changed(room: Path) -> Path:
    """A list that lost example.net and has example.com in testing."""
    return repository(room)


REMOVED, WEAKENED = "history.domain.removed", "history.mode.weakened"


@pytest.mark.parametrize("previous", ["git:HEAD~1", "git:HEAD~1:policy.json", "old.json"])
def test_previous_turns_the_history_rules_on(program: Program, changed: Path, previous: str) -> None:
    from stpolicy import git

    Path("old.json").write_bytes(git.read("git:HEAD~1", Path("policy.json"))[1])
    assert judged(program) == []
    assert sorted(judged(program, "--previous", previous)) == [REMOVED, WEAKENED]


def test_strict_stops_on_a_weakened_promise_until_it_is_accepted(program: Program, changed: Path) -> None:
    strict = ["--previous", "git:HEAD~1", "--strict"]
    assert program("validate", "--now", NOW, *strict).code == 1
    one = [*strict, "--accept", f"{WEAKENED}:example.com"]
    assert program("validate", "--now", NOW, *one).code == 1
    ran = program("validate", "--now", NOW, *one, "--accept", f"{REMOVED}:EXAMPLE.net.")
    assert ran.code == 0
    assert ran.err == "policy.json: 2 accepted\n"
    assert ran.out.count(" accepted: ") == 2


@pytest.mark.parametrize("format_", ["json", "github", "sarif"])
def test_the_accepted_are_recorded_in_every_format(program: Program, changed: Path, format_: str) -> None:
    accept = ["--accept", f"{WEAKENED}:example.com", "--accept", f"{REMOVED}:example.net"]
    ran = program("validate", "--now", NOW, "--previous", "git:HEAD~1", "--format", format_, *accept)
    assert WEAKENED in ran.out
    if format_ == "json":
        document: dict[str, Any] = json.loads(ran.out)
        assert document["findings"] == []
        assert document["summary"] == {"errors": 0, "warnings": 0, "notes": 0}
        assert {(f["code"], f["where"]) for f in document["accepted"]} == {
            (WEAKENED, "example.com"),
            (REMOVED, "example.net"),
        }
    if format_ == "github":
        assert all(line.startswith("::notice ") for line in ran.out.splitlines())
    if format_ == "sarif":
        (run,) = json.loads(ran.out)["runs"]
        assert all(result["suppressions"] for result in run["results"])


@pytest.mark.parametrize("pair", [f"{WEAKENED}:example.net", f"{WEAKENED}:*", f"{REMOVED}:example.com"])
def test_accepting_something_else_accepts_nothing(program: Program, changed: Path, pair: str) -> None:
    assert len(judged(program, "--previous", "git:HEAD~1", "--accept", pair)) == 2


@pytest.mark.parametrize(
    "pair",
    [
        "dates.future:example.com",
        "mxs.pattern.malformed:example.com",
        "document.syntax:*",
        "history.rolled_back:*",
        "history:example.com",
        "history.mode:example.com",
        "history.mode.weaken:example.com",
        WEAKENED,
        f"{WEAKENED}:",
        "",
        ":",
    ],
)
def test_only_one_reviewed_change_at_a_time_can_be_accepted(
    program: Program, changed: Path, pair: str
) -> None:
    assert program("validate", "--previous", "git:HEAD~1", "--accept", pair).code == 2


def test_a_finding_about_the_whole_list_is_accepted_by_a_star(program: Program) -> None:
    policies = {f"a{n}.example.com": ENFORCE for n in range(20)}
    canonical_list(Path("old.json"), policies=policies)
    canonical_list(Path("policy.json"), policies={"a0.example.com": ENFORCE})
    star = ["--accept", "history.domain.mass_removed:*"]
    assert "history.domain.mass_removed" in judged(program, "--previous", "old.json")
    assert "history.domain.mass_removed" not in judged(program, "--previous", "old.json", *star)


def test_now_makes_a_run_reproducible(program: Program, listed: Path) -> None:
    stale = judged(program, "--now", "2026-11-20T00:00:00+01:00")
    assert "dates.stale" in stale
    assert judged(program, "--now", "1795132800") == stale


def test_a_file_is_bounded_before_it_is_read_whole(program: Program) -> None:
    with Path("policy.json").open("wb") as file:
        file.truncate(1 << 40)
    assert judged(program, "--max-size", "1000") == ["document.too_large"]
