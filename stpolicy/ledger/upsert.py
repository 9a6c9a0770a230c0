"""A count that is added to, whether or not its row is there, as one statement of either database."""

from collections.abc import Mapping

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def add_to(
    connection: Connection, table: Table, key: Mapping[str, object], amount: int, **new: object
) -> int:
    """Adds to `count` of the row with this key; `new` are further columns of a row that was not there."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {**key, **new, "count": amount}
    statement = dialect.insert(table).values(row)
    adding = statement.on_conflict_do_update(index_elements=list(key), set_={"count": table.c.count + amount})
    found: int = connection.execute(adding.returning(table.c.count)).scalar_one()
    return found
