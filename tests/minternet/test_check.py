"""`stpolicy check` over the whole table: each domain has exactly the status and the codes of its row."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.minternet.personalities import ROWS, policy_list
from tests.minternet.row import Row
from tests.minternet.world import World

Found = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def found(internet: World, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The domain results, from one run."""
    path = tmp_path_factory.mktemp("list") / "policy.json"
    path.write_text(json.dumps(policy_list()))
    ran = internet.run([*command(internet, path), "--format", "ndjson"])
    assert ran.returncode == 1, ran.stderr
    results = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(results) == len(ROWS)
    return {result["domain"]: result for result in results}


def command(internet: World, path: Path) -> list[str | Path]:
    """`check` of a list, with the resolver and the root of the mini-internet."""
    checking = [sys.executable, "-m", "stpolicy", "check", path, "--resolver", "127.0.0.1"]
    return [*checking, "--ca-file", internet.ca_file, "--helo", "checker.stpolicy-lab.net", "--timeout", "8"]


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])
def test_every_domain_is_what_its_row_says(found: Found, row: Row) -> None:
    result = found[row.domain]
    codes = {finding["code"] for finding in result["findings"]}
    assert (result["status"], codes) == (row.status, set(row.codes))
