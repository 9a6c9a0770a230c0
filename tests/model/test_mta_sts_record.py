"""The TXT record of MTA-STS (RFC 8461 section 3.1)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stpolicy.model.mta_sts import record
from stpolicy.model.txt import Absent

GOOD = "v=STSv1; id=20260101T00;"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (GOOD, "20260101T00"),
        ("v=STSv1;id=a", "a"),
        ("v=STSv1 \t;\t id=a \t;", "a"),
        ("v=STSv1; x=y; id=a; z.1-2_3=!#$", "a"),
        (f"v=STSv1; id={'a' * 32}", "a" * 32),
    ],
)
def test_accepted(text: str, name: str) -> None:
    assert record([text]) == name


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("v=STSv1", id="nothing but the tag"),
        pytest.param("v=STSv1;", id="no field"),
        pytest.param("v=STSv1; x=y", id="no id"),
        pytest.param("v=STSv1; id=", id="empty id"),
        pytest.param(f"v=STSv1; id={'a' * 33}", id="H27 id of 33"),
        pytest.param("v=STSv1; id=a-b", id="H27 hyphen in the id"),
        pytest.param("v=STSv1; id=٣", id="H27 Arabic digit in the id"),
        pytest.param("v=STSv1; id=a\n", id="H27 newline after the id"),
        pytest.param("v=STSv1; id=a; id=b", id="two ids"),
        pytest.param("v=STSv1; ID=a", id="upper case"),
        pytest.param("v=STSv1;; id=a", id="empty field"),
        pytest.param("v=STSv1; id=a;;", id="two semicolons at the end"),
        pytest.param("v=STSv1; id=a b=c", id="no semicolon between"),
        pytest.param("v=STSv1; id=a; " + "x" * 33 + "=y", id="long name"),
        pytest.param("v=STSv1; id=a; x=y z", id="space in a value"),
        pytest.param("v=STSv1; id=a; x=" + "y" * 4000 + "…", id="H7 cut"),
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        record([text])
    assert not isinstance(refused.value, Absent)


@pytest.mark.parametrize(
    "text",
    [
        "v=STSv10; id=1",
        "v=STSv1.0; id=1",
        "v=stsv1; id=1",
        " v=STSv1; id=1",
        "V=STSv1; id=1",
        "v=STSv1, id=1",
        "",
    ],
)
def test_h27_what_only_resembles_a_record_is_none(text: str) -> None:
    with pytest.raises(Absent):
        record([text])
    assert record([text, GOOD]) == "20260101T00"


def test_h7_with_two_records_none_counts() -> None:
    with pytest.raises(ValueError, match="2 times"):
        record([GOOD, "v=STSv1; broken"])


@given(
    st.lists(st.text(max_size=60) | st.text("v=STSid1; \t", max_size=30).map("v=STSv1".__add__), max_size=3)
)
def test_any_texts_give_an_id_or_a_reason(values: list[str]) -> None:
    try:
        found = record(values)
    except ValueError as wrong:
        reason = str(wrong)
    else:
        reason = "-"
        assert re.fullmatch("[A-Za-z0-9]{1,32}", found)
    assert reason.isprintable()
