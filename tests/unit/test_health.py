import asyncio
import http.client
import json
import os
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from stream_app.health import Health, LivenessLimits, Part, WorkerIdentity
from stream_app.health_server import HealthServer
from stream_app.lag import Lag, TopicPartition
from stream_app.lag_monitor import LagMonitor
from stream_app.metrics import Metrics

FIRST = ("reviews.raw", 0)
SECOND = ("reviews.raw", 1)
WAITING = Lag(5, 2.0)
NOTHING = Lag(0, 0.0)
IDENTITY = WorkerIdentity(
    version="1.2.3",
    group="review-sentiment",
    input_topic="reviews.raw",
    result_topic="reviews.sentiment",
    dlq_topic="reviews.raw.dlq",
    guarantee="at_least_once",
    started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(IDENTITY, clock, LivenessLimits(heartbeat_s=30, stall_s=60))


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def port(health: Health, registry: CollectorRegistry) -> Iterator[int]:
    Metrics(registry, "1.2.3")
    with HealthServer(health, registry, "127.0.0.1", 0) as server:
        yield server.port


def ask(
    port: int, path: str, method: str = "GET", headers: Mapping[str, str] | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, headers=dict(headers or {}))
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def make_ready(health: Health) -> None:
    health.model_loaded("2026-01", "ab" * 32)
    health.assigned([FIRST])


def test_a_heartbeat_that_stops_is_death(health: Health, clock: Clock) -> None:
    clock.now += 30
    assert health.why_dead() == []
    clock.now += 1
    assert health.why_dead() == ["the event loop last turned 31 s ago, limit 30 s"]
    health.beat()
    assert health.why_dead() == []


@pytest.mark.parametrize("part", ["consumer's thread", "thread pool"])
def test_another_part_counts_from_its_first_heartbeat_on(health: Health, clock: Clock, part: Part) -> None:
    wait(health, clock, 31)
    health.beat(part)
    wait(health, clock, 30)
    assert health.why_dead() == []
    wait(health, clock, 1)
    assert health.why_dead() == [f"the {part} last turned 31 s ago, limit 30 s"]
    health.beat(part)
    assert health.why_dead() == []


def wait(health: Health, clock: Clock, seconds: int) -> None:
    """Time passes, and the event loop turns."""
    clock.now += seconds
    health.beat()


def test_lag_without_progress_is_death(health: Health, clock: Clock) -> None:
    health.assigned([FIRST, SECOND])
    health.lag({FIRST: NOTHING, SECOND: WAITING})
    wait(health, clock, 60)
    health.lag({FIRST: NOTHING, SECOND: WAITING})
    assert health.why_dead() == []
    wait(health, clock, 1)
    assert health.why_dead() == ["records have waited for 61 s and none has moved in partition 1, limit 60 s"]


def test_progress_keeps_a_worker_with_lag_alive(health: Health, clock: Clock) -> None:
    health.assigned([FIRST])
    for _ in range(10):
        health.lag({FIRST: WAITING})
        wait(health, clock, 50)
        health.progress(FIRST)
        assert health.why_dead() == []


def test_a_stuck_partition_is_found_while_another_moves(health: Health, clock: Clock) -> None:
    health.assigned([FIRST, SECOND])
    for _ in range(4):
        health.lag({FIRST: WAITING, SECOND: WAITING})
        health.progress(FIRST)
        assert health.why_dead() == []
        wait(health, clock, 20)
    health.lag({FIRST: WAITING, SECOND: WAITING})
    assert health.why_dead() == ["records have waited for 80 s and none has moved in partition 1, limit 60 s"]
    health.progress(SECOND)
    assert health.why_dead() == []


def test_idle_time_before_a_record_does_not_count_as_a_stall(health: Health, clock: Clock) -> None:
    health.assigned([FIRST])
    health.lag({FIRST: NOTHING})
    wait(health, clock, 3_600)
    health.lag({FIRST: WAITING})
    assert health.why_dead() == []


@pytest.mark.parametrize(
    "event",
    [
        lambda health: health.broker_unreachable(),
        lambda health: health.assigned([FIRST]),
        lambda health: health.rebalancing(),
        lambda health: health.lag({FIRST: NOTHING}),
        lambda health: health.lag({FIRST: Lag(1, 0.0)}),
    ],
    ids=["broker away", "assigned anew", "rebalance", "all read", "only a transaction's marker left"],
)
def test_a_stall_begins_anew_after(health: Health, clock: Clock, event: object) -> None:
    assert callable(event)
    health.assigned([FIRST])
    health.lag({FIRST: WAITING})
    wait(health, clock, 100)
    assert health.why_dead() != []
    event(health)
    assert health.why_dead() == []
    wait(health, clock, 100)
    assert health.why_dead() == []
    health.assigned([FIRST])
    health.lag({FIRST: WAITING})
    wait(health, clock, 61)
    assert health.why_dead() != []


def test_lag_of_others_partitions_is_no_stall(health: Health, clock: Clock) -> None:
    health.assigned([FIRST])
    health.lag({SECOND: WAITING})
    wait(health, clock, 100)
    assert health.why_dead() == []


def test_ready_with_model_and_partitions(health: Health) -> None:
    assert health.why_not_ready() == [
        "no model is loaded",
        "the consumer group has not assigned partitions",
    ]
    make_ready(health)
    assert health.why_not_ready() == []


def test_a_standby_is_ready(health: Health) -> None:
    make_ready(health)
    health.rebalancing()
    assert health.why_not_ready() == ["the consumer group has not assigned partitions"]
    health.assigned([])
    assert health.why_not_ready() == []


def test_a_paused_partition_is_not_ready(health: Health) -> None:
    make_ready(health)
    health.paused([SECOND, FIRST])
    assert health.why_not_ready() == ["too many dead letters: partition 0, 1 is paused, and probed by itself"]
    health.paused([])
    assert health.why_not_ready() == []


def test_a_paused_partition_is_no_stall_and_hides_none(health: Health, clock: Clock) -> None:
    health.assigned([FIRST, SECOND])
    health.paused([SECOND])
    health.lag({FIRST: NOTHING, SECOND: WAITING})
    wait(health, clock, 100)
    assert health.why_dead() == []
    health.lag({FIRST: WAITING, SECOND: WAITING})
    for _ in range(3):  # as its probes come and go
        wait(health, clock, 25)
        health.paused([])
        health.paused([SECOND])
    assert health.why_dead() != []


def test_livez_and_readyz_say_what_is_wrong(port: int, health: Health, clock: Clock) -> None:
    response, body = ask(port, "/livez")
    assert (response.status, json.loads(body)) == (200, {"status": "ok", "reasons": []})
    response, body = ask(port, "/readyz?verbose=1")
    assert (response.status, json.loads(body)["reasons"][0]) == (503, "no model is loaded")
    make_ready(health)
    assert ask(port, "/readyz")[0].status == 200
    clock.now += 31
    response, body = ask(port, "/livez")
    assert response.status == 503
    assert json.loads(body)["status"] == "failing"


def test_info_tells_what_runs(port: int, health: Health) -> None:
    assert json.loads(ask(port, "/info")[1])["model"] is None
    make_ready(health)
    health.assigned([("reviews.raw", number) for number in range(20)])
    response, body = ask(port, "/info")
    assert response.getheader("Content-Type") == "application/json"
    assert json.loads(body) == {
        "version": "1.2.3",
        "model": {"version": "2026-01", "sha256": "ab" * 32},
        "group": "review-sentiment",
        "topics": {
            "input": "reviews.raw",
            "results": "reviews.sentiment",
            "dead_letters": "reviews.raw.dlq",
        },
        "guarantee": "at_least_once",
        "started_at": "2026-01-02T03:04:05+00:00",
        "partitions": [{"topic": "reviews.raw", "partition": number} for number in range(20)],
        "pid": os.getpid(),
    }


@pytest.mark.parametrize(
    ("accept", "content_type", "end"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8", b"\n"),
        ("application/openmetrics-text;version=1.0.0", "application/openmetrics-text", b"# EOF\n"),
    ],
)
def test_metrics_in_the_form_that_is_asked_for(port: int, accept: str, content_type: str, end: bytes) -> None:
    response, body = ask(port, "/metrics", headers={"Accept": accept})
    assert response.status == 200
    assert (response.getheader("Content-Type") or "").startswith(content_type)
    assert b'stream_app_build_info{version="1.2.3"} 1.0\n' in body
    assert body.endswith(end)


def test_head_gives_the_headers_alone(port: int) -> None:
    length = ask(port, "/info")[0].getheader("Content-Length")
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(b"HEAD /info HTTP/1.0\r\n\r\n")
        with client.makefile("rb") as stream:
            head, _, body = stream.read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 ")
    assert f"Content-Length: {length}".encode() in head
    assert body == b""


def test_other_paths_and_methods_are_refused(port: int) -> None:
    response, body = ask(port, "/etc/passwd")
    assert response.status == 404
    assert json.loads(body)["paths"] == ["/livez", "/readyz", "/metrics", "/info"]
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        response, _ = ask(port, "/livez", method)
        assert response.status == 405
        assert response.getheader("Allow") == "GET, HEAD"


def test_a_port_in_use_is_told_with_the_settings_names(
    port: int, health: Health, registry: CollectorRegistry
) -> None:
    with pytest.raises(OSError, match=rf"127\.0\.0\.1:{port} \(STREAM_HTTP_HOST, STREAM_HTTP_PORT\)"):
        HealthServer(health, registry, "127.0.0.1", port)


def test_it_listens_on_ipv6(health: Health, registry: CollectorRegistry) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with (
        HealthServer(health, registry, "::1", 0) as server,
        socket.create_connection(("::1", server.port), timeout=30) as client,
    ):
        client.sendall(b"GET /livez HTTP/1.0\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.0 200"


def test_it_answers_while_the_event_loop_is_busy(port: int) -> None:
    answered = threading.Event()
    statuses: list[int] = []

    def probe() -> None:
        statuses.append(ask(port, "/metrics")[0].status)
        answered.set()

    async def compute() -> None:
        threading.Thread(target=probe).start()
        while not answered.is_set():
            pass

    asyncio.run(compute())
    assert statuses == [200]


def test_a_client_that_goes_away_is_not_an_error(port: int) -> None:
    with capture_logs() as logs:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        assert ask(port, "/livez")[0].status == 200
    assert logs == []


def test_clients_that_send_nothing_lock_out_no_probe_and_take_no_more_threads(port: int) -> None:
    address = ("127.0.0.1", port)
    with ExitStack() as slow:
        first = slow.enter_context(socket.create_connection(address, timeout=30))
        for _ in range(150):
            slow.enter_context(socket.create_connection(address, timeout=30)).sendall(b"GET /livez HT")
        assert first.recv(1) == b"", "the oldest makes room"
        assert ask(port, "/livez")[0].status == 200
        mine = [thread for thread in threading.enumerate() if "process_request_thread" in thread.name]
        assert len(mine) <= 70


class BrokenCollector:
    def collect(self) -> Iterable[object]:
        raise RuntimeError("broken")


def test_a_failing_scrape_is_logged_and_does_not_end_the_server(
    port: int, registry: CollectorRegistry
) -> None:
    registry.register(BrokenCollector())  # type: ignore[arg-type] # broken on purpose
    with capture_logs() as logs:
        with pytest.raises(http.client.RemoteDisconnected):
            ask(port, "/metrics")
        assert ask(port, "/livez")[0].status == 200
    assert [entry["event"] for entry in logs] == ["health_request_failed"]


class Readings:
    """A broker's answers, in order: a lag, or an exception."""

    def __init__(self, *answers: Mapping[TopicPartition, Lag] | Exception) -> None:
        self._answers = iter(answers)
        self.exhausted = threading.Event()

    def __call__(self) -> Mapping[TopicPartition, Lag]:
        answer = next(self._answers, None)
        if answer is None:
            self.exhausted.set()
            return {}
        if isinstance(answer, Exception):
            raise answer
        return answer


def new_monitor(
    readings: Readings, registry: CollectorRegistry, health: Health, interval_s: float = 5.0
) -> LagMonitor:
    metrics = Metrics(registry, "1.2.3")
    metrics.assigned([FIRST])
    health.assigned([FIRST])
    return LagMonitor(readings, metrics, health, interval_s)


def test_a_reading_reaches_metrics_and_health(
    registry: CollectorRegistry, health: Health, clock: Clock
) -> None:
    monitor = new_monitor(Readings({FIRST: WAITING}), registry, health)
    monitor.poll()
    assert registry.get_sample_value("stream_app_lag_records", {"topic": FIRST[0], "partition": "0"}) == 5
    wait(health, clock, 61)
    assert health.why_dead() != []


def test_a_broker_out_of_reach_is_logged_once_and_kills_nothing(
    registry: CollectorRegistry, health: Health, clock: Clock
) -> None:
    away = ConnectionError("no broker")
    readings = Readings({FIRST: WAITING}, away, away, away, {FIRST: WAITING}, away)
    monitor = new_monitor(readings, registry, health)
    with capture_logs() as logs:
        for _ in range(6):
            monitor.poll()
            wait(health, clock, 40)
            assert health.why_dead() == []
    assert [(entry["event"], entry.get("detail")) for entry in logs] == [
        ("lag_unreadable", "ConnectionError: no broker"),
        ("lag_readable_again", None),
        ("lag_unreadable", "ConnectionError: no broker"),
    ]


def test_the_monitor_reads_in_a_thread_that_survives_every_exception(
    registry: CollectorRegistry, health: Health
) -> None:
    readings = Readings(ValueError("odd"), KeyError("odd"), {FIRST: WAITING})
    with new_monitor(readings, registry, health, interval_s=0.001):
        assert readings.exhausted.wait(timeout=30)
    assert "lag" not in {thread.name for thread in threading.enumerate()}
    assert registry.get_sample_value("stream_app_lag_records", {"topic": FIRST[0], "partition": "0"}) == 5
