"""The documentation of the rules, for their pages: the same text that `stpolicy explain` prints."""

from dataclasses import dataclass
from functools import cache

from stpolicy import config, rules
from stpolicy.output import explain
from stpolicy.web.told.moods import Mood


@dataclass(frozen=True, slots=True)
class Explained:
    """A code. `summary` is the first line of its documentation, `paragraphs` the rest."""

    code: str
    severity: str
    mood: Mood
    summary: str
    paragraphs: tuple[str, ...]


_MOODS = {"error": Mood.BAD, "warning": Mood.WARNING, "note": Mood.NOTE}


@cache
def explained() -> dict[str, Explained]:
    """By code, in the order in which things are judged."""
    severities = config.known_codes()
    return {
        code: _explained(code, str(severities[code]), doc)
        for code, doc in explain.documentation(rules.ALL).items()
    }


def parts() -> tuple[tuple[str, tuple[Explained, ...]], ...]:
    """All of them under two headings; first those that a page of a result may have."""
    looked = {rule.code for rule in rules.SERVER}
    everything = explained().values()
    return (
        ("What a look at a domain may find", tuple(one for one in everything if one.code in looked)),
        ("What else the tools may find", tuple(one for one in everything if one.code not in looked)),
    )


def _explained(code: str, severity: str, doc: str) -> Explained:
    summary, *paragraphs = (" ".join(part.split()) for part in doc.split("\n\n"))
    return Explained(code, severity, _MOODS[severity], summary, tuple(paragraphs))
