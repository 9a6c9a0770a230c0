"""state.json: what is in it is informational, so whatever it is, reading it never fails."""

import json
import re
from collections.abc import Mapping
from typing import Any

from stpolicy.model.dates import Date, Instant
from stpolicy.model.mark import epoch
from stpolicy.model.outcome import Reason
from stpolicy.model.state import Listed, MapState, State

LARGEST = 1024 * 1024
_EPOCH = re.compile(r"([0-9]{1,16})(?:\.([0-9]*[1-9]))?")


def dump(state: State) -> bytes:
    """The file: one key a line at the top level, so that a shell can find one too."""
    listed, made = state.listed, state.map
    document = {
        "reason": str(state.reason),
        "exit": state.reason.exit_code,
        "message": state.message,
        "at": str(state.at),
        "client": state.client,
        "last_success": None if state.last_success is None else str(state.last_success),
        "url": state.url,
        "list": listed
        and {
            "timestamp": epoch(listed.timestamp),
            "expires": epoch(listed.expires),
            "sha256": listed.sha256,
            "version": listed.version,
        },
        "validators": {url: list(values) for url, values in state.validators.items()},
        "map": made
        and {
            "name": made.name,
            "stamp": made.stamp,
            "seal": made.seal,
            "expires": made.expires and epoch(made.expires),
            "counts": dict(made.counts),
            "reload_pending": made.reload_pending,
        },
    }
    return (json.dumps(document, indent=2) + "\n").encode("ascii")


def read(data: bytes | None) -> State | None:
    """What the file says; None when there is none, or when it is not one of ours."""
    try:
        found = json.loads(data or b"")
        return State(
            Reason(found.get("reason", Reason.UNCHANGED)),
            _text(found.get("message")) or "",
            _instant(found.get("at", 0)),
            _text(found.get("client")) or "",
            _instant(found["last_success"]) if found.get("last_success") else None,
            _text(found.get("url")),
            _listed(found.get("list")),
            _validators(found.get("validators")),
            _map(found.get("map")),
        )
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _instant(value: Any) -> Instant:
    return Date.read(value).instant


def _listed(value: Any) -> Listed | None:
    if not isinstance(value, dict):
        return None
    dates = [_epoch(value[key]) for key in ("timestamp", "expires")]
    return Listed(dates[0], dates[1], str(value["sha256"]), str(value["version"]))


def _epoch(text: Any) -> Instant:
    found = _EPOCH.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return Instant(int(found[1]), found[2] or "")


def _validators(value: Any) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        return {}
    return {
        url: tuple(texts)
        for url, texts in value.items()
        if isinstance(texts, list) and len(texts) == 5 and all(isinstance(text, str) for text in texts)
    }


def _map(value: Any) -> MapState | None:
    if not isinstance(value, dict):
        return None
    counts = value.get("counts")
    known = {k: v for k, v in counts.items() if type(v) is int} if isinstance(counts, dict) else {}
    expires = _epoch(value["expires"]) if value.get("expires") else None
    pending = value.get("reload_pending") is True
    return MapState(str(value["name"]), str(value["stamp"]), str(value["seal"]), expires, known, pending)
