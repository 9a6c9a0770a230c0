"""The ledger: scans from the moment they are asked for to their result, and what many of them come to.

Every call is one transaction, and blocks: who has an event loop makes it in a thread.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, text, update
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError

from stpolicy.errors import Busy
from stpolicy.ledger import schema
from stpolicy.ledger.engine import READS, is_shared, opened, told
from stpolicy.ledger.tables import hits, scans, tallies
from stpolicy.ledger.upsert import add_to
from stpolicy.model.names import Domain
from stpolicy.model.scanned import Part, Scan, State

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ACTIVE = scans.c.state.in_((State.QUEUED, State.RUNNING))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scan came to. `result` is the scan object as JSON; the rest is what is counted."""

    result: str
    status: int
    mta_sts: bool
    dane: bool


class Ledger:
    """One database. Unavailable is raised by every call when it does not answer."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.shared = is_shared(url)
        self._engine = opened(url)
        self._reads = self._engine.execution_options(**{READS: True})

    def upgrade(self) -> None:
        """Brings its tables up to date."""
        with told(self.url):
            schema.upgrade(self._engine)

    @property
    def is_current(self) -> bool:
        """Whether its tables are those that this version needs."""
        with told(self.url):
            return schema.revision(self._reads) == schema.newest()

    def close(self) -> None:
        """Lets go of all connections."""
        self._engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with told(self.url), self._reads.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with told(self.url), self._engine.begin() as connection:
            yield connection

    def submit(self, domain: Domain, id_: str, now: datetime, *, most: int) -> tuple[Scan, bool]:
        """The scan of a domain that is waiting or under way, else a new one, and whether it is new.

        Busy when `most` are waiting already.
        """
        row = {
            "id": id_,
            "domain": domain,
            "state": State.QUEUED,
            "queued": _number(now),
            "attempt": 0,
            "progress": "{}",
            "message": "",
            "result": "",
        }
        try:
            with self._writing() as connection:
                there = connection.execute(select(scans).where(scans.c.domain == domain, _ACTIVE)).first()
                if there:
                    return _scan(there), False
                waiting = select(func.count()).where(scans.c.state == State.QUEUED)
                if connection.execute(waiting).scalar_one() >= most:
                    raise Busy(f"{most} scans are waiting already", "try again in some minutes")
                connection.execute(insert(scans).values(row))
        except IntegrityError:  # another process was faster
            found = self.active(domain)
            if found is None:
                raise
            return found, False
        return Scan(id_, domain, State.QUEUED, now), True

    def take(self, id_: str, now: datetime) -> Scan | None:
        """Begins a scan, or begins it again; None when it is over, or gone."""
        change = (
            update(scans)
            .where(scans.c.id == id_, _ACTIVE)
            .values(state=State.RUNNING, started=_number(now), attempt=scans.c.attempt + 1, progress="{}")
            .returning(scans)
        )
        with self._writing() as connection:
            row = connection.execute(change).first()
        return _scan(row) if row else None

    def note(self, scan: Scan, progress: Mapping[str, Part]) -> None:
        """Keeps how far a scan is."""
        with self._writing() as connection:
            connection.execute(update(scans).where(_own(scan)).values(progress=json.dumps(progress)))

    def finish(self, scan: Scan, outcome: Outcome, now: datetime) -> bool:
        """Ends a scan with its result; False when somebody else has begun it again, or ended it."""
        done = {
            "state": State.DONE,
            "finished": _number(now),
            "status": outcome.status,
            "mta_sts": outcome.mta_sts,
            "dane": outcome.dane,
            "result": outcome.result,
        }
        with self._writing() as connection:
            ended = connection.execute(update(scans).where(_own(scan)).values(done)).rowcount == 1
            if ended:
                key = {"day": (now - _EPOCH).days, "status": outcome.status}
                add_to(connection, tallies, key, 1)
        return ended

    def fail(self, scan: Scan, message: str, now: datetime) -> bool:
        """Gives a scan up; False as for `finish`."""
        given_up = {"state": State.FAILED, "finished": _number(now), "message": message}
        with self._writing() as connection:
            return connection.execute(update(scans).where(_own(scan)).values(given_up)).rowcount == 1

    def release(self, scan: Scan | None = None) -> None:
        """Lets a scan that is under way wait again; all of them where the one process has just begun."""
        which = _own(scan) if scan else scans.c.state == State.RUNNING
        with self._writing() as connection:
            connection.execute(update(scans).where(which).values(state=State.QUEUED))

    def waiting(self, most: int) -> list[str]:
        """The scans that wait, the oldest first."""
        asked = select(scans.c.id).where(scans.c.state == State.QUEUED).order_by(scans.c.seq).limit(most)
        with self._reading() as connection:
            return list(connection.execute(asked).scalars())

    def stranded(self, most: int) -> list[str]:
        """Of a shared ledger: the scans that wait and have no job: a process ended between the two."""
        asked = text(
            "SELECT id FROM scans WHERE state = 'queued' AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs"
            " WHERE queueing_lock = scans.id AND status IN ('todo', 'doing')) ORDER BY seq LIMIT :most"
        )
        with self._reading() as connection:
            return list(connection.execute(asked, {"most": most}).scalars())

    def scan(self, id_: str) -> Scan | None:
        """A scan with its result."""
        with self._reading() as connection:
            row = connection.execute(select(scans).where(scans.c.id == id_)).first()
        return _scan(row) if row else None

    def watched(self, ids: Collection[str]) -> list[Scan]:
        """Several scans, without their results."""
        columns = [column for column in scans.c if column is not scans.c.result]
        with self._reading() as connection:
            rows = connection.execute(select(*columns).where(scans.c.id.in_(ids))).all()
        return [_scan(row) for row in rows]

    def active(self, domain: Domain) -> Scan | None:
        """The scan of a domain that is waiting or under way."""
        with self._reading() as connection:
            row = connection.execute(select(scans).where(scans.c.domain == domain, _ACTIVE)).first()
        return _scan(row) if row else None

    def newest(self, domain: Domain, *states: State) -> Scan | None:
        """The newest scan of exactly this domain that is in one of these states."""
        asked = select(scans).where(scans.c.domain == domain, scans.c.state.in_(states))
        with self._reading() as connection:
            row = connection.execute(asked.order_by(scans.c.seq.desc()).limit(1)).first()
        return _scan(row) if row else None

    def prune(self, before: datetime) -> int:
        """Takes out what was over before; gives how many."""
        old = delete(scans).where(scans.c.finished < _number(before))
        with self._writing() as connection:
            return connection.execute(old).rowcount

    def prune_hits(self, now: datetime) -> None:
        """Takes out counts that no longer count."""
        with self._writing() as connection:
            connection.execute(delete(hits).where(hits.c.expires <= _number(now)))

    def hit(self, key: str, amount: int, until: datetime, now: datetime) -> int:
        """Adds to a count that begins anew after its time; gives what it then is."""
        with self._writing() as connection:
            connection.execute(delete(hits).where(hits.c.key == key, hits.c.expires <= _number(now)))
            return add_to(connection, hits, {"key": key}, amount, expires=_number(until))

    def hit_count(self, key: str, now: datetime) -> tuple[int, datetime]:
        """A count as it is, and when it begins anew."""
        asked = select(hits.c.count, hits.c.expires).where(hits.c.key == key, hits.c.expires > _number(now))
        with self._reading() as connection:
            row = connection.execute(asked).first()
        return (row.count, _time(row.expires)) if row else (0, now)  # type: ignore[return-value]

    def counts(self) -> dict[State, int]:
        """How many scans are in each state."""
        asked = select(scans.c.state, func.count()).group_by(scans.c.state)
        with self._reading() as connection:
            found = {State(state): count for state, count in connection.execute(asked)}
        return {state: found.get(state, 0) for state in State}

    def tallies(self, since: datetime) -> list[tuple[datetime, int, int]]:
        """(day, status, how many), oldest first."""
        asked = select(tallies).where(tallies.c.day >= (since - _EPOCH).days)
        with self._reading() as connection:
            rows = connection.execute(asked.order_by(tallies.c.day, tallies.c.status)).all()
        return [(_EPOCH + timedelta(days=row.day), row.status, row[2]) for row in rows]

    def adoption(self) -> dict[str, int]:
        """Of the domains that were scanned, each by its newest result: how many have what."""
        latest = select(func.max(scans.c.seq)).where(scans.c.state == State.DONE).group_by(scans.c.domain)
        asked = select(scans.c.status, scans.c.mta_sts, scans.c.dane, func.count()).where(
            scans.c.seq.in_(latest)
        )
        found = {"domains": 0, "passing": 0, "mta_sts": 0, "dane": 0}
        with self._reading() as connection:
            rows = connection.execute(asked.group_by(scans.c.status, scans.c.mta_sts, scans.c.dane)).all()
        for status, mta_sts, dane, count in rows:
            for name, has in (
                ("domains", True),
                ("passing", status in (0, 1)),
                ("mta_sts", mta_sts),
                ("dane", dane),
            ):
                found[name] += count if has else 0
        return found


def _own(scan: Scan) -> Any:
    """That it is still the same attempt, and under way."""
    return (scans.c.id == scan.id) & (scans.c.attempt == scan.attempt) & (scans.c.state == State.RUNNING)


def _scan(row: Row[Any]) -> Scan:
    progress = {name: Part(part) for name, part in json.loads(row.progress).items()}
    return Scan(
        row.id,
        row.domain,
        State(row.state),
        _EPOCH + timedelta(milliseconds=row.queued),
        _time(row.started),
        _time(row.finished),
        row.attempt,
        progress,
        row.status,
        row.message,
        row._mapping.get("result", ""),
    )


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _time(number: int | None) -> datetime | None:
    return None if number is None else _EPOCH + timedelta(milliseconds=number)
