"""The queue of scans in PostgreSQL, kept by procrastinate: whoever is free takes the next one.

Jobs are found by SKIP LOCKED and LISTEN/NOTIFY. A worker says every few seconds that it lives; the jobs
of one that is gone are taken away.
"""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import psycopg
import psycopg_pool
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from sqlalchemy.engine import URL

from stpolicy.errors import Unavailable
from stpolicy.ledger.hurried import WAIT, HurriedAsync, settings

TASK = "scan"
BEAT = 3
"""Seconds between two signs of life of a worker."""
GONE = 15
"""Seconds without one, after which it is taken for gone."""

CLOSE = 5
"""Seconds for letting go of connections."""
LOOK = 1
"""Seconds until a worker that is free sees that the job has ended for which others of its client waited."""

_BEFORE = """
    SELECT lock, queueing_lock FROM procrastinate_jobs
    WHERE status IN ('todo', 'doing') AND (lock = ANY(%(locks)s) OR queueing_lock = %(id_)s)
"""

logging.getLogger("procrastinate").setLevel(logging.WARNING)


class Queue:
    """Jobs that are ids of scans."""

    def __init__(self, url: URL) -> None:
        conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        connector = PsycopgConnector(
            conninfo=conninfo,
            connection_class=HurriedAsync,
            kwargs=settings(url),
            timeout=WAIT,
            min_size=1,
            max_size=4,
        )
        self._app = App(connector=connector)
        self._run: Callable[[str], Awaitable[None]] | None = None
        self._task = self._app.task(name=TASK, queue=TASK)(self._scan)

    async def open(self, run: Callable[[str], Awaitable[None]]) -> None:
        """Connects; `run` is what a job comes to."""
        self._run = run
        async with _told():
            await self._app.open_async()

    async def close(self) -> None:
        """Lets go of all connections, those too that do not end in order."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE):
                await self._app.close_async()

    async def offer(self, id_: str, client: str = "", most: int = 1) -> None:
        """Puts a scan in, unless it is there already. So many of one client run at once, on all machines.

        Jobs with one `lock` run one after another, and a client has so many locks.
        """
        async with _told():
            lock = await self._lock(id_, client, most)
            if lock is None:
                return
            with suppress(AlreadyEnqueued):
                await self._task.configure(queueing_lock=id_, lock=lock).defer_async(id_=id_)

    async def _lock(self, id_: str, client: str, most: int) -> str | None:
        """That of the client for which the fewest wait; None where the scan has a job."""
        who = hashlib.sha256(client.encode()).hexdigest()
        locks = [f"{who}/{number}" for number in range(most)] if client else [id_]
        rows = await self._app.connector.execute_query_all_async(_BEFORE, locks=locks, id_=id_)
        if any(row["queueing_lock"] == id_ for row in rows):
            return None
        waiting = Counter(str(row["lock"]) for row in rows)
        return min(locks, key=lambda lock: waiting[lock])

    async def work(self, at_once: int) -> None:
        """Works until it is cancelled; then what is under way is given back."""
        async with _told():
            await self._app.run_worker_async(
                queues=[TASK],
                concurrency=at_once,
                install_signal_handlers=False,
                delete_jobs="always",
                fetch_job_polling_interval=LOOK,
                update_heartbeat_interval=BEAT,
                stalled_worker_timeout=GONE,
                shutdown_graceful_timeout=0,
            )

    async def forget_lost(self) -> None:
        """Takes out the jobs of workers that are gone; what they were about has no job then."""
        async with _told():
            jobs = self._app.job_manager
            for job in await jobs.get_stalled_jobs(queue=TASK, seconds_since_heartbeat=GONE):
                with suppress(ConnectorException):  # another worker was faster
                    await jobs.finish_job(job, Status.FAILED, delete_job=True)

    async def _scan(self, id_: str) -> None:
        if self._run is None:
            raise AssertionError
        await self._run(id_)


@asynccontextmanager
async def _told() -> AsyncIterator[None]:
    try:
        yield
    except (ConnectorException, psycopg.Error, psycopg_pool.PoolTimeout) as wrong:
        raise Unavailable(f"the queue in the database does not answer: {wrong}".partition("\n")[0]) from wrong
