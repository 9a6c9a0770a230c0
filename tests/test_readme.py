"""The parts of README.md that come from the code are up to date."""

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

_ROOT = Path(__file__).parent.parent
README = (_ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    [
        "help",
        "help validate",
        "help sign",
        "help verify",
        "help publish",
        "help setup",
        "help update",
        "help render",
        "help status",
        "help doctor",
        "rules",
    ],
)
def test_readme_has_the_marker(name: str) -> None:
    assert README.count(f"<!-- {name} -->\n") == 1


def test_help_and_rules_in_the_readme_are_those_of_the_code() -> None:
    updated: Callable[[str], str] = runpy.run_path(str(_ROOT / "scripts" / "update_docs.py"))["updated"]
    assert updated(README) == README, "run `make docs`"


def test_what_stands_between_markers_is_replaced_and_nothing_else() -> None:
    updated: Callable[[str], str] = runpy.run_path(str(_ROOT / "scripts" / "update_docs.py"))["updated"]
    text = "a\n<!-- rules -->\nold\n<!-- /rules -->\nb\n<!-- help keys new -->\nold\n<!-- /help -->\nc\n"
    after = updated(text)
    assert after.startswith("a\n<!-- rules -->\n| code | severity | says |\n")
    assert "Usage: stpolicy keys new" in after
    assert "old" not in after.split()
    assert after.endswith("```\n<!-- /help -->\nc\n")
