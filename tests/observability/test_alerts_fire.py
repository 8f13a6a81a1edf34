"""Each alert, by its fault: real workers, Kafka, Prometheus and Alertmanager, and time sixty times as fast.

The faults are caused at once, each on a stream of its own, and the tests wait for what they lead to.
"""

import json
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from observability.alerts import alerts
from observability.pace import Pace
from observability.recordings import recordings
from observability.rules import to_yaml
from stream_app.bundled import bundled
from stream_app.kafka.broker import LocalBroker, local_broker
from tests.model_folders import edit_manifest
from tests.observed import ALERTS
from tests.prometheus import Alertmanager, Prometheus, Targets, alertmanager, prometheus
from tests.stream import FeedRecord, Stream, WorkerProcess, stream, wait_until

pytestmark = [pytest.mark.alerts, pytest.mark.broker, pytest.mark.prometheus, pytest.mark.timeout(400)]

PACE: Final = Pace(60)
JOBS: Final = ("quality", "progress", "restarts")


def texts(rating: int, count: int) -> Iterator[FeedRecord]:
    """Reviews that any model takes for positive, with a rating that says so, or not."""
    for number in range(count):
        review = {"text": "I love it. Excellent, works great!", "rating": rating}
        yield f"k{number}".encode(), json.dumps(review).encode()


def mostly_poison(count: int) -> Iterator[FeedRecord]:
    """One in two is no JSON, and the others have a rating that contradicts them."""
    for key, value in texts(1, count):
        yield key, value
        yield key, b"no JSON"


class Stage:
    """A broker, a worker to each job, and who watches them."""

    def __init__(self, broker: LocalBroker, folder: Path, model: Path, stack: ExitStack) -> None:
        self.broker = broker
        self.model = model
        self._targets = Targets(folder / "targets.json")
        self.flows = {job: self._flow(job, folder, stack) for job in JOBS}
        self._settings = {"model_path": str(model), "dlq_breaker_share": "0.6"}
        self.workers = {job: flow.start_worker(**self._settings) for job, flow in self.flows.items()}
        for job, worker in self.workers.items():
            worker.wait_until_ready()
            self._targets.add(job, worker.port)
        rules = {"recordings.yml": to_yaml(recordings(PACE)), "alerts.yml": to_yaml(alerts(PACE))}
        self.alertmanager: Alertmanager = stack.enter_context(alertmanager(folder / "alertmanager"))
        self.prometheus: Prometheus = stack.enter_context(
            prometheus(folder / "prometheus", rules, self._targets, self.alertmanager)
        )
        self.received: dict[str, str] = {}
        self.faults: list[Future[None]] = []

    def has_received(self, alert: str, receiver: str) -> bool:
        """Whether the alert has reached its receiver by now; those that have ended are remembered."""
        for fault in self.faults:
            if fault.done():
                fault.result()
        self.received |= self.alertmanager.received()
        return self.received.get(alert) == receiver

    def _flow(self, job: str, folder: Path, stack: ExitStack) -> Stream:
        place = folder / job
        place.mkdir()
        flow = stack.enter_context(stream(self.broker.bootstrap_servers, f"test-alerts-{job}", place))
        flow.create_topics(partitions=1)
        return flow

    def restart(self, job: str, meanwhile: Callable[[], None] = lambda: None) -> WorkerProcess:
        """Kill the worker and start another one in its place, which Prometheus sees."""
        started = f'process_start_time_seconds{{job="{job}"}}'
        before = self.prometheus.query(f"max_over_time({started}[1m])")
        self.workers[job].kill()
        meanwhile()
        port = str(self.workers[job].port)
        worker = self.flows[job].start_worker(**self._settings, http_port=port)
        worker.port = int(port)
        self.workers[job] = worker
        newer = f"{started} > {before[0].value}"
        wait_until(lambda: bool(self.prometheus.query(newer)), 60, self.prometheus.explain)
        return worker


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """All is well: reviews come and are classified."""
    folder = tmp_path_factory.mktemp("alerts")
    model = folder / "model"
    shutil.copytree(bundled("champion"), model)
    with local_broker(port=0, say=print) as broker, ExitStack() as stack:
        made = Stage(broker, folder, model, stack)
        with ThreadPoolExecutor(len(JOBS)) as pool:
            list(pool.map(lambda flow: flow.feed(texts(5, 600), per_s=75), made.flows.values()))
        yield made
        broker.resume()


@pytest.fixture(scope="module")
def faulty(stage: Stage) -> Iterator[Stage]:
    """All is not well, from now on."""
    with ThreadPoolExecutor(3) as pool:
        causes = (_spoil_the_input, _lose_delay_and_stall, _crash)
        stage.faults = [pool.submit(cause, stage) for cause in causes]
        yield stage


def _spoil_the_input(stage: Stage) -> None:
    """An old model, ratings that contradict the texts, one text again and again, half poison, then all."""
    edit_manifest(stage.model, lambda _: {"created_at": datetime(2020, 1, 1, tzinfo=UTC)})
    stage.workers["quality"].send(signal.SIGHUP)
    flow = stage.flows["quality"]
    flow.feed(texts(1, 1_000))
    flow.feed(mostly_poison(1_300), per_s=40)
    flow.feed([(b"k", b"no JSON")] * 1_000)


def _lose_delay_and_stall(stage: Stage) -> None:
    """Reviews deleted before they are read, a worker suspended again and again, no topic to write to."""
    flow = stage.flows["progress"]
    admin = AdminClient(flow.connection.confluent_config("test"))

    def lose() -> None:
        flow.feed(texts(5, 300))
        for deleted in admin.delete_records([TopicPartition(flow.input, 0, 750)]).values():
            deleted.result()

    worker = stage.restart("progress", lose)
    with ThreadPoolExecutor(1) as pool:
        fed = pool.submit(flow.feed, texts(5, 600), 60)
        while not fed.done():
            worker.send(signal.SIGSTOP)
            time.sleep(0.9)
            worker.send(signal.SIGCONT)
            time.sleep(0.3)
    for deleted in admin.delete_topics([flow.results]).values():
        deleted.result()
    flow.feed(texts(5, 1_600), per_s=40)


def _crash(stage: Stage) -> None:
    """Three ends within two hours; after the fourth nobody starts it again."""
    for _ in range(3):
        stage.restart("restarts")
    wait_until(lambda: "WorkerCrashLoop" in stage.prometheus.firing(), 60, stage.prometheus.explain)
    stage.workers["restarts"].kill()


def test_nobody_is_told_of_anything_while_all_is_well(stage: Stage) -> None:
    # How late results are on a machine that others use is not for this test to say.
    late = {"LatencyBudgetFastBurn", "LatencyBudgetSlowBurn"}
    assert stage.prometheus.query("sum by (job) (stream_app_reviews_total)")
    assert stage.prometheus.firing() - late == set(), stage.prometheus.explain()


@pytest.mark.parametrize(
    "alert", [one for one in ALERTS if one["alert"] != "KafkaUnreachable"], ids=lambda one: one["alert"]
)
def test_an_alert_reaches_its_receiver_when_its_fault_is_there(
    faulty: Stage, alert: dict[str, dict[str, str]]
) -> None:
    _wait_for(faulty, alert)


def test_an_alert_tells_that_kafka_cannot_be_reached(faulty: Stage) -> None:
    for fault in faulty.faults:
        fault.result()
    faulty.broker.suspend()
    _wait_for(faulty, next(one for one in ALERTS if one["alert"] == "KafkaUnreachable"))


def _wait_for(stage: Stage, alert: dict[str, dict[str, str]]) -> None:
    name, severity = str(alert["alert"]), alert["labels"]["severity"]
    receiver = {"page": "on-call", "ticket": "tickets"}[severity]
    wait_until(lambda: stage.has_received(name, receiver), 150, stage.prometheus.explain)
