"""diff: what a reviewer reads."""

import json
from pathlib import Path

import pytest

from tests import lists
from tests.program import Program, canonical_list
from tests.repository import commit, repository

HOST = {"mode": "enforce", "mxs": ["mx.example.com"]}
OLD = {
    "removed.example.com": HOST,
    "weakened.example.com": HOST,
    "replaced.example.com": HOST,
    "widened.example.com": HOST,
    "narrowed.example.com": {"mode": "enforce", "mxs": ["mx.example.com", "mx2.example.com"]},
    "strengthened.example.com": {"mode": "testing", "mxs": ["mx.example.com"]},
    "same.example.com": HOST,
}
NEW = {
    "weakened.example.com": HOST | {"mode": "testing"},
    "replaced.example.com": HOST | {"mxs": ["mx.example.net"]},
    "widened.example.com": HOST | {"mxs": [".example.com"]},
    "narrowed.example.com": HOST,
    "strengthened.example.com": HOST,
    "added.example.com": HOST,
    "same.example.com": {"policy-alias": "a"},
}
ORDER = ["removed", "weakened", "replaced", "widened", "narrowed", "strengthened", "added"]


@pytest.fixture
def both(room: Path) -> None:
    canonical_list(room / "old.json", policies=OLD)
    canonical_list(room / "policy.json", policies=NEW, aliases={"a": HOST})


@pytest.mark.usefixtures("both")
def test_text_is_worst_first_with_counts_on_standard_error(program: Program) -> None:
    ran = program("diff", "old.json")
    lines = [line.split() for line in ran.out.splitlines()]
    assert [line[0] for line in lines[:7]] == ORDER
    assert all(line[1] == f"{line[0]}.example.com" for line in lines[:7])
    assert "same.example.com" not in ran.out
    assert "1 removed" in ran.err
    assert program("diff", "old.json", "-q").err == ""


@pytest.mark.usefixtures("both")
def test_json_is_one_object(program: Program) -> None:
    document = json.loads(program("diff", "old.json", "--format", "json").out)
    assert [change["kind"] for change in document["changes"]] == ORDER
    assert document["summary"] == dict.fromkeys(ORDER, 1)
    widened = document["changes"][3]
    assert widened == {
        "kind": "widened",
        "domain": "widened.example.com",
        "before": {"mode": "enforce", "mxs": ["mx.example.com"]},
        "after": {"mode": "enforce", "mxs": [".example.com"]},
        "patterns": [".example.com"],
    }
    assert document["changes"][0]["after"] is None


@pytest.mark.usefixtures("both")
def test_markdown_is_a_table(program: Program) -> None:
    lines = program("diff", "old.json", "--format", "markdown").out.splitlines()
    assert lines[:2] == ["| change | domain | detail |", "| --- | --- | --- |"]
    assert [line.split("**")[1] for line in lines[2:9]] == ORDER


@pytest.mark.parametrize("format_", ["text", "json", "markdown"])
def test_order_and_layout_are_no_difference(program: Program, format_: str) -> None:
    policies = {"b.com": HOST | {"mxs": ["a.b.com", "b.b.com"]}, "a.com": HOST}
    other = {"A.com": HOST, "b.com.": HOST | {"mxs": ["B.b.com", "a.b.com."]}}
    Path("old.json").write_bytes(lists.data(policies))
    Path("policy.json").write_bytes(lists.data(other).replace(b", ", b" ,\r\n"))
    ran = program("diff", "old.json", "--exit-code", "--format", format_)
    assert ran.code == 0
    assert ran.err == "no difference\n"
    expected = {"text": "", "markdown": "No change in what the list promises.\n"}
    assert ran.out == expected.get(format_, ran.out)


def test_fields_of_the_list_are_a_difference(program: Program) -> None:
    canonical_list(Path("old.json"))
    canonical_list(Path("policy.json"), author="A. N. Author", expires="2026-11-20T00:00:00Z")
    ran = program("diff", "old.json", "--exit-code")
    assert ran.code == 1
    assert "author: (none) -> A. N. Author\n" in ran.out
    assert "expires: 2026-11-15T00:00:00Z -> 2026-11-20T00:00:00Z\n" in ran.out
    assert "| author | (none) | A. N. Author |\n" in program("diff", "old.json", "--format", "markdown").out


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("a | b", "a \\| b"),
        ("a \\| b", "a \\\\\\| b"),
        ("<img src=x>", "&lt;img src=x>"),
        ("@everyone", "&#64;everyone"),
        ("[x](https://evil.example)", "\\[x](https:&#47;&#47;evil.example)"),
        ("`x`", "\\`x\\`"),
        ("**x** _y_ ~z~", "\\*\\*x\\*\\* \\_y\\_ \\~z\\~"),
        ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
        ("https://www.evil.example", "https:&#47;&#47;www&#46;evil.example"),
    ],
)
def test_markdown_takes_nothing_for_markup(program: Program, text: str, cell: str) -> None:
    canonical_list(Path("old.json"))
    canonical_list(Path("policy.json"), author=text)
    assert f"| author | (none) | {cell} |\n" in program("diff", "old.json", "--format", "markdown").out


@pytest.mark.parametrize(
    "words",
    [["git:HEAD~1"], ["git:HEAD~1:policy.json"], ["git:HEAD~1", "git:HEAD"], ["git:HEAD~1", "policy.json"]],
)
def test_revisions(program: Program, room: Path, words: list[str]) -> None:
    repository(room)
    assert program("diff", *words).err == "1 removed, 1 weakened\n"


def test_a_revision_of_another_file(program: Program, room: Path) -> None:
    repository(room)
    canonical_list(room / "other.json", policies={"a.example.com": HOST})
    commit(room)
    canonical_list(room / "other.json", policies={})
    assert program("diff", "git:HEAD", "other.json").err == "1 removed\n"
    commit(room)
    assert program("diff", "git:HEAD~1", "git:HEAD:other.json").err == "1 removed\n"


def test_output_is_a_file(program: Program) -> None:
    canonical_list(Path("policy.json"))
    canonical_list(Path("old.json"), policies={})
    ran = program("diff", "old.json", "--output", "report.md", "--format", "markdown")
    assert ran.out == ""
    assert "**added**" in Path("report.md").read_text()
