"""The parts of README.md that come from the code are up to date."""

import re
import runpy
import textwrap
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from stpolicy.cli._command import SHARED_WITH_SCRIPT
from stpolicy.flows import check
from stpolicy.flows.asked import Asked
from stpolicy.model.change import changes
from stpolicy.model.names import MxPattern
from stpolicy.output import change, result
from tests.lists import enforce, in_testing, policy_list
from tests.observations import INTERMEDIATE, NOW, certificate, host, look, mx, named, only, session, tls

_ROOT = Path(__file__).parent.parent
README = (_ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    [
        "help",
        "help validate",
        "help check",
        "help sign",
        "help verify",
        "help publish",
        "help setup",
        "help update",
        "help render",
        "help status",
        "help doctor",
        "help serve",
        "help db upgrade",
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


def test_every_shared_variable_is_in_the_settings() -> None:
    """Each with the option that it stands for."""
    _, _, section = README.partition("## Settings\n")
    listed = dict(re.findall(r"^\| `STPOLICY_([A-Z_]+)` \| `--([a-z-]+)` \|", section, re.MULTILINE))
    assert {name.lower() for name in listed} >= {key.strip("_") for key in SHARED_WITH_SCRIPT}
    assert all(option == name.lower().replace("_", "-") for name, option in listed.items())


def test_the_help_leads_to_the_settings() -> None:
    assert '"Settings" in README.md' in README


def test_the_sample_of_diff_is_what_the_program_prints() -> None:
    policies = {name: in_testing(f"mx.{name}") for name in ("example.net", "example.org", "example.com")}
    old = policy_list({name: enforce(*policy.mxs) for name, policy in policies.items()})
    new = policy_list(
        {"example.org": policies["example.org"], "example.com": enforce("mx.example.com", ".example.org")}
    )
    found = list(changes(old, new))
    shown = f"{change.text(found, [])}{change.summary(found, [])}\n"
    assert textwrap.indent(shown, "    ") in README


def test_the_sample_of_check_is_what_the_program_prints() -> None:
    first, second = "mx1.example.net", "mx2.example.com"
    ending = tls(first, chain=(certificate(first, not_after=NOW + timedelta(days=6)), INTERMEDIATE))
    hosts = (host(first, look(session(tls=ending))), named(second, second))
    domain = replace(only(*hosts).seen, mx=mx(first, second))
    asked = Asked((MxPattern(".example.net"),), tried=True)
    shown = result.text([check.result(domain, asked, now=NOW, connected=True)])
    assert textwrap.indent(shown, "    ") in README
