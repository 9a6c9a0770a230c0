"""How good or bad a thing is, as a page shows it: a sign and a word, never a colour alone."""

from enum import StrEnum

from stpolicy.model.verdict import Status


class Mood(StrEnum):
    """The name is that of the class in the style sheet."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    UNKNOWN = "unknown"
    NOTE = "note"


def mood_of(status: Status) -> Mood:
    """Of a domain, a mail server or a check."""
    if status.failed:
        return Mood.BAD
    return {Status.SUCCESS: Mood.GOOD, Status.WARNING: Mood.WARNING}.get(status, Mood.UNKNOWN)


WORDS = {
    Mood.GOOD: "passed",
    Mood.WARNING: "needs attention",
    Mood.BAD: "failed",
    Mood.UNKNOWN: "not known",
    Mood.NOTE: "worth knowing",
}
