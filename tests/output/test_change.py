"""Differences as a reviewer reads them."""

import json
import re

from stpolicy.model.change import Change, FieldChange, Kind
from stpolicy.output import change as output
from tests.lists import enforce, in_testing

OLD, NEW = enforce("mx.a.com"), in_testing("mx.b.com")
CHANGES = [
    Change("a.com", Kind.REMOVED, OLD, None),
    Change("bb.com", Kind.WEAKENED, OLD, NEW),
    Change("c.com", Kind.REPLACED, OLD, NEW),
    Change("d.com", Kind.WIDENED, OLD, NEW, (".x.com", "y.com")),
    Change("e.com", Kind.NARROWED, OLD, NEW, ("z.com",)),
    Change("f.com", Kind.STRENGTHENED, NEW, OLD),
    Change("g.com", Kind.ADDED, None, NEW),
]
FIELDS = [FieldChange("author", "", "somebody"), FieldChange("expires", "x", "")]


def test_text() -> None:
    assert output.text(CHANGES, FIELDS).splitlines() == [
        "removed       a.com   was enforce: mx.a.com",
        "weakened      bb.com  enforce -> testing",
        "replaced      c.com   mx.a.com -> mx.b.com",
        "widened       d.com   now also .x.com, y.com",
        "narrowed      e.com   no longer z.com",
        "strengthened  f.com   testing -> enforce",
        "added         g.com   testing: mx.b.com",
        "author: (none) -> somebody",
        "expires: x -> (none)",
    ]


def test_colour_marks_the_kind_alone() -> None:
    coloured = output.text(CHANGES, FIELDS, colour=True)
    assert re.sub(r"\x1b\[\d*m", "", coloured) == output.text(CHANGES, FIELDS)
    assert coloured.startswith("\x1b[31mremoved     \x1b[0m  a.com")


def test_summary() -> None:
    assert (
        output.summary(CHANGES[:2] + CHANGES[:1], FIELDS) == "2 removed, 1 weakened, author, expires edited"
    )
    assert output.summary([], []) == "no difference"


def test_markdown_has_two_tables() -> None:
    lines = output.markdown(CHANGES[:1], FIELDS).splitlines()
    assert lines == [
        "| change | domain | detail |",
        "| --- | --- | --- |",
        "| **removed** | a.com | was enforce: mx.a.com |",
        "",
        "| field | before | after |",
        "| --- | --- | --- |",
        "| author | (none) | somebody |",
        "| expires | x | (none) |",
    ]
    assert output.markdown([], FIELDS).splitlines() == lines[4:]


def test_json_of_nothing() -> None:
    document = json.loads(output.as_json([], []))
    assert document["changes"] == document["fields"] == []
    assert set(document["summary"].values()) == {0}


def test_hostile_names_are_escaped() -> None:
    hostile = [Change("\x1b[31m\u202e", Kind.REMOVED, enforce("\x9b"), None)]
    for text in (output.text(hostile, []), output.markdown(hostile, []), output.as_json(hostile, [])):
        assert text.replace("\n", "").isprintable()
