"""explain: every code has its documentation."""

import json
from pathlib import Path

import pytest

from stpolicy import config, rules
from stpolicy.output import explain
from tests.program import Program

CODES = list(config.known_codes())


@pytest.mark.parametrize("code", CODES)
def test_every_code_says_what_is_wrong_why_it_matters_and_how_to_mend_it(program: Program, code: str) -> None:
    ran = program("explain", code)
    assert (ran.code, ran.err) == (0, "")
    title, empty, summary, *rest = ran.out.splitlines()
    assert title == f"{code} ({config.known_codes()[code]})"
    assert empty == ""
    assert summary.endswith(".")
    assert len(summary) < 110
    assert len(" ".join(rest)) > 40


def test_without_a_code_there_is_a_line_for_each(program: Program) -> None:
    ran = program("explain")
    assert {line.split()[0] for line in ran.out.splitlines()} == set(CODES)


@pytest.mark.parametrize(("family", "count"), [("history.mode", 3), ("dates.lifetime", 2), ("signature", 9)])
def test_a_family(program: Program, family: str, count: int) -> None:
    titles = [line for line in program("explain", family).out.splitlines() if line.startswith(f"{family}.")]
    assert len(titles) == count


@pytest.mark.parametrize("words", [[], ["mxs"], ["dates.stale"]], ids=str)
def test_json(program: Program, words: list[str]) -> None:
    rows = json.loads(program("explain", *words, "--format", "json").out)
    wanted = [code for code in CODES if not words or code.startswith(words[0])]
    assert sorted(row["code"] for row in rows) == sorted(wanted)
    assert all(row["documentation"].startswith(row["summary"]) for row in rows)
    assert {row["severity"] for row in rows} <= {"error", "warning", "note"}


def test_the_table_has_a_row_for_each_code() -> None:
    table = explain.markdown(explain.documentation(rules.ALL), config.known_codes())
    rows = table.splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == list(explain.documentation(rules.ALL))
    assert all(row.count("|") == 4 for row in rows)


def test_output_is_a_file(program: Program) -> None:
    assert program("explain", "dates.stale", "-o", "rule.txt").out == ""
    assert Path("rule.txt").read_text().startswith("dates.stale (warning)\n")
