"""Every query of the dashboards and every rule, asked of a real Prometheus that scrapes a worker at work."""

import re
import time
from collections.abc import Iterator
from typing import Final

import pytest

from stream_app.kafka.broker import Broker
from tests.observed import ALERTS, DEPLOY, QUERIES, RECORDS, annotations, metric_names
from tests.prometheus import Prometheus, Targets, prometheus
from tests.stream import FeedRecord, WorkerProcess, reviews, stream, wait_until

pytestmark = [pytest.mark.broker, pytest.mark.prometheus]

JOB: Final = "stream-app"
# What Grafana would put in; the interval holds several scrapes.
VARIABLES: Final = {
    "$__rate_interval": "15s",
    "$__interval": "5s",
    "$__range": "5m",
    "$job": JOB,
    "$instance": ".*",
    "$topic": ".*",
}
# These series begin with a fault; each metric is exported from the start, as its help in /metrics shows.
ONLY_AFTER_A_FAULT: Final = {
    "stream_app_publish_errors_total": "the label is the error's class, and the worker ends after one",
}


def filled(expression: str) -> str:
    """With the variables as Grafana would fill them."""
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    assert "$_" not in expression
    return expression


@pytest.fixture(scope="module")
def worker_and_prometheus(
    broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[WorkerProcess, Prometheus, float]]:
    """A worker that has classified for a while, and reviews that still come."""
    folder = tmp_path_factory.mktemp("queries")
    targets = Targets(folder / "targets.json")
    rules = {path.name: path.read_text() for path in (DEPLOY / "prometheus/rules").glob("*.yml")}
    began = time.time()
    with (
        prometheus(folder / "prometheus", rules, targets) as server,
        stream(broker.bootstrap_servers, f"test-queries-{int(began * 1000)}", folder) as flow,
    ):
        flow.create_topics()
        worker = flow.start_worker()
        targets.add(JOB, worker.port)
        worker.wait_until_ready()
        flow.feed(_mixed(2_000, 0), per_s=200)
        recorded = [f"{record} >= 0" for record in RECORDS]
        wait_until(lambda: all(server.query(expr) for expr in recorded), 30, server.explain)
        yield worker, server, began


def _mixed(count: int, start: int) -> Iterator[FeedRecord]:
    """Reviews, and one in fifty that is none."""
    for number, record in enumerate(reviews(count, start)):
        yield record if number % 50 else (b"k", b"no JSON")


@pytest.fixture(scope="module")
def server(worker_and_prometheus: tuple[WorkerProcess, Prometheus, float]) -> Prometheus:
    return worker_and_prometheus[1]


@pytest.mark.parametrize("expression", QUERIES)
def test_a_panel_has_something_to_show(server: Prometheus, expression: str) -> None:
    found = server.query(filled(expression))

    needs_a_fault = metric_names(expression) <= ONLY_AFTER_A_FAULT.keys()
    assert bool(found) != needs_a_fault, "the answer is empty, or was expected to be"


@pytest.mark.parametrize("expression", sorted(set(annotations())))
def test_a_model_that_is_new_is_marked_once(
    worker_and_prometheus: tuple[WorkerProcess, Prometheus, float], expression: str
) -> None:
    _, server, began = worker_and_prometheus
    (series,) = server.query_range(filled(expression), began - 10, time.time(), 5)
    assert len(series["values"]) == 1
    assert series["metric"]["version"]


@pytest.mark.parametrize("record", RECORDS)
def test_a_recorded_series_is_there(server: Prometheus, record: str) -> None:
    assert server.query(record)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_what_an_alert_compares_is_there(server: Prometheus, alert: dict[str, str]) -> None:
    """Each side of each comparison gives series, so that only the figure keeps the alert silent."""
    sides = re.split(r" (?:and|unless)(?: on \([^)]*\))? | or ", alert["expr"])
    asked = [re.split(r" (?:>=|==|>|<) ", side)[0] for side in sides if not side.startswith("absent(")]
    assert asked
    for expression in asked:
        assert server.query(expression), expression


def test_prometheus_evaluates_every_rule(server: Prometheus) -> None:
    assert server.unhealthy_rules() == []


def test_what_appears_only_after_a_fault_is_exported_all_the_same(
    worker_and_prometheus: tuple[WorkerProcess, Prometheus, float],
) -> None:
    _, text = worker_and_prometheus[0].get("/metrics")
    for name in ONLY_AFTER_A_FAULT:
        assert f"# TYPE {name} " in text
