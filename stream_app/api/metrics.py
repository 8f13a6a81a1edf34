"""Every metric of the API, in one table, on a registry that is passed in."""

import time
from typing import Final, Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
)

from stream_app import metrics as of_worker
from stream_app.core.scoring import Model
from stream_app.histograms import BulkHistogram, Row
from stream_app.metrics import PREFIX

UNMATCHED: Final = "unmatched"
UNPARSED: Final = "unparsed"
ROUTES: Final = (
    "/",
    "/page/<path:filename>",
    "/v1/classify",
    "/v1/results",
    "/openapi.json",
    "/livez",
    "/readyz",
    "/metrics",
    "/info",
    UNMATCHED,
    UNPARSED,
)
HISTOGRAMS: Final = {
    "http_request_seconds": Row(
        "From a request received in full to the start of its answer, the wait for a thread included.",
        ("route",),
        ROUTES,
        (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    ),
}
COUNTERS: Final = {
    "http_requests_total": Row(
        "Requests by route and status; unmatched: no such path or method, unparsed: not HTTP or too large.",
        ("route", "status"),
    ),
    "model_reloads_total": of_worker.COUNTERS["model_reloads_total"],
}
GAUGES: Final = {
    name: of_worker.GAUGES[name] for name in ("model_info", "model_loaded_timestamp_seconds", "build_info")
}


class ApiMetrics:
    """Every metric of the API. Thread-safe.

    Args:
        registry: where they are exported; those of process, garbage collection and platform are added.
        version: of this program.

    Raises:
        ValueError: the registry holds metrics of these names already.
    """

    def __init__(self, registry: CollectorRegistry, version: str) -> None:
        seconds = BulkHistogram(f"{PREFIX}http_request_seconds", HISTOGRAMS["http_request_seconds"])
        registry.register(seconds)
        self._seconds = seconds.series
        self._counters = {
            name: Counter(PREFIX + name, row.help, row.labels, registry=registry)
            for name, row in COUNTERS.items()
        }
        self._gauges = {
            name: Gauge(PREFIX + name, row.help, row.labels, registry=registry)
            for name, row in GAUGES.items()
        }
        self._gauges["build_info"].labels(version).set(1)
        for outcome in COUNTERS["model_reloads_total"].values:
            self._counters["model_reloads_total"].labels(outcome)
        ProcessCollector(registry=registry)
        GCCollector(registry)
        PlatformCollector(registry)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """A request was answered.

        Args:
            route: one of ROUTES.
            status: of the answer.
            seconds: from the request received in full to the start of the answer.
        """
        self._seconds[route].observe(seconds)
        self._counters["http_requests_total"].labels(route, str(status)).inc()

    def model_loaded(self, model: Model) -> None:
        """This model is in use now, and no other."""
        self._gauges["model_info"].clear()
        self._gauges["model_info"].labels(model.version, model.sha256).set(1)
        self._gauges["model_loaded_timestamp_seconds"].set(time.time())

    def model_reload(self, outcome: Literal["loaded", "refused"]) -> None:
        """A reload of the model ended."""
        self._counters["model_reloads_total"].labels(outcome).inc()
