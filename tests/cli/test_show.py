"""show: the policy in force for a domain, and the line that a mail server would use."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.needs import needs
from tests.program import NOW, Program, canonical_list

ENFORCE = {"mode": "enforce", "mxs": ["mx.example.com", ".example.net"]}
VALUE = "secure match=mx.example.com:.example.net servername=hostname protocols=>=TLSv1.2"


@pytest.fixture
def listed(room: Path) -> Path:
    return canonical_list(
        room / "policy.json",
        policies={
            "enforce.example.com": ENFORCE,
            "testing.example.com": ENFORCE | {"mode": "testing"},
            "alias.example.com": {"policy-alias": "a"},
            "dangling.example.com": {"policy-alias": "nowhere"},
            "xn--bcher-kva.example.com": ENFORCE,
            "localhost": ENFORCE,
            "bad.example.com": {"mode": "enforce", "mxs": ["hostname"]},
        },
        aliases={"a": ENFORCE},
    )


def fields(text: str) -> list[tuple[str, str]]:
    pairs = (line.split(":", 1) for line in text.splitlines())
    return [(label, value.strip()) for label, value in pairs]


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("enforce.example.com", [("mode", "enforce"), ("postfix", f"enforce.example.com {VALUE}")]),
        ("ENFORCE.example.com.", [("domain", "enforce.example.com"), ("mode", "enforce")]),
        (
            "alias.example.com",
            [("alias", "a"), ("mode", "enforce"), ("postfix", f"alias.example.com {VALUE}")],
        ),
        ("testing.example.com", [("mode", "testing"), ("postfix", "no entry while the mode is testing")]),
        ("dangling.example.com", [("alias", "nowhere"), ("postfix", "no entry")]),
        ("localhost", [("mode", "enforce"), ("postfix", "no entry")]),
        ("bad.example.com", [("mxs", "hostname"), ("postfix", "no entry")]),
        (
            "bücher.example.com",
            [
                ("domain", "xn--bcher-kva.example.com (bücher.example.com)"),
                ("postfix", f"xn--bcher-kva.example.com {VALUE}"),
                ("postfix", f"bücher.example.com {VALUE}"),
            ],
        ),
    ],
)
def test_text(program: Program, listed: Path, domain: str, expected: list[tuple[str, str]]) -> None:
    ran = program("show", domain, "--now", NOW)
    assert (ran.code, ran.err) == (0, "")
    assert [pair for pair in fields(ran.out) if pair in expected] == expected
    assert ("in force", "until 2026-11-15T00:00:00Z") in fields(ran.out)


@pytest.mark.parametrize("domain", ["example.com", "sub.enforce.example.com", "a", "com", "."])
def test_a_domain_that_is_not_listed_is_1(program: Program, listed: Path, domain: str) -> None:
    ran = program("show", domain)
    assert ran.code == 1
    assert "not listed" in ran.out


@pytest.mark.parametrize(
    ("now", "expired"),
    [("2026-11-14T23:59:59Z", False), ("2026-11-15T00:00:00Z", True), ("2027-11-15T00:00:00Z", True)],
)
def test_an_expired_list_is_not_in_force_since(
    program: Program, listed: Path, now: str, expired: bool
) -> None:
    ran = program("show", "enforce.example.com", "--now", now)
    assert ran.code == 0
    assert ("not in force since 2026-11-15T00:00:00Z" in ran.out) == expired
    assert (
        json.loads(program("show", "enforce.example.com", "--now", now, "--format", "json").out)["expired"]
        == expired
    )


def test_json(program: Program, listed: Path) -> None:
    ran = program("show", "alias.example.com", "--format", "json", "--now", NOW)
    assert json.loads(ran.out) == {
        "domain": "alias.example.com",
        "listed": True,
        "alias": "a",
        "policy": {"mode": "enforce", "mxs": ["mx.example.com", ".example.net"]},
        "timestamp": "2026-11-01T00:00:00Z",
        "expires": "2026-11-15T00:00:00Z",
        "expired": False,
        "postfix": [f"alias.example.com {VALUE}"],
    }
    absent = json.loads(program("show", "example.org", "--format", "json").out)
    assert (absent["listed"], absent["policy"], absent["postfix"]) == (False, None, [])


def test_output_is_a_file(program: Program, listed: Path) -> None:
    assert program("show", "enforce.example.com", "-o", "line").out == ""
    assert VALUE in Path("line").read_text()


def test_postfix_finds_the_line_in_its_table(program: Program, listed: Path, tmp_path: Path) -> None:
    needs("postmap", "postfix")
    shown = json.loads(program("show", "bücher.example.com", "--format", "json").out)["postfix"]
    table = tmp_path / "policy"
    table.write_text("".join(f"{line}\n" for line in shown), encoding="utf-8")
    (tmp_path / "main.cf").write_text("")
    for key in ("xn--bcher-kva.example.com", "bücher.example.com"):
        query = ["postmap", "-c", str(tmp_path), "-q", key, f"texthash:{table}"]
        assert subprocess.run(query, capture_output=True, text=True, check=True).stdout == f"{VALUE}\n"
