"""Domain results, one JSON object a line, as `check --format ndjson` writes them."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from stpolicy.errors import Misuse
from stpolicy.model.facts import DomainFacts, Facts
from stpolicy.model.names import Domain, canonical, host_fault

LARGEST = 1024 * 1024 * 1024
"""Bytes; results of more domains than any list had."""
LONGEST_LINE = 1024 * 1024
"""Bytes; a result is a few thousand."""
_T = TypeVar("_T")


def facts(data: bytes, name: str) -> Facts:
    """What a file of results says, by domain; the last line of a domain counts. Misuse for anything else."""
    if len(data) > LARGEST:
        raise Misuse(f"{name}: domain results have at most {LARGEST} bytes")
    return _each(data.split(b"\n"), name, _facts)


def known(data: bytes, name: str) -> dict[Domain, dict[str, Any]]:
    """The results themselves, by domain; a last line without its end is where a run was cut off."""
    if len(data) > LARGEST:
        raise Misuse(f"{name}: domain results have at most {LARGEST} bytes")
    return _each(data.split(b"\n")[:-1], name, _whole)


def _each(lines: Iterable[bytes], name: str, read: Callable[[dict[str, Any]], _T]) -> dict[Domain, _T]:
    found = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                if len(line) > LONGEST_LINE:
                    raise ValueError(f"has more than {LONGEST_LINE} bytes")  # noqa: TRY301
                result = json.loads(line.decode("utf-8"))
                found[canonical(result["domain"])] = read(result)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
                raise Misuse(
                    f"{name}:{number} is no domain result", "stpolicy check --format ndjson writes them"
                ) from wrong
    return found


def _whole(result: dict[str, Any]) -> dict[str, Any]:
    if type(result["status"]) is not int or not 0 <= result["status"] <= 6:
        raise ValueError("has no status")
    return result


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
