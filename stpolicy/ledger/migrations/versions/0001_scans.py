"""Scans, tallies and hits; on PostgreSQL the tables of the queue too."""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001"
down_revision = None

_ACTIVE = sa.text("state IN ('queued', 'running')")


def upgrade() -> None:
    """From nothing."""
    op.create_table(
        "scans",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("queued", sa.BigInteger, nullable=False),
        sa.Column("started", sa.BigInteger),
        sa.Column("finished", sa.BigInteger),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("lost", sa.Integer, nullable=False),
        sa.Column("progress", sa.Text, nullable=False),
        sa.Column("status", sa.SmallInteger),
        sa.Column("mta_sts", sa.Boolean),
        sa.Column("dane", sa.Boolean),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("scans_by_domain", "scans", ["domain", "state", "seq"])
    op.create_index("scans_by_state", "scans", ["state", "seq"])
    op.create_index("scans_by_age", "scans", ["finished"])
    op.create_index(
        "scans_active", "scans", ["domain"], unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE
    )
    op.create_table(
        "tallies",
        sa.Column("day", sa.Integer, primary_key=True),
        sa.Column("status", sa.SmallInteger, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_table(
        "hits",
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_index("hits_by_age", "hits", ["expires"])
    if op.get_bind().dialect.name == "postgresql":
        # As it is: between SQLAlchemy and the driver, a % would begin a placeholder.
        op.get_bind().connection.cursor().execute(SchemaManager.get_schema())
