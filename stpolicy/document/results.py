"""Domain results, one JSON object a line, as `check --format ndjson` writes them."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from stpolicy.errors import Misuse
from stpolicy.model.facts import DomainFacts, Facts
from stpolicy.model.finding import Severity
from stpolicy.model.names import Domain, canonical, host_fault
from stpolicy.model.verdict import Status

LARGEST = 1024 * 1024 * 1024
"""Bytes; results of more domains than any list had."""
LONGEST_LINE = 1024 * 1024
"""Bytes; a result is a few thousand."""
_T = TypeVar("_T")


def facts(data: bytes, name: str) -> Facts:
    """What a file of results says, by domain; the last line of a domain counts. Misuse for anything else."""
    if len(data) > LARGEST:
        raise Misuse(f"{name}: domain results have at most {LARGEST} bytes")
    numbered = enumerate(data.split(b"\n"), start=1)
    return dict(_read(line, f"{name}:{number}", _facts) for number, line in numbered if line.strip())


def known(lines: Iterable[bytes], name: str) -> Iterator[tuple[Domain, dict[str, Any]]]:
    """The results themselves, with their domains, as they stand in the lines of a file.

    A last line without its end is where a run was cut off. Misuse for anything else that is no result.
    """
    for number, line in enumerate(lines, start=1):
        if not line.endswith(b"\n") and len(line) <= LONGEST_LINE:
            return
        if line.strip():
            yield _read(line, f"{name}:{number}", _whole)


def _read(line: bytes, where: str, read: Callable[[dict[str, Any]], _T]) -> tuple[Domain, _T]:
    try:
        if len(line) > LONGEST_LINE:
            raise ValueError(f"has more than {LONGEST_LINE} bytes")  # noqa: TRY301
        result = json.loads(line.decode("utf-8"))
        return canonical(result["domain"]), read(result)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
        mend = "stpolicy check --format ndjson writes them"
        raise Misuse(f"{where} is no domain result", mend) from wrong


_STATUS = frozenset(map(int, Status))
_SHAPE: dict[object, object] = {
    "domain": str,
    "status": _STATUS,
    "results": {str: {"checks": {str: {"status": _STATUS}}}},
    "mx_hostnames": [str],
    "mta_sts": ({"status": _STATUS, "mode": str}, None),
    "extra_results": {"policylist": {"status": _STATUS, "mode": str}, "dane": ({}, None)},
    "findings": [
        {
            "code": str,
            "severity": frozenset(map(str, Severity)),
            "where": (str, None),
            "message": str,
            "mend": (str, None),
        }
    ],
}
"""What is used of a result that was written earlier."""
_NARROWEST: dict[object, object] = {"status": _STATUS, "mxs": [str]}


def _whole(result: dict[str, Any]) -> dict[str, Any]:
    narrowest = result["extra_results"].get("narrowest", {"status": 0, "mxs": []})
    if not (_fits(result, _SHAPE) and _fits(narrowest, _NARROWEST)):
        raise ValueError("lacks what a result has")
    return result


def _fits(value: object, shape: object) -> bool:
    """Whether a value of JSON has what a shape asks for: a tuple is this or that, a set one of these.

    Of an object only the keys are looked at that the shape has, or, where it has `str`, all.
    """
    match shape:
        case tuple():
            return any(_fits(value, one) for one in shape)
        case dict():
            return isinstance(value, dict) and all(_has(value, key, one) for key, one in shape.items())
        case list():
            return isinstance(value, list) and all(_fits(one, shape[0]) for one in value)
        case frozenset():
            return type(value) in (int, str) and value in shape
        case type():
            return type(value) is shape
    return value is shape


def _has(value: dict[str, object], key: object, shape: object) -> bool:
    if key is str:
        return all(_fits(one, shape) for one in value.values())
    return key in value and _fits(value[str(key)], shape)


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
