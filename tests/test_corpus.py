"""Real lists: nine releases of the list that the EFF kept from 2018 to 2020.

They are no part of this project. STPOLICY_CORPUS names the folder that holds them; without it nothing
is tested here.
"""

import json
import os
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from stpolicy.document import shape
from stpolicy.document.list import parse
from stpolicy.flows.validate import validate
from stpolicy.model.file import File
from stpolicy.model.finding import Severity, Suffixes
from stpolicy.model.policy import Mode, Policy

CORPUS = os.environ.get("STPOLICY_CORPUS")
if not CORPUS:
    pytest.skip("STPOLICY_CORPUS names no folder of real lists", allow_module_level=True)

EFF = Path(CORPUS) / "eff"
EXPECTED: dict[str, dict[str, Any]] = json.loads((EFF / "expected.json").read_bytes())
releases = pytest.mark.parametrize("release", sorted(EXPECTED))


@cache
def _data(release: str) -> bytes:
    return (EFF / release / "policy.json").read_bytes()


def _an_hour_after(timestamp: str) -> datetime:
    return datetime.fromisoformat(timestamp) + timedelta(hours=1)


@releases
def test_errors(release: str, suffixes: Suffixes) -> None:
    expected = EXPECTED[release]
    file = File("policy.json", _data(release))
    report = validate(file, now=_an_hour_after(expected["timestamp"]), suffixes=suffixes)
    errors = {finding.code for finding in report.findings if finding.severity is Severity.ERROR}
    assert sorted(errors) == sorted(expected["validate_errors"])


@releases
def test_content(release: str) -> None:
    expected = EXPECTED[release]
    policies = parse(_data(release), "policy.json").policies
    assert policies is not None
    assert policies.timestamp.written == expected["timestamp"]
    assert policies.expires.written == expected["expires"]
    assert len(policies.by_domain) == expected["policies"]
    assert len(policies.aliases) == expected["aliases"]
    enforced = [
        entry
        for entry in policies.entries
        if isinstance(entry.policy, Policy) and entry.policy.mode is Mode.ENFORCE
    ]
    assert len(enforced) == expected["enforce"]
    assert all(policies.policy_for(entry.name) for entry in policies.entries)


@releases
def test_what_has_no_errors_fits_the_schema(release: str) -> None:
    value = json.loads(_data(release))
    errors = EXPECTED[release]["validate_errors"]
    assert shape.fits(value) is ("document.unknown_field" not in errors)
    assert bool(shape.misfits(value)) is ("document.unknown_field" in errors)


@releases
def test_every_finding_has_a_place(release: str, suffixes: Suffixes) -> None:
    now = _an_hour_after(EXPECTED[release]["timestamp"])
    lines = _data(release).decode().split("\n")
    for finding in validate(File("p", _data(release)), now=now, suffixes=suffixes).findings:
        assert finding.line
        assert finding.column
        here = lines[finding.line - 1][finding.column - 1 :]
        assert here.startswith('"')
        if finding.where and finding.code.startswith("policies."):
            assert here.startswith(f'"{finding.where}"')


@pytest.mark.parametrize(
    ("old", "new"),
    list(pairwise(release for release in sorted(EXPECTED) if not EXPECTED[release]["validate_errors"])),
)
def test_history_of_one_release_to_the_next(old: str, new: str, suffixes: Suffixes) -> None:
    """Only well-formed releases can be a previous list."""
    report = validate(
        File("policy.json", _data(new)),
        now=_an_hour_after(EXPECTED[new]["timestamp"]),
        suffixes=suffixes,
        previous=File("previous.json", _data(old)),
    )
    assert not report.failed
    assert "history.dates_edited" in {finding.code for finding in report.findings}
