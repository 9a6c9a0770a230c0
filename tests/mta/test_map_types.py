"""Which type of table a new map has, by what a Postfix knows and by its own default."""

from pathlib import Path

import pytest

from stpolicy.errors import StpolicyError
from stpolicy.mta.maps import best_type
from stpolicy.mta.postfix import Postfix
from tests.mta.test_postfix import tool


def _postfix(folder: Path, types: str, default: str, monkeypatch: pytest.MonkeyPatch) -> Postfix:
    """One whose packages are others than those of the Postfix that is here."""
    answers = f"-m) echo '{types}' ;;\n-x) echo 'default_database_type = {default}' ;;"
    tool(folder, "postconf", f'case "$1" in\n{answers}\nesac')
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return Postfix()


@pytest.mark.parametrize(
    ("types", "default", "best"),
    [
        ("cdb hash lmdb texthash", "cdb", "cdb"),
        ("cdb hash lmdb texthash", "lmdb", "lmdb"),
        ("cdb hash lmdb texthash", "hash", "lmdb"),
        ("cdb hash texthash", "hash", "cdb"),
        ("hash lmdb texthash", "cdb", "lmdb"),
        ("cdb hash texthash", "lmdb", "cdb"),
        ("hash texthash", "hash", "hash"),
        ("texthash", "hash", "texthash"),
    ],
)
def test_the_best_type(
    types: str, default: str, best: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """lmdb and cdb are switched as a whole; between these two the default of the site decides."""
    assert best_type(_postfix(tmp_path, types, default, monkeypatch)) == best


def test_without_a_type_that_can_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StpolicyError, match="type"):
        best_type(_postfix(tmp_path, "static socketmap", "dbm", monkeypatch))
