"""The list that this repository ships: real domains, in testing, validated by no one, unsigned."""

from datetime import timedelta
from pathlib import Path

import pytest

from stpolicy.document.list import load
from stpolicy.flows.edit import fmt
from stpolicy.flows.validate import validate
from stpolicy.model.dates import instant
from stpolicy.model.file import File
from stpolicy.model.finding import Severity
from stpolicy.model.policy import Alias, Mode, PolicyList
from stpolicy.suffixes import PublicSuffixes
from tests import lists

ROOT = Path(__file__).parent.parent
FILE = File("policy.json", (ROOT / "policy.json").read_bytes())


@pytest.fixture(scope="module")
def sample() -> PolicyList:
    return load(FILE.data, FILE.name)


def test_passes_its_own_rules(sample: PolicyList, suffixes: PublicSuffixes) -> None:
    """Judged an hour after its own date, so that it does not turn red because time passes."""
    just_after = lists.NOW + timedelta(
        seconds=sample.timestamp.instant.seconds - instant(lists.NOW).seconds, hours=1
    )
    report = validate(FILE, now=just_after, suffixes=suffixes)
    assert [finding.code for finding in report.findings if finding.severity > Severity.NOTE] == []


def test_is_canonical() -> None:
    assert not fmt(FILE, largest=len(FILE.data)).differs


def test_lists_at_least_forty_real_domains(sample: PolicyList) -> None:
    assert len(sample.entries) >= 40
    assert {"gmail.com", "outlook.com", "yahoo.com", "icloud.com", "gmx.net"} <= set(sample.by_domain)


def test_all_is_testing(sample: PolicyList) -> None:
    modes = {policy.mode for entry in sample.entries if (policy := sample.resolve(entry.policy))}
    assert modes == {Mode.TESTING}


def test_domains_that_share_hosts_share_an_alias(sample: PolicyList) -> None:
    own = [entry.policy for entry in sample.entries if not isinstance(entry.policy, Alias)]
    assert len(own) == len(set(own))
    assert all(count > 1 for count in sample.uses.values())


def test_says_that_nobody_has_validated_it(sample: PolicyList) -> None:
    assert sample.author
    assert "sample" in sample.author.lower()
    assert "validated" in sample.author.lower()


def test_ships_unsigned() -> None:
    assert not list(ROOT.glob("policy.json.*"))
