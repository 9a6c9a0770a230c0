"""Scans and entries as JSON says them."""

import json
from datetime import datetime
from typing import Any

from stpolicy.flows.served import Pair
from stpolicy.model.names import Domain
from stpolicy.model.policy import Alias
from stpolicy.model.scanned import Scan
from stpolicy.model.seen import date


def entry(domain: Domain, pair: Pair, now: datetime) -> dict[str, Any] | None:
    """The entry of a domain on the list, alias resolved; None for one that is not listed."""
    policies = pair.policies
    listed, policy = policies.by_domain.get(domain), policies.policy_for(domain)
    if listed is None or policy is None:
        return None
    return {
        "domain": domain,
        "mode": policy.mode,
        "mxs": list(policy.mxs),
        "policy_alias": listed.policy.name if isinstance(listed.policy, Alias) else None,
        "expires": str(policies.expires),
        "expired": pair.is_expired(now),
    }


def job(scan: Scan) -> dict[str, Any]:
    """A scan on its way, without its result."""
    return {
        "id": scan.id,
        "domain": scan.domain,
        "state": scan.state,
        "queued": date(scan.queued),
        "started": date(scan.started) if scan.started else None,
        "finished": date(scan.finished) if scan.finished else None,
        "progress": dict(scan.progress),
        "status": scan.status,
        "message": scan.message,
        "href": f"/api/scans/{scan.id}",
    }


def job_text(scan: Scan) -> str:
    """A scan with the scan object, once there is one, under `scan`."""
    found = scan.result or "null"
    return f'{json.dumps(job(scan))[:-1]}, "scan": {found}}}'
