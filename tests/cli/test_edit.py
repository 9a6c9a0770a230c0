"""add, set, remove, bump and alias: what is written, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests import lists
from tests.program import NOW, Program, canonical_list

HOST = {"mode": "testing", "mxs": ["mx.example.com"]}
SHARED = {"mode": "enforce", "mxs": ["mx.example.net"]}


@pytest.fixture(autouse=True)
def listed(room: Path) -> Path:
    """Two domains, one of them by an alias, and an alias that nobody uses."""
    policies = {"example.com": HOST, "shared.example.com": {"policy-alias": "used"}}
    return canonical_list(room / "policy.json", policies=policies, aliases={"used": SHARED, "free": SHARED})


def content() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path("policy.json").read_text())
    return found


@pytest.mark.parametrize(
    ("line", "domain", "policy"),
    [
        ("add new.com --mx mx.new.com", "new.com", {"mode": "testing", "mxs": ["mx.new.com"]}),
        ("add New.com. --mx MX.new.com.", "new.com", {"mode": "testing", "mxs": ["mx.new.com"]}),
        ("add new.com --mx b.c --mx .a.c", "new.com", {"mode": "testing", "mxs": ["b.c", ".a.c"]}),
        ("add new.com --mx a.c --mx A.c.", "new.com", {"mode": "testing", "mxs": ["a.c"]}),
        ("add new.com --mx a.c --mode enforce", "new.com", {"mode": "enforce", "mxs": ["a.c"]}),
        ("add new.com --alias used", "new.com", {"policy-alias": "used"}),
        ("add new.com two.com --alias used", "two.com", {"policy-alias": "used"}),
        (
            "add bücher.de --mx mx.bücher.de",
            "xn--bcher-kva.de",
            {"mode": "testing", "mxs": ["mx.xn--bcher-kva.de"]},
        ),
        ("set example.com --mode enforce", "example.com", {"mode": "enforce", "mxs": ["mx.example.com"]}),
        ("set Example.com. --mx a.c", "example.com", {"mode": "testing", "mxs": ["a.c"]}),
        ("set example.com --alias used", "example.com", {"policy-alias": "used"}),
        ("set shared.example.com --alias free", "shared.example.com", {"policy-alias": "free"}),
        ("set shared.example.com --mx a.c", "shared.example.com", {"mode": "testing", "mxs": ["a.c"]}),
        ("remove Example.com.", "example.com", None),
        ("remove example.com shared.example.com", "shared.example.com", None),
    ],
)
def test_entries(program: Program, line: str, domain: str, policy: dict[str, Any] | None) -> None:
    before = content()
    ran = program(*line.split())
    assert (ran.code, ran.out, ran.err) == (0, "", "policy.json: written\n")
    assert content()["policies"].get(domain) == policy
    assert {**content(), "policies": 0} == {**before, "policies": 0}
    assert program("fmt", "--check").code == 0


@pytest.mark.parametrize(
    ("line", "name", "policy"),
    [
        ("alias add new --mx a.c", "new", {"mode": "testing", "mxs": ["a.c"]}),
        ("alias set used --mode testing", "used", {"mode": "testing", "mxs": ["mx.example.net"]}),
        ("alias set used --mx a.c --mx b.c", "used", {"mode": "enforce", "mxs": ["a.c", "b.c"]}),
        ("alias remove free", "free", None),
    ],
)
def test_aliases(program: Program, line: str, name: str, policy: dict[str, Any] | None) -> None:
    before = content()
    assert program(*line.split()).code == 0
    assert content()["policy-aliases"].get(name) == policy
    assert content()["policies"] == before["policies"]
    assert program("fmt", "--check").code == 0


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("add example.com --mx a.c", 1),
        ("add EXAMPLE.com. --mx a.c", 1),
        ("add new.com new.com --mx a.c", 1),
        ("add new.com example.com --mx a.c", 1),
        ("add new.com --alias nowhere", 1),
        ("add new.com --alias used --mx a.c", 2),
        ("add new.com --alias used --mode enforce", 2),
        ("add new.com", 2),
        ("add new.com --mode enforce", 2),
        ("add localhost --mx a.c", 2),
        ("add .new.com --mx a.c", 2),
        ("add 192.0.2.1 --mx a.c", 2),
        ("add new..com --mx a.c", 2),
        ("add new.com --mx *.a.c", 2),
        ("add new.com --mx 192.0.2.1", 2),
        ("add new.com --mx hostname", 2),
        ("add new.com --mx mx", 2),
        ("add new.com --mode none --mx a.c", 2),
        ("set new.com --mode enforce", 1),
        ("set example.com", 2),
        ("set example.com --alias nowhere", 1),
        ("set example.com --alias used --mx a.c", 2),
        ("set example.com --mx *.a.c", 2),
        ("set shared.example.com --mode enforce", 2),
        ("remove new.com", 1),
        ("remove example.com new.com", 1),
        ("remove example.com example.com", 1),
        ("alias add used --mx a.c", 1),
        ("alias add new", 2),
        ("alias add New --mx a.c", 2),
        ("alias add a.b --mx a.c", 2),
        ("alias set nowhere --mode enforce", 1),
        ("alias set used", 2),
        ("alias set used --mx *.a.c", 2),
        ("alias remove nowhere", 1),
        ("alias remove used", 1),
        ("bump --now 2026-10-31T23:59:59Z", 1),
        ("bump --now 9999-12-31T00:00:00Z", 1),
        ("bump --now 9999-12-31T00:00:00Z --days 3650", 1),
    ],
)
def test_refusals_change_nothing(program: Program, line: str, code: int) -> None:
    before = Path("policy.json").read_bytes()
    ran = program(*line.split())
    assert (ran.code, ran.out) == (code, "")
    assert ran.err
    assert Path("policy.json").read_bytes() == before
    assert program(*line.split(), "--dry-run").code == code


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("alias add new", "--mx"),
        ("add new.com", "--alias"),
        ("set new.com --mode enforce", "stpolicy add new.com --mx PATTERN"),
        ("alias set new --mode enforce", "stpolicy alias add new --mx PATTERN"),
    ],
)
def test_the_next_step_is_one_that_can_be_taken(program: Program, line: str, says: str) -> None:
    _, _, step = program(*line.split()).err.partition("next: ")
    assert says in step
    assert not (line.startswith("alias") and "--alias" in step), "there is no such option"


EDITS = [
    "add new.com --mx a.c",
    "set example.com --mode enforce",
    "remove example.com",
    "alias add new --mx a.c",
    "alias set used --mode testing",
    "alias remove free",
    f"bump --now {NOW}",
]


@pytest.mark.parametrize("line", EDITS)
def test_dry_run_shows_the_difference_and_writes_nothing(program: Program, line: str) -> None:
    before = Path("policy.json").read_bytes()
    ran = program(*line.split(), "--dry-run")
    assert ran.code == 0
    assert ran.out.startswith("--- policy.json\n+++ policy.json (edited)\n")
    assert Path("policy.json").read_bytes() == before
    program(*line.split())
    assert Path("policy.json").read_bytes() != before


@pytest.mark.parametrize("line", EDITS)
def test_a_list_that_is_not_canonical_is_refused_and_fmt_named(program: Program, line: str) -> None:
    Path("policy.json").write_bytes(Path("policy.json").read_bytes().replace(b"  ", b"\t"))
    before = Path("policy.json").read_bytes()
    ran = program(*line.split())
    assert ran.code == 1
    assert "stpolicy fmt policy.json" in ran.err
    assert Path("policy.json").read_bytes() == before
    assert program("fmt").code == 0
    assert program(*line.split()).code == 0


@pytest.mark.parametrize("line", EDITS)
@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"\xff", lists.data(pinsets={}), lists.data(timestamp="x")], ids=repr
)
def test_what_is_no_list_is_refused_and_left(program: Program, line: str, data: bytes) -> None:
    Path("policy.json").write_bytes(data)
    ran = program(*line.split())
    assert ran.code == 1
    assert "stpolicy validate policy.json" in ran.err
    assert Path("policy.json").read_bytes() == data


def test_a_list_with_two_entries_for_one_domain_is_refused(program: Program) -> None:
    text = Path("policy.json").read_text()
    Path("policy.json").write_text(text.replace('"shared.example.com"', '"EXAMPLE.com"'))
    assert program("remove", "example.com").code == 1


@pytest.mark.parametrize("broken", ["hostname", "192.0.2.1", "mx"])
def test_a_pattern_in_the_list_that_is_none_is_refused_and_can_be_replaced(
    program: Program, broken: str
) -> None:
    canonical_list(Path("policy.json"), policies={"example.com": HOST | {"mxs": [broken]}})
    assert program("set", "example.com", "--mode", "enforce").code == 1
    assert program("set", "example.com", "--mx", "mx.example.com").code == 0


@pytest.mark.parametrize(
    ("arguments", "timestamp", "expires"),
    [
        (["--now", NOW], "2026-11-01T12:00:00Z", "2026-11-15T12:00:00Z"),
        (["--now", "2026-11-01T12:00:00.999Z"], "2026-11-01T12:00:00Z", "2026-11-15T12:00:00Z"),
        (["--now", NOW, "--days", "1"], "2026-11-01T12:00:00Z", "2026-11-02T12:00:00Z"),
        (["--now", lists.TIMESTAMP], "2026-11-01T00:00:01Z", "2026-11-15T00:00:01Z"),
        (["--now", "2026-11-01T14:00:00+02:00"], "2026-11-01T12:00:00Z", "2026-11-15T12:00:00Z"),
    ],
    ids=str,
)
def test_bump(program: Program, arguments: list[str], timestamp: str, expires: str) -> None:
    assert program("bump", *arguments).code == 0
    assert (content()["timestamp"], content()["expires"]) == (timestamp, expires)
    assert program("fmt", "--check").code == 0


def test_bump_by_the_clock_is_newer_each_time(program: Program) -> None:
    canonical_list(Path("policy.json"), timestamp="2020-01-01T00:00:00Z")
    program("bump")
    first = content()["timestamp"]
    program("bump", "--now", first)
    assert content()["timestamp"] > first


def test_quiet_and_nothing_to_change(program: Program) -> None:
    assert program("set", "example.com", "--mode", "testing").err == "policy.json: nothing to change\n"
    assert program("set", "example.com", "--mode", "enforce", "-q").err == ""


def test_list_names_another_file(program: Program) -> None:
    canonical_list(Path("other.json"), policies={})
    before = Path("policy.json").read_bytes()
    assert program("add", "new.com", "--mx", "a.c", "--list", "other.json").code == 0
    assert "new.com" in Path("other.json").read_text()
    assert Path("policy.json").read_bytes() == before
