"""`stpolicy check` over the whole table: each domain has exactly the status and the codes of its row."""

import pytest

from tests.minternet.clients import Found
from tests.minternet.personalities import ROWS
from tests.minternet.row import Row


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])
def test_every_domain_is_what_its_row_says(found: Found, row: Row) -> None:
    result = found[row.domain]
    codes = {finding["code"] for finding in result["findings"]}
    assert (result["status"], codes) == (row.status, set(row.codes))
