"""What stands before the map of the list, and what it leaves to the list."""

import subprocess

import pytest

from stpolicy.model.finding import Severity
from tests.needs import needs
from tests.postfix_room import POLICY, PostfixRoom

SHADOWED = "postfix.map_shadowed"


def found(room: PostfixRoom, first: str) -> list[tuple[str, Severity, str | None]]:
    """With a table before the map."""
    room.set(smtp_tls_policy_maps=f"{first}, hash:@LIB@/maps/policy")
    return [(finding.code, finding.severity, finding.where) for finding in room.examined().report.findings]


@pytest.mark.parametrize("text", ["/./ may\n", "/^[^.]/ none\n", "/e/ secure match=other.example.net\n"])
def test_a_table_of_patterns_that_answers_for_all(text: str, server: PostfixRoom) -> None:
    server.table_text("all", text)
    assert found(server, "regexp:@ETC@/all") == [(SHADOWED, Severity.ERROR, f"regexp:{server.etc}/all")]
    (finding,) = server.examined().report.findings
    subprocess.run(["sh", "-c", finding.mend], check=True, env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"})
    server.settle()
    assert server.examined().report.findings == ()


@pytest.mark.parametrize(
    ("first", "domain"),
    [
        ("inline:{example.com=none}", "example.com"),
        ("inline:{example.com=secure}", "example.com"),
        ("proxy:texthash:@ETC@/own", "sub.example.org"),
        ("regexp:@ETC@/some", "bücher.de"),
        ("pipemap:{inline:{example.com=x},static:may}", "example.com"),
    ],
)
def test_a_table_that_answers_for_some_is_a_warning(first: str, domain: str, server: PostfixRoom) -> None:
    server.table_text("own", "Sub.Example.org may\nother.example may\n")
    server.table_text("some", "/^bücher[.]de$/ may\n")
    assert found(server, first) == [(SHADOWED, Severity.WARNING, domain)]


def test_an_indexed_table_of_somebody_else(server: PostfixRoom) -> None:
    server.table_text("own", "example.com may\nsub.example.org encrypt\n")
    command = [needs("postmap", "postfix"), "-c", str(server.etc), f"hash:{server.etc}/own"]
    subprocess.run(command, check=True)
    assert found(server, "hash:@ETC@/own") == [(SHADOWED, Severity.WARNING, "example.com")]
    (finding,) = server.examined().report.findings
    assert f"postmap hash:{server.etc}/own" in finding.mend


@pytest.mark.parametrize(
    "first",
    [
        "inline:{own.example=may}",
        "inline:{.example.org=may, org=may, .com=none}",
        f"inline:{{{{example.com = {POLICY}}}}}",
        "regexp:@ETC@/sharp",
        "cidr:@ETC@/cidr",
    ],
)
def test_tables_that_leave_the_listed_domains_to_the_list(first: str, server: PostfixRoom) -> None:
    """Rows of others, of parents, the same row, and the pattern of USAGE.md for what cannot be in a map."""
    server.table_text("sharp", f"/^straße[.]de$/ {POLICY}\n")
    server.table_text("cidr", "192.0.2.0/24 may\n")
    assert found(server, first) == []


def test_what_stands_behind_the_map_may_answer_anything(server: PostfixRoom) -> None:
    server.set(smtp_tls_policy_maps="hash:@LIB@/maps/policy, static:may, inline:{example.com=none}")
    assert server.examined().report.findings == ()
