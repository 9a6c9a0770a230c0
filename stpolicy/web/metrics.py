"""What a monitoring system reads (prometheus): counts of this process, the ledger and the list."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from tempfile import TemporaryDirectory

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from stpolicy.flows.served import Pair
from stpolicy.model.scanned import State

TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where processes count together; the library reads it when it is imported."""


@contextmanager
def together() -> Iterator[None]:
    """The processes that are started in the block count together."""
    with TemporaryDirectory(prefix="stpolicy-metrics-") as folder:
        os.environ[_FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[_FOLDER]


class Metrics:
    """Of the service: of one process, or of several that count together."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "stpolicy_requests",
            "Requests answered",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._known: dict[tuple[str, str, int], Counter] = {}

    def count(self, method: str, route: str, status: int) -> None:
        """Counts an answer."""
        key = (method if method in ("GET", "HEAD", "POST") else "other", route, status)
        counter = self._known.get(key)
        if counter is None:  # to find it by its labels takes longer than all else here
            counter = self._known[key] = self._requests.labels(*key[:2], str(status))
        counter.inc()

    def text(self, scans: Mapping[State, int] | None, pair: Pair | None, now: datetime) -> bytes:
        """All of it; `scans` is None where the ledger does not answer."""
        state = CollectorRegistry()
        state.register(_State(scans, pair, now))
        counted = self._registry
        if _FOLDER in os.environ:
            counted = CollectorRegistry()
            MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
        return generate_latest(counted) + generate_latest(state)


class _State(Collector):
    """What is read rather than counted."""

    def __init__(self, scans: Mapping[State, int] | None, pair: Pair | None, now: datetime) -> None:
        self._scans, self._pair, self._now = scans, pair, now

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "stpolicy_database_up", "Whether the database answers", value=self._scans is not None
        )
        if self._scans is not None:
            found = GaugeMetricFamily("stpolicy_scans", "Scans in the database", labels=["state"])
            for state, count in self._scans.items():
                found.add_metric([state], count)
            yield found
        if self._pair:
            expires = self._pair.policies.expires.instant
            left = expires.seconds - self._now.timestamp()
            yield GaugeMetricFamily(
                "stpolicy_list_seconds_left", "Until the list that is served runs out", value=left
            )
            entries = len(self._pair.policies.entries)
            yield GaugeMetricFamily("stpolicy_list_entries", "Entries of the list", value=entries)
