"""The ledger: scans from the moment they are asked for to their result, and what many of them come to.

Every call is one transaction, and blocks: who has an event loop makes it in a thread.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, delete, func, insert, select, text, tuple_, update
from sqlalchemy.exc import IntegrityError

from stpolicy.errors import Busy
from stpolicy.ledger.counts import Counts
from stpolicy.ledger.tables import scans, tallies
from stpolicy.ledger.times import days, moment, number, time
from stpolicy.ledger.upsert import add_to
from stpolicy.model.names import Domain
from stpolicy.model.scanned import Part, Scan, State

_MOST_PRUNED = 10_000
"""Scans in one call, which no database takes long for."""

_ACTIVE = scans.c.state.in_((State.QUEUED, State.RUNNING))


def _is_active(scan: Scan) -> bool:
    return not scan.state.over


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scan came to. `result` is the scan object as JSON; the rest is what is counted."""

    result: str
    status: int
    mta_sts: bool
    dane: bool


class Ledger(Counts):
    """One database. Unavailable is raised by every call when it does not answer."""

    def submit(
        self,
        domain: Domain,
        id_: str,
        now: datetime,
        *,
        most: int,
        answers: Callable[[Scan], bool] = _is_active,
    ) -> tuple[Scan, bool]:
        """The newest scan of a domain if it answers, else a new one, and whether it is new.

        Busy when `most` are waiting already. One that is waiting or under way always answers.
        """
        row = {
            "id": id_,
            "domain": domain,
            "state": State.QUEUED,
            "queued": number(now),
            "attempt": 0,
            "lost": 0,
            "progress": "{}",
            "message": "",
            "result": "",
        }
        try:
            with self.writing() as connection:
                there = _newest(connection, domain, State)
                if there and (_is_active(there) or answers(there)):
                    return there, False
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
            .values(state=State.RUNNING, started=number(now), attempt=scans.c.attempt + 1)
            .values(lost=scans.c.lost + case((scans.c.state == State.RUNNING, 1), else_=0), progress="{}")
            .returning(scans)
        )
        with self.writing() as connection:
            row = connection.execute(change).first()
        return _scan(row) if row else None

    def note(self, scan: Scan, progress: Mapping[str, Part]) -> None:
        """Keeps how far a scan is."""
        with self.writing() as connection:
            connection.execute(update(scans).where(_own(scan)).values(progress=json.dumps(progress)))

    def finish(self, scan: Scan, outcome: Outcome, now: datetime) -> bool:
        """Ends a scan with its result; False when somebody else has begun it again, or ended it."""
        done = {
            "state": State.DONE,
            "finished": number(now),
            "status": outcome.status,
            "mta_sts": outcome.mta_sts,
            "dane": outcome.dane,
            "result": outcome.result,
        }
        with self.writing() as connection:
            ended = connection.execute(update(scans).where(_own(scan)).values(done)).rowcount == 1
            if ended:
                key = {"day": days(now), "status": outcome.status}
                add_to(connection, tallies, key, 1)
        return ended

    def fail(self, scan: Scan, message: str, now: datetime) -> bool:
        """Gives a scan up; False as for `finish`."""
        given_up = {"state": State.FAILED, "finished": number(now), "message": message}
        with self.writing() as connection:
            return connection.execute(update(scans).where(_own(scan)).values(given_up)).rowcount == 1

    def release(self, left: Collection[Scan]) -> None:
        """Lets scans that are under way wait again."""
        own = tuple_(scans.c.id, scans.c.attempt).in_([(scan.id, scan.attempt) for scan in left])
        change = update(scans).where(own, scans.c.state == State.RUNNING)
        with self.writing() as connection:
            connection.execute(change.values(state=State.QUEUED))

    def strand(self) -> None:
        """Lets all scans wait again that were under way when the one process ended without a word."""
        lost = update(scans).where(scans.c.state == State.RUNNING)
        with self.writing() as connection:
            connection.execute(lost.values(state=State.QUEUED, lost=scans.c.lost + 1))

    def unfinished(self, most: int) -> list[str]:
        """The scans that wait or are under way, the oldest first."""
        asked = select(scans.c.id).where(_ACTIVE).order_by(scans.c.seq).limit(most)
        with self.reading() as connection:
            return list(connection.execute(asked).scalars())

    def stranded(self, most: int) -> list[str]:
        """Of a shared ledger: the scans that are not over and have no job, because a process ended.

        In one look: a job goes only after its scan is over, or waits again.
        """
        asked = text(
            "SELECT id FROM scans WHERE state IN ('queued', 'running') AND NOT EXISTS"
            " (SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = scans.id"
            " AND status IN ('todo', 'doing')) ORDER BY seq LIMIT :most"
        )
        with self.reading() as connection:
            return list(connection.execute(asked, {"most": most}).scalars())

    def scan(self, id_: str) -> Scan | None:
        """A scan with its result."""
        with self.reading() as connection:
            row = connection.execute(select(scans).where(scans.c.id == id_)).first()
        return _scan(row) if row else None

    def watched(self, ids: Collection[str]) -> list[Scan]:
        """Several scans, without their results."""
        columns = [column for column in scans.c if column is not scans.c.result]
        with self.reading() as connection:
            rows = connection.execute(select(*columns).where(scans.c.id.in_(ids))).all()
        return [_scan(row) for row in rows]

    def active(self, domain: Domain) -> Scan | None:
        """The scan of a domain that is waiting or under way."""
        with self.reading() as connection:
            row = connection.execute(select(scans).where(scans.c.domain == domain, _ACTIVE)).first()
        return _scan(row) if row else None

    def newest(self, domain: Domain, *states: State) -> Scan | None:
        """The newest scan of exactly this domain that is in one of these states."""
        with self.reading() as connection:
            return _newest(connection, domain, states)

    def prune(self, before: datetime) -> int:
        """Takes out what was over before, the oldest and not all that there may be; gives how many."""
        found = select(scans.c.seq).where(scans.c.finished < number(before)).order_by(scans.c.finished)
        old = delete(scans).where(scans.c.seq.in_(found.limit(_MOST_PRUNED)))
        with self.writing() as connection:
            return connection.execute(old).rowcount


def _newest(connection: Connection, domain: Domain, states: Iterable[State]) -> Scan | None:
    asked = select(scans).where(scans.c.domain == domain, scans.c.state.in_(list(states)))
    row = connection.execute(asked.order_by(scans.c.seq.desc()).limit(1)).first()
    return _scan(row) if row else None


def _own(scan: Scan) -> Any:
    """That it is still the same attempt, and under way."""
    return (scans.c.id == scan.id) & (scans.c.attempt == scan.attempt) & (scans.c.state == State.RUNNING)


def _scan(row: Row[Any]) -> Scan:
    progress = {name: Part(part) for name, part in json.loads(row.progress).items()}
    return Scan(
        row.id,
        row.domain,
        State(row.state),
        moment(row.queued),
        time(row.started),
        time(row.finished),
        row.attempt,
        row.lost,
        progress,
        row.status,
        row.message,
        row._mapping.get("result", ""),
    )
