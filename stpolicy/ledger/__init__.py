"""What is kept of scans: in SQLite by default, in PostgreSQL by address (extra `web`)."""

from stpolicy.ledger.engine import address
from stpolicy.ledger.scans import Ledger, Outcome

__all__ = ["Ledger", "Outcome", "address"]
