"""Domain results, one JSON object a line, as `check --format ndjson` writes them."""

import json
from collections.abc import Mapping
from typing import Any

from stpolicy.errors import Misuse
from stpolicy.model.facts import DomainFacts, Facts
from stpolicy.model.names import canonical, host_fault

LARGEST = 1024 * 1024 * 1024
"""Bytes; results of more domains than any list had."""
LONGEST_LINE = 1024 * 1024
"""Bytes; a result is a few thousand."""


def facts(data: bytes, name: str) -> Facts:
    """What a file of results says, by domain; the last line of a domain counts. Misuse for anything else."""
    if len(data) > LARGEST:
        raise Misuse(f"{name}: domain results have at most {LARGEST} bytes")
    found = {}
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip():
            try:
                if len(line) > LONGEST_LINE:
                    raise ValueError(f"has more than {LONGEST_LINE} bytes")  # noqa: TRY301
                result = json.loads(line.decode("utf-8"))
                found[canonical(result["domain"])] = _facts(result)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
                raise Misuse(
                    f"{name}:{number} is no domain result", "stpolicy check --format ndjson writes them"
                ) from wrong
    return found


def _facts(result: Mapping[str, Any]) -> DomainFacts:
    hosts = (canonical(host) for host in result["results"])
    dane = (result.get("extra_results") or {}).get("dane") or {}
    return DomainFacts(
        tuple(host for host in hosts if not host_fault(host)),
        dane.get("usable") is True,
        _enforced(result.get("mta_sts") or {}),
    )


def _enforced(found: Mapping[str, Any]) -> frozenset[str] | None:
    if found.get("status") != 0 or found.get("mode") != "enforce":
        return None
    return frozenset(canonical(mx.removeprefix("*")) for mx in found["mxs"])
