"""init: templates to the files of a repository."""

from datetime import datetime
from pathlib import Path

import pytest

from stpolicy import resources, store
from stpolicy.document.list import load
from stpolicy.errors import Refused
from stpolicy.flows.init import FILES, LIFE, init


def start(folder: Path, now: datetime) -> list[Path]:
    return init(folder, now=now, templates=resources.templates(), version="1.2.3")


def test_the_first_list_is_dated_by_the_given_time(tmp_path: Path, now: datetime) -> None:
    first = start(tmp_path / "new" / "list", now)[0]
    policies = load(first.read_bytes(), first.name)
    assert policies.entries == ()
    assert str(policies.timestamp) == "2026-11-01T12:00:00Z"
    assert policies.expires.instant - policies.timestamp.instant == LIFE


def test_no_placeholder_is_left(tmp_path: Path, now: datetime) -> None:
    text = "".join(path.read_text() for path in start(tmp_path, now))
    assert "<<" not in text
    assert ">>" not in text.replace('>> "$GITHUB_STEP_SUMMARY"', "")
    assert "stpolicy==1.2.3" in text


def test_a_second_start_is_refused(tmp_path: Path, now: datetime) -> None:
    start(tmp_path, now)
    with pytest.raises(Refused, match=r"policy\.json"):
        start(tmp_path, now)


@pytest.mark.parametrize("nth", range(len(FILES) + 1))
def test_a_failure_leaves_none_of_the_files(
    tmp_path: Path, now: datetime, nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store.write
    written: list[Path] = []

    def failing(path: Path, data: bytes) -> None:
        if len(written) == nth:
            raise OSError(28, "No space left on device")
        written.append(path)
        real(path, data)

    monkeypatch.setattr(store, "write", failing)
    with pytest.raises(OSError, match="space"):
        start(tmp_path, now)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
