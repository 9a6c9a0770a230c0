"""What a list says of one domain, in text."""

from dataclasses import replace

import pytest

from stpolicy.model.names import canonical
from stpolicy.model.shown import Shown
from stpolicy.output import show
from tests.lists import enforce, in_testing, policy_list

FOUND = Shown(canonical("a.com"), True, None, enforce("mx.a.com"), policy_list({}), False, "a.com x\n")


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (FOUND, "domain:   a.com"),
        (FOUND, "mode:     enforce"),
        (FOUND, "postfix:  a.com x"),
        (FOUND, "in force: until 2026-11-15T00:00:00Z"),
        (replace(FOUND, expired=True), "in force: not in force since 2026-11-15T00:00:00Z"),
        (replace(FOUND, alias="x"), "alias:    x"),
        (replace(FOUND, alias="x", policy=None, line=""), "policy:   none: the alias is not defined"),
        (replace(FOUND, policy=None, line=""), "postfix:  no entry"),
        (
            replace(FOUND, policy=in_testing("mx.a.com"), line=""),
            "postfix:  no entry while the mode is testing",
        ),
        (replace(FOUND, listed=False), "a.com: not listed"),
        (replace(FOUND, domain=canonical("\x1b.com"), listed=False), "\\x1b.com: not listed"),
        (replace(FOUND, line="a b\nc d\n"), "postfix:  c d"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_text(found: Shown, line: str) -> None:
    assert line in show.text(found).splitlines()
