"""One database: its tables, and transactions in it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from stpolicy.ledger import schema
from stpolicy.ledger.engine import READS, is_shared, opened, told


class Database:
    """Unavailable is raised by every call when it does not answer."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.shared = is_shared(url)
        self._engine = opened(url)
        self._reads = self._engine.execution_options(**{READS: True})

    def upgrade(self) -> None:
        """Brings its tables up to date, however long that takes."""
        engine = opened(self.url, hurried=False)
        try:
            with told(self.url):
                schema.upgrade(engine)
        finally:
            engine.dispose()

    @property
    def is_current(self) -> bool:
        """Whether its tables are those that this version needs."""
        with told(self.url):
            return schema.revision(self._reads) == schema.newest()

    def close(self) -> None:
        """Lets go of all connections."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads."""
        with told(self.url), self._reads.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction."""
        with told(self.url), self._engine.begin() as connection:
            yield connection
