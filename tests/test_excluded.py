"""Domains that asked `serve` not to look at them: the file is read again when it changes."""

import logging
import os
from pathlib import Path

import pytest

from stpolicy.errors import Misuse
from stpolicy.web.excluded import Excluded


def written(path: Path, text: str, age: int) -> None:
    """Writes the file, which is then so many seconds old."""
    path.write_text(text)
    os.utime(path, (1_790_000_000 - age,) * 2)


def test_a_change_counts_and_one_that_is_no_list_of_domains_leaves_it_as_it_was(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "no-scan"
    written(file, "a.example.com\n", 30)
    excluded = Excluded(file)
    assert excluded.domains() == {"a.example.com"}
    written(file, "a.example.com\nb.example.com\n", 20)
    assert excluded.domains() == {"a.example.com", "b.example.com"}
    written(file, "c.example.com, by mail\n", 10)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert excluded.domains() == {"a.example.com", "b.example.com"}
    assert [f"{file}:1:" in record.getMessage() for record in caplog.records] == [True]
    written(file, "c.example.com\n", 0)
    assert excluded.domains() == {"c.example.com"}


def test_it_does_not_begin_with_a_line_that_would_do_nothing(tmp_path: Path) -> None:
    (tmp_path / "no-scan").write_text("*.example.com\n")
    with pytest.raises(Misuse):
        Excluded(tmp_path / "no-scan")
