"""What scans came to, as /api/stats says it."""

from datetime import datetime, timedelta
from typing import Any

from stpolicy.ledger import Ledger
from stpolicy.model.verdict import Status

DAYS = 90
"""Today is the last one."""
FOR = timedelta(seconds=60)
"""For so long one reading answers all who ask: it goes through everything that is kept."""


def statistics(ledger: Ledger, now: datetime) -> dict[str, Any]:
    """Counts by day and status, and what the newest result of each domain says."""
    days: dict[str, dict[str, int]] = {}
    for day, status, count in ledger.tallies(now - timedelta(days=DAYS - 1)):
        if day <= now:  # another machine's clock may be ahead
            days.setdefault(f"{day:%Y-%m-%d}", {})[Status(status).text] = count
    counted = [{"day": day, "statuses": counts} for day, counts in days.items()]
    return {"days": counted, "adoption": ledger.adoption()}
