"""The tables of the ledger. Times are milliseconds since the epoch, UTC: every database has whole numbers."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()

_SEQUENCE = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column that it calls INTEGER."""

ACTIVE = "state IN ('queued', 'running')"

scans = Table(
    "scans",
    metadata,
    Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("domain", String(255), nullable=False),
    Column("state", String(8), nullable=False),
    Column("queued", BigInteger, nullable=False),
    Column("started", BigInteger),
    Column("finished", BigInteger),
    Column("attempt", Integer, nullable=False),
    Column("lost", Integer, nullable=False),
    Column("progress", Text, nullable=False),
    Column("status", SmallInteger),
    Column("mta_sts", Boolean),
    Column("dane", Boolean),
    Column("message", Text, nullable=False),
    Column("result", Text, nullable=False),
    Index("scans_by_domain", "domain", "state", "seq"),
    Index("scans_by_state", "state", "seq"),
    Index("scans_by_age", "finished"),
    # One scan of a domain at a time, whoever asks.
    Index(
        "scans_active",
        "domain",
        unique=True,
        sqlite_where=text(ACTIVE),
        postgresql_where=text(ACTIVE),
    ),
    sqlite_autoincrement=True,
)

tallies = Table(
    "tallies",
    metadata,
    Column("day", Integer, primary_key=True),
    Column("status", SmallInteger, primary_key=True),
    Column("count", Integer, nullable=False),
)
"""How many scans ended on a day (days since the epoch) with which status; kept when scans are pruned."""

hits = Table(
    "hits",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Index("hits_by_age", "expires"),
)
"""What clients have asked for lately, so that all processes count together."""
