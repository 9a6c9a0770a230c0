"""The database behind the ledger: SQLite in a file, or PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, SQLAlchemyError

from stpolicy.errors import Misuse, StpolicyError, Unavailable
from stpolicy.ledger.hurried import CONNECT, WAIT, Hurried, settings

POSTGRESQL = "postgresql+psycopg"
READS = "reads"
"""The execution option of a transaction that only reads: it never waits for one that writes."""

MOST = 15
"""Connections at once."""


def address(text: str) -> URL:
    """The address of a database; Misuse for one that is none of ours."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.drivername not in ("sqlite", POSTGRESQL) or not url.database:
        raise Misuse(
            "--database is no address of a database that we know",
            f"write it like sqlite:///scans.db or {POSTGRESQL}://user@host/name",
        )
    if url.drivername == "sqlite" and (url.database == ":memory:" or "uri" in url.query):
        raise Misuse("--database names no file", "write it like sqlite:///scans.db")
    return url


def is_shared(url: URL) -> bool:
    """Whether other machines can use it too."""
    return url.drivername == POSTGRESQL


def file_of(url: URL) -> Path:
    """The file of SQLite, which is made where it is not there; StpolicyError where its folder is not."""
    path = Path(str(url.database))
    if not path.absolute().parent.is_dir():
        raise StpolicyError(f"the folder {path.absolute().parent} is not there", "make it, for --database")
    return path


def opened(url: URL, *, hurried: bool = True) -> Engine:
    """The engine; nothing is connected yet. `hurried`: its calls have an end where a PostgreSQL hangs."""
    if is_shared(url):
        told = settings(url) if hurried else {"connect_timeout": CONNECT}
        engine = create_engine(
            url,
            pool_size=5,
            max_overflow=MOST - 5,
            pool_timeout=WAIT,
            pool_pre_ping=True,
            connect_args=told,
        )
        if hurried:
            event.listen(engine, "do_connect", _connected)
        return engine
    file_of(url)
    wait = {} if "timeout" in url.query else {"timeout": WAIT}
    engine = create_engine(url, pool_size=5, max_overflow=MOST - 5, pool_timeout=WAIT, connect_args=wait)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _connected(_dialect: object, _record: object, args: list[Any], named: dict[str, Any]) -> Hurried:
    return Hurried.connect(*args, **named)


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Who will write says so at once: two that read first and then both want to write would be refused."""
    reads = connection.get_execution_options().get(READS)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextmanager
def told(url: URL) -> Iterator[None]:
    """Says in one sentence that the database does not answer, without its password."""
    try:
        yield
    except (IntegrityError, DataError):  # it answers, and says that the question is wrong
        raise
    except DBAPIError as wrong:
        raise _unavailable(url, str(wrong.orig).partition("\n")[0]) from wrong
    except SQLAlchemyError as wrong:
        raise _unavailable(url, str(wrong).partition("\n")[0]) from wrong


def _unavailable(url: URL, why: str) -> Unavailable:
    return Unavailable(f"the database {url.render_as_string()} does not answer: {why}")
