"""show: what a list says of one domain."""

from datetime import datetime, timedelta

import pytest

from stpolicy.flows.show import show
from stpolicy.model.file import File
from stpolicy.model.policy import Mode
from stpolicy.model.shown import Shown
from tests import lists

ENFORCE = {"mode": "enforce", "mxs": ["mx.example.com"]}
LIST = File(
    "list.json",
    lists.data(
        {
            "own.example.com": ENFORCE,
            "alias.example.com": {"policy-alias": "a"},
            "chained.example.com": {"policy-alias": "b"},
            "dangling.example.com": {"policy-alias": "nowhere"},
            "quiet.example.com": lists.ONE_HOST,
        },
        {"a": ENFORCE, "b": {"policy-alias": "a"}},
    ),
)


def shown(domain: str, now: datetime) -> Shown:
    return show(LIST, domain, now=now, largest=1 << 20)


@pytest.mark.parametrize(
    ("domain", "listed", "alias", "mode", "lines"),
    [
        ("own.example.com", True, None, Mode.ENFORCE, 1),
        ("OWN.example.com.", True, None, Mode.ENFORCE, 1),
        ("alias.example.com", True, "a", Mode.ENFORCE, 1),
        ("chained.example.com", True, "b", None, 0),
        ("dangling.example.com", True, "nowhere", None, 0),
        ("quiet.example.com", True, None, Mode.TESTING, 0),
        ("sub.own.example.com", False, None, None, 0),
        ("example.com", False, None, None, 0),
    ],
)
def test_show(
    now: datetime, domain: str, listed: bool, alias: str | None, mode: Mode | None, lines: int
) -> None:
    found = shown(domain, now)
    assert (found.listed, found.alias, found.line.count("\n")) == (listed, alias, lines)
    assert (found.policy.mode if found.policy else None) == mode


@pytest.mark.parametrize(("days", "expired"), [(0, False), (13, False), (14, True)])
def test_expired(now: datetime, days: int, expired: bool) -> None:
    midnight = now.replace(hour=0)
    assert shown("own.example.com", midnight + timedelta(days=days)).expired == expired
