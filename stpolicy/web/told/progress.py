"""How far a scan is, in words."""

from dataclasses import dataclass

from stpolicy.model.names import to_unicode
from stpolicy.model.scanned import Part, Scan, State


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is looked at."""

    name: str
    done: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `of` steps; both are 0 while nobody knows how many there are."""

    unicode: str
    sentence: str
    done: int
    of: int
    steps: tuple[Step, ...]


def progress(scan: Scan) -> Progress:
    """Of a scan that is not over."""
    steps = tuple(Step(name, part is Part.SEEN) for name, part in scan.progress.items())
    done = sum(step.done for step in steps)
    return Progress(to_unicode(scan.domain), _sentence(scan, done, len(steps)), done, len(steps), steps)


def _sentence(scan: Scan, done: int, of: int) -> str:
    if scan.state is State.QUEUED:
        return "Waiting for its turn."
    if not of:
        return "Asking DNS for the mail servers."
    return f"{done} of {of} looked at."
