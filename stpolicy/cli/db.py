"""db upgrade: the tables of the database, as this version needs them."""

from contextlib import closing

from stpolicy.cli import _door, _web
from stpolicy.cli._app import db as app
from stpolicy.cli._command import command


@command(
    app,
    "upgrade",
    group="db",
    example="stpolicy db upgrade --database postgresql+psycopg://stpolicy@db.example.org/scans",
)
def upgrade(database: _web.Database = None, quiet: bool = False) -> int:
    """Bring the tables of the database up to date; what is in them stays.

    SQLite needs it only to look: `serve` does it by itself there.
    """
    _web.need_packages()
    from stpolicy.ledger import Ledger, address

    with closing(Ledger(address(_web.database(database)))) as ledger:
        was = ledger.is_current
        ledger.upgrade()
    _door.say("the tables were up to date" if was else "the tables are up to date now", quiet=quiet)
    return _door.DONE
