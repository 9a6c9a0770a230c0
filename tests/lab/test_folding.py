"""Which row a mail gets whose recipient is typed with letters that Postfix folds to others."""

from pathlib import Path

import pytest

from stpolicy.model.names import canonical
from stpolicy.model.policy import Mode, Policy
from stpolicy.render import postfix
from stpolicy.suffixes import PublicSuffixes
from tests.lab.room import Lab, at, mx

NEVER = "secure match=mx.other.net"
SHARP, OTHER = at("straße"), at("strasse")


@pytest.fixture
def sharp(lab: Lab) -> str:
    """The domain with a sharp s, whose mail server has a good certificate."""
    lab.domain(canonical(SHARP), mx("one"))
    return SHARP


def test_the_row_of_another_domain_is_found(lab: Lab, sharp: str) -> None:
    """And no table could have a row that is found for this one alone."""
    lab.policy(f"{OTHER} {NEVER}")
    assert lab.deliver(f"u@{sharp}").status == "deferred"
    assert lab.deliver(f"u@{canonical(sharp)}").status == "sent"


def test_a_table_of_patterns_parts_the_two(lab: Lab, sharp: str, tmp_path: Path) -> None:
    """What USAGE.md tells a site to do, word for word: keys are not folded for it."""
    patterns = tmp_path / "sharp"
    patterns.write_text(f"/^{sharp.replace('.', '[.]')}$/ {NEVER}\n", encoding="utf-8")
    lab.main_cf(smtp_tls_policy_maps=f"regexp:{patterns}, {lab.table}")
    lab.policy(f"{OTHER} secure match={mx('one')}")
    assert lab.deliver(f"u@{sharp}").status == "deferred"
    lab.main_cf()
    assert lab.deliver(f"u@{sharp}").verified


@pytest.mark.parametrize("letter", ["ΐ", "ǰ"])
def test_a_row_is_found_that_folding_leaves_to_its_domain(letter: str, lab: Lab) -> None:
    name = lab.domain(canonical(at(f"a{letter}b")), mx("one"))
    typed = at(f"a{letter}b")
    lab.policy(*postfix.rows(name, Policy(Mode.ENFORCE, ("mx.other.net",)), PublicSuffixes()))
    assert [lab.deliver(f"u@{key}").status for key in (name, typed)] == ["deferred", "deferred"]
