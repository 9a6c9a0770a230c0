"""Statistics as numbers to draw and to read: bars for each day, and shares of all domains."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from stpolicy.model.verdict import Status
from stpolicy.web.statistics import DAYS
from stpolicy.web.told.moods import WORDS, Mood, mood_of

HEIGHT, STEP, BAR = 160.0, 8.0, 6.0
"""Units of the drawing: how high it is, from one day to the next, and how wide a bar is."""
_STACK = (Mood.BAD, Mood.UNKNOWN, Mood.WARNING, Mood.GOOD)
"""From the top."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a bar, from its upper edge."""

    mood: Mood
    x: float
    y: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Day:
    """A row of the table: a count for each status, in the order of `Chart.statuses`."""

    day: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """How many of all domains have something. `width` is in hundredths."""

    name: str
    count: int
    width: float


@dataclass(frozen=True, slots=True)
class Chart:
    """All that the page of statistics shows."""

    pieces: tuple[Piece, ...]
    legend: tuple[tuple[Mood, str], ...]
    first: str
    last: str
    most: int
    """Scans of the day that had most."""
    scans: int
    statuses: tuple[str, ...]
    days: tuple[Day, ...]
    domains: int
    shares: tuple[Share, ...]

    @property
    def width(self) -> float:
        """Of the drawing."""
        return DAYS * STEP


def chart(found: Mapping[str, Any], now: datetime) -> Chart:
    """From what /api/stats answers."""
    counts: dict[str, Mapping[str, int]] = {one["day"]: one["statuses"] for one in found["days"]}
    days = [f"{now - timedelta(days=back):%Y-%m-%d}" for back in reversed(range(DAYS))]
    sums = {day: sum(counts.get(day, {}).values()) for day in days}
    most = max(sums.values())
    pieces = [
        piece
        for place, day in enumerate(days)
        for piece in _pieces(day, counts.get(day, {}), place * STEP, max(most, 1))
    ]
    return Chart(
        tuple(pieces),
        tuple((mood, WORDS[mood]) for mood in reversed(_STACK)),
        days[0],
        days[-1],
        most,
        sum(sums.values()),
        tuple(status.text for status in Status),
        tuple(_row(day, counts[day]) for day in reversed(days) if day in counts),
        found["adoption"]["domains"],
        tuple(_shares(found["adoption"])),
    )


def _pieces(day: str, counts: Mapping[str, int], x: float, most: int) -> Iterator[Piece]:
    by_mood = {
        mood: sum(counts.get(one.text, 0) for one in Status if mood_of(one) is mood) for mood in _STACK
    }
    y = HEIGHT * (1 - sum(by_mood.values()) / most)
    for mood, count in by_mood.items():
        if count:
            height = HEIGHT * count / most
            yield Piece(mood, x, round(y, 2), round(height, 2), f"{day}: {count} {WORDS[mood]}")
            y += height


def _row(day: str, counts: Mapping[str, int]) -> Day:
    return Day(day, tuple(counts.get(status.text, 0) for status in Status))


def _shares(adoption: Mapping[str, int]) -> Iterator[Share]:
    for name, key in (
        ("Passed, some with warnings", "passing"),
        ("With MTA-STS", "mta_sts"),
        ("With DANE", "dane"),
    ):
        count, domains = adoption[key], adoption["domains"]
        yield Share(name, count, round(100 * count / domains, 1) if domains else 0.0)
