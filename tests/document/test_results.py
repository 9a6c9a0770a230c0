"""Domain results that are read again: what was written passes, what is spoilt is refused."""

import copy
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from stpolicy.document import results
from stpolicy.errors import Misuse
from stpolicy.flows.asked import Asked, answers
from stpolicy.flows.check import result
from stpolicy.output import result as text
from tests.lists import NOW
from tests.observations import GOOD
from tests.rules.server_cases import CASES

JUNK: tuple[object, ...] = (None, 7, -1, True, "x", [], {}, [{}], [7], {"x": 7})


def written(name: str) -> dict[str, Any]:
    """The result of a case of the rules, with what `--mx` adds."""
    observed = CASES[name][1]
    asked = Asked(observed.patterns, observed.entry, tried=True)
    found = result(observed.seen, asked, now=NOW, connected=True)
    whole: dict[str, Any] = json.loads(json.dumps(found))
    return whole


def use(found: dict[str, Any]) -> None:
    """Everything that is done with a result that was written earlier."""
    line = json.dumps(found).encode() + b"\n"
    for _, known in results.known([line], "run.ndjson"):
        answers(known, Asked(GOOD.patterns))
        text.text([known], colour=True)
        text.as_json([known])
        traits = Counter(text.traits(known))
        text.totals(traits)
        text.totals_json(traits)


def spoilt(found: Any) -> Iterator[None]:
    """Takes away or replaces each value in turn, while it is looked at."""
    for key in list(found) if isinstance(found, dict) else range(len(found)):
        value = found[key]
        for junk in JUNK:
            found[key] = junk
            yield
        if isinstance(found, dict):
            del found[key]
            yield
        found[key] = value
        if isinstance(value, dict | list):
            yield from spoilt(value)


@pytest.mark.parametrize("name", CASES)
def test_what_is_written_is_read(name: str) -> None:
    use(written(name))


@pytest.mark.parametrize("name", ["certificate.name_mismatch", "mx.null", "mta_sts.conflict"])
def test_what_is_spoilt_is_refused_or_does_not_matter(name: str) -> None:
    found = written(name)
    before, refused = copy.deepcopy(found), 0
    for _ in spoilt(found):
        try:
            use(found)
        except Misuse:
            refused += 1
    assert found == before
    assert refused > 50
