"""The shape of the database, brought up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, func, select

from stpolicy.errors import StpolicyError

_HOME = Path(__file__).with_name("migrations")
_LOCK = 0x73747001
"""Of PostgreSQL, for two that upgrade at once."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HOME).replace("%", "%%"))
    return config


def newest() -> str:
    """The revision that this version of ours needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise AssertionError
    return head


def revision(engine: Engine) -> str | None:
    """The revision of a database; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine) -> None:
    """Brings a database up to date, in one transaction: all of it or nothing.

    StpolicyError for one that a later version of ours has changed.
    """
    config = _config()
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # SQLite lets only one begin to write
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        there = MigrationContext.configure(connection).get_current_revision()
        if there and there not in known:
            raise StpolicyError(
                f"the tables of the database are those of a later version ({there})",
                "upgrade stpolicy here too",
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
