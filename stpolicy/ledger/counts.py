"""What is counted: what clients ask for, and what scans come to."""

from datetime import datetime

from sqlalchemy import delete, func, select

from stpolicy.ledger.database import Database
from stpolicy.ledger.tables import hits, scans, tallies
from stpolicy.ledger.times import day, days, moment, number
from stpolicy.ledger.upsert import add_to
from stpolicy.model.scanned import State


class Counts(Database):
    """Of a database."""

    def prune_hits(self, now: datetime) -> None:
        """Takes out counts that no longer count."""
        with self.writing() as connection:
            connection.execute(delete(hits).where(hits.c.expires <= number(now)))

    def hit(self, key: str, amount: int, until: datetime, now: datetime) -> int:
        """Adds to a count that begins anew after its time; gives what it then is."""
        with self.writing() as connection:
            connection.execute(delete(hits).where(hits.c.key == key, hits.c.expires <= number(now)))
            return add_to(connection, hits, {"key": key}, amount, expires=number(until))

    def hit_count(self, key: str, now: datetime) -> tuple[int, datetime]:
        """A count as it is, and when it begins anew."""
        asked = select(hits.c.count, hits.c.expires).where(hits.c.key == key, hits.c.expires > number(now))
        with self.reading() as connection:
            row = connection.execute(asked).first()
        return (row[0], moment(row.expires)) if row else (0, now)

    def counts(self) -> dict[State, int]:
        """How many scans are in each state."""
        asked = select(scans.c.state, func.count()).group_by(scans.c.state)
        with self.reading() as connection:
            found = {State(state): count for state, count in connection.execute(asked)}
        return {state: found.get(state, 0) for state in State}

    def tallies(self, since: datetime) -> list[tuple[datetime, int, int]]:
        """(day, status, how many), oldest first."""
        asked = select(tallies).where(tallies.c.day >= days(since))
        with self.reading() as connection:
            rows = connection.execute(asked.order_by(tallies.c.day, tallies.c.status)).all()
        return [(day(row.day), row.status, row[2]) for row in rows]

    def adoption(self) -> dict[str, int]:
        """Of the domains that were scanned, each by its newest result: how many have what."""
        latest = select(func.max(scans.c.seq)).where(scans.c.state == State.DONE).group_by(scans.c.domain)
        asked = select(scans.c.status, scans.c.mta_sts, scans.c.dane, func.count()).where(
            scans.c.seq.in_(latest)
        )
        found = {"domains": 0, "passing": 0, "mta_sts": 0, "dane": 0}
        with self.reading() as connection:
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
