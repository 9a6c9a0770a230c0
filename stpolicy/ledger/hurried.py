"""Connections to PostgreSQL that wait for no answer without end, whatever has become of the server.

The server itself ends what takes long, or waits for a lock; where it is stopped, or gone without a word, the
connection is given up. What may take long, as an upgrade does, has none of these.
"""

from collections.abc import Generator
from time import monotonic
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy.engine import URL

WAIT = 10
"""Seconds: for a free connection, and for a lock of SQLite where its address has no `timeout`."""
CONNECT = 5
"""Seconds: for a new connection to PostgreSQL. One that is given up is followed by a try of another."""
LOCK = 4
"""Seconds: for a lock of PostgreSQL."""
STATEMENT = 5
"""Seconds: for a statement, in the server."""
ANSWER = 6
"""Seconds: for its answer, here."""


def settings(url: URL) -> dict[str, Any]:
    """What is told at connecting. Settings that the address has of its own come last, and count."""
    own = url.query.get("options", "")
    theirs = own if isinstance(own, str) else " ".join(own)
    options = f"-c lock_timeout={LOCK}s -c statement_timeout={STATEMENT}s {theirs}".strip()
    return {"connect_timeout": CONNECT, "tcp_user_timeout": WAIT * 1000, "options": options}


class Hurried(psycopg.Connection[Any]):
    """For threads."""

    def wait(self, gen: Any, *args: Any, **named: Any) -> Any:
        """See psycopg; OperationalError where there is no answer in time."""
        return super().wait(_bounded(self, gen), *args, **named)


class HurriedAsync(psycopg.AsyncConnection[Any]):
    """For an event loop. Who listens asks nothing, and waits as long as it likes."""

    async def wait(self, gen: Any, *args: Any, **named: Any) -> Any:
        """See psycopg; OperationalError where there is no answer in time."""
        return await super().wait(_bounded(self, gen), *args, **named)


def _bounded(connection: Hurried | HurriedAsync, asking: Any) -> Generator[Any, Any, Any]:
    """Goes on with what psycopg does whenever its socket is ready, and several times a second in any case."""
    ends = monotonic() + ANSWER
    try:
        wanted = next(asking)
        while True:
            ready = yield wanted
            if monotonic() > ends and connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
                asking.close()
                connection.pgconn.finish()
                raise psycopg.OperationalError(f"no answer within {ANSWER} s")
            wanted = asking.send(ready) or wanted
    except StopIteration as done:
        return done.value
