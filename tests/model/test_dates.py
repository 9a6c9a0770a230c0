"""Dates are kept as written and compared exactly."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stpolicy.model.dates import Date, Instant, instant
from tests import lists

NOON = 1793534400  # 2026-11-01T12:00:00Z


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("2026-11-01T12:00:00Z", Instant(NOON), id="UTC"),
        pytest.param("2026-11-01t12:00:00z", Instant(NOON), id="lower case"),
        pytest.param("2026-11-01T12:00:00+00:00", Instant(NOON), id="+00:00"),
        pytest.param("2026-11-01T12:00:00-00:00", Instant(NOON), id="-00:00"),
        pytest.param("2026-11-01T14:00:00+02:00", Instant(NOON), id="east"),
        pytest.param("2026-11-01T04:00:00-08:00", Instant(NOON), id="west"),
        pytest.param("2026-11-02T02:00:00+14:00", Instant(NOON), id="+14:00"),
        pytest.param("2026-11-01T12:00:00.000Z", Instant(NOON), id="zero fraction"),
        pytest.param("2026-11-01T12:00:00.250Z", Instant(NOON, "25"), id="fraction"),
        pytest.param("2026-11-01T12:00:00." + "1" * 5000 + "Z", Instant(NOON, "1" * 5000), id="5000 digits"),
        pytest.param("1970-01-01T00:00:00Z", Instant(0), id="epoch"),
        pytest.param("1969-12-31T23:59:59.5Z", Instant(-1, "5"), id="before the epoch"),
        pytest.param("0001-01-01T00:00:00+14:00", Instant(-62135596800 - 14 * 3600), id="first"),
        pytest.param("9999-12-31T23:59:59-14:00", Instant(253402300799 + 14 * 3600), id="last"),
        pytest.param(0, Instant(0), id="epoch seconds 0"),
        pytest.param(NOON, Instant(NOON), id="epoch seconds"),
        pytest.param(float(NOON), Instant(NOON), id="whole float"),
        pytest.param(2**53, Instant(2**53), id="2^53"),
    ],
)
def test_read(written: str | float, expected: Instant) -> None:
    date = Date.read(written)
    assert date.instant == expected
    assert date.written == written
    assert str(date) == str(written)


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("2026-11-01T12:00:00", id="naive"),
        pytest.param("2026-11-01 12:00:00Z", id="space"),
        pytest.param("2026-11-01", id="day"),
        pytest.param("2026-11-01T12:00Z", id="no seconds"),
        pytest.param("2026-11-01T12:00:00+0000", id="+0000"),
        pytest.param("2026-11-01T12:00:00+00", id="+00"),
        pytest.param("2026-11-01T12:00:00+19:59", id="+19:59"),
        pytest.param("2026-11-01T12:00:00+14:01", id="+14:01"),
        pytest.param("2026-11-01T12:00:00-12:60", id="60 minutes of offset"),
        pytest.param("2026-11-01T12:00:00 GMT", id="zone by name"),
        pytest.param("2026-11-01T12:00:00ZZZZ", id="ZZZZ"),
        pytest.param("2026-11-01T12:00:60Z", id=":60"),
        pytest.param("2026-11-01T12:60:00Z", id="60 minutes"),
        pytest.param("2026-11-01T24:00:00Z", id="24:00"),
        pytest.param("2026-02-29T12:00:00Z", id="no leap year"),
        pytest.param("2026-13-01T12:00:00Z", id="month 13"),
        pytest.param("0000-01-01T12:00:00Z", id="year 0"),
        pytest.param("12026-01-01T12:00:00Z", id="year 12026"),
        pytest.param("2026-11-01T12:00:00.Z", id="no digits after the point"),
        pytest.param("2026-11-01T12:00:00,5Z", id="comma"),
        pytest.param("2026-11-01T12:00:00Z\n", id="line feed"),
        pytest.param(" 2026-11-01T12:00:00Z", id="space first"),
        pytest.param("٢٠٢٦-١١-٠١T١٢:٠٠:٠٠Z", id="Arabic-Indic digits"),
        pytest.param("2026-11-01T12:00:00.٥Z", id="Arabic-Indic fraction"),
        pytest.param("2026-W44-7T12:00:00Z", id="week date"),
        pytest.param("12/11/2030", id="slashes"),
        pytest.param("1", id="digit"),
        pytest.param("1793534400", id="epoch seconds as text"),
        pytest.param("", id="empty"),
        pytest.param(-1, id="negative"),
        pytest.param(2**53 + 1, id="beyond 2^53"),
        pytest.param(10**30, id="10^30"),
        pytest.param(10**4000, id="10^4000"),
        pytest.param(1.5, id="part of a second"),
        pytest.param(1e300, id="1e300"),
        pytest.param(float("inf"), id="infinity"),
        pytest.param(float("nan"), id="NaN"),
        pytest.param(True, id="true"),
        pytest.param(False, id="false"),
        pytest.param(None, id="null"),
        pytest.param(["2026-11-01T12:00:00Z"], id="array"),
    ],
)
def test_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Date.read(written)


ASCENDING = [
    "2018-07-30T08:44:05.939354869-07:00",
    "2018-07-30T08:44:05.93935487-07:00",
    "2018-07-30T08:44:05.9393548701-07:00",
    "2018-07-30T08:44:05.94-07:00",
    "2018-07-30T08:44:06-07:00",
    "2018-07-30T08:44:06.000000000000000000001-07:00",
    1532965447,
    "2018-07-30T17:44:07.5+02:00",
]


@pytest.mark.parametrize(("earlier", "later"), list(pairwise(ASCENDING)))
def test_order(earlier: str | int, later: str | int) -> None:
    first, second = Date.read(earlier).instant, Date.read(later).instant
    assert first < second
    assert second > first
    assert first != second


def test_two_dates_that_datetime_calls_equal() -> None:
    one, other = "2018-11-26T09:43:25.734784841-08:00", "2018-11-26T09:43:25.734784842-08:00"
    assert datetime.fromisoformat(one) == datetime.fromisoformat(other)
    assert Date.read(one).instant < Date.read(other).instant


def test_spellings_of_one_moment_are_equal_moments_and_different_dates() -> None:
    one, other = Date.read("2026-11-01T12:00:00.50Z"), Date.read("2026-11-01T13:00:00.5+01:00")
    assert one.instant == other.instant
    assert one != other


@settings(deadline=None, max_examples=100)
@given(st.datetimes(datetime(1000, 1, 1), datetime(9000, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001
def test_a_datetime_and_its_text_are_one_instant(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert Date.read(moment.isoformat()).instant == instant(moment)


@settings(deadline=None, max_examples=100)
@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_order_is_that_of_time(one: datetime, other: datetime) -> None:
    assert (instant(one) < instant(other)) is (one < other)
    assert (instant(one) == instant(other)) is (one == other)


@settings(deadline=None, max_examples=100)
@given(lists.written_dates)
def test_what_bump_writes_is_read_as_the_whole_second(written: str | float) -> None:
    whole = Date.at(Date.read(written).instant)
    if isinstance(whole.written, str) and whole.written.endswith("Z"):
        assert Date.read(whole.written) == whole
    assert whole.instant.fraction == ""


def test_text_of_an_instant() -> None:
    assert str(Instant(NOON, "5")) == "2026-11-01T12:00:00Z"
    assert str(2**53) in str(Instant(2**53))


def test_arithmetic() -> None:
    later = Instant(NOON, "25") + timedelta(days=1)
    assert later == Instant(NOON + 86400, "25")
    assert later - Instant(NOON) == timedelta(days=1)
    assert Instant(NOON) - later == timedelta(days=-1)


def test_instants_further_apart_than_a_timedelta_reaches() -> None:
    assert Instant(2**53) - Instant(0) > timedelta(days=900_000_000)
    assert Instant(0) - Instant(2**53) < timedelta(days=-900_000_000)
