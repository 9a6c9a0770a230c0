"""The tables: made by the migrations as the code names them, in order, by whoever is first."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from stpolicy.errors import Misuse, StpolicyError, Unavailable
from stpolicy.ledger import Ledger, address, schema
from stpolicy.ledger.engine import opened
from stpolicy.ledger.tables import metadata
from stpolicy.model.names import Domain
from tests.lists import NOW
from tests.program import Program


def test_migrations_make_the_tables_that_the_code_names(database: str) -> None:
    engine = opened(address(database))

    def ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
        return kind != "table" or not str(name).startswith("procrastinate")

    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_object": ours}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    engine.dispose()


def test_what_is_current_stays_as_it_is(empty: str, program: Program) -> None:
    first = program("db", "upgrade", "--database", empty)
    assert (first.code, first.err) == (0, "the tables are up to date now\n")
    ledger = Ledger(address(empty))
    assert ledger.is_current
    ledger.submit(Domain("one.org"), "one", NOW, most=1)
    second = program("db", "upgrade", "--database", empty)
    assert (second.code, second.err) == (0, "the tables were up to date\n")
    assert ledger.scan("one")
    ledger.close()


def test_of_two_that_upgrade_at_once_both_succeed(empty: str) -> None:
    ledgers = [Ledger(address(empty)) for _ in range(4)]
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(ledger.upgrade) for ledger in ledgers]:
            done.result(60)
    assert all(ledger.is_current for ledger in ledgers)
    for ledger in ledgers:
        ledger.close()


def test_tables_of_a_later_version_are_not_touched(database: str, program: Program) -> None:
    engine = opened(address(database))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    ran = program("db", "upgrade", "--database", database)
    assert ran.code == 3
    assert "later version" in ran.err
    ledger = Ledger(address(database))
    assert not ledger.is_current
    with pytest.raises(StpolicyError, match="later version"):
        ledger.upgrade()
    ledger.close()


def test_an_upgrade_that_fails_leaves_nothing(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it or nothing, on SQLite too."""
    url = address(empty)
    engine = opened(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE hits (other INTEGER)"))  # the last of our tables
    ledger = Ledger(url)
    with pytest.raises(Unavailable):
        ledger.upgrade()
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE hits"))
    ledger.upgrade()  # begins from nothing
    assert ledger.is_current
    ledger.close()
    engine.dispose()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "scans.db",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://localhost/scans",
        "postgresql://localhost/scans",
        "postgresql+psycopg://localhost",
        "sqlite+aiosqlite:///scans.db",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(Misuse):
        address(url)


def test_a_password_is_never_said(tmp_path: Path) -> None:
    ledger = Ledger(address(f"postgresql+psycopg://me:sesame@/scans?host={tmp_path}"))
    with pytest.raises(Unavailable) as said:
        ledger.counts()
    assert "sesame" not in str(said.value)
    assert str(tmp_path) in str(said.value)


def test_a_file_that_is_no_database_does_not_answer(tmp_path: Path) -> None:
    path = tmp_path / "scans.db"
    path.write_text("no database " * 1000)
    ledger = Ledger(address(f"sqlite:///{path}"))
    for call in (ledger.upgrade, ledger.counts, lambda: ledger.is_current):
        with pytest.raises(Unavailable):
            call()
    ledger.close()
    assert schema.newest()
