"""The stack of docker-compose.yml, built and run for real: reviews from the host, results on the host."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, Message, Producer

from tests.api import ask
from tests.stream import FeedRecord, Stream, reviews, wait_until

REPOSITORY = Path(__file__).parents[2]
MEGABYTE = 1_000_000
OPTIONAL = ("alertmanager", "grafana", "mlflow", "ui")

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]


class Compose:
    """A compose project of its own: other ports, other volumes, no settings from outside."""

    def __init__(self) -> None:
        self._project = f"test-compose-{uuid.uuid4().hex[:10]}"
        ports = ("KAFKA_PORT", "API_PORT", "PROMETHEUS_PORT", "ALERTMANAGER_PORT", "GRAFANA_PORT")
        self._ports = {name: _free_port() for name in ports}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
        self._environment = {**kept, "VERSION": "test"} | {k: str(v) for k, v in self._ports.items()}

    @property
    def bootstrap_servers(self) -> str:
        return f"localhost:{self._ports['KAFKA_PORT']}"

    def run(self, *arguments: str) -> str:
        """What `docker compose` printed to stdout; a failure shows the rest."""
        options = ("--env-file", os.devnull, "--project-name", self._project)
        return _output("compose", *options, *arguments, environment=self._environment)

    def up(self) -> None:
        """Every service is there and healthy. What is not needed is left out where its image is absent."""
        services = self.config()["services"]
        meant = [name for name in OPTIONAL if "profiles" not in services[name]]
        absent = [name for name in meant if not _has_image(services[name]["image"])]
        left_out = [f"--scale={name}=0" for name in absent]
        self.run("up", "--detach", "--wait", "--pull", "never", *left_out)

    def config(self) -> dict[str, Any]:
        """The file as compose reads it."""
        read: dict[str, Any] = json.loads(self.run("--profile", "*", "config", "--format", "json"))
        return read

    def in_worker(self, *command: str) -> str:
        """What a command in the first worker's container printed."""
        return self.run("exec", "--no-TTY", "worker", *command)

    def inspect(self, service: str, field: str) -> str:
        """A field of the first container of a service, running or not."""
        container = self.run("ps", "--all", "--quiet", service).split()[0]
        return _output("inspect", "--format", f"{{{{{field}}}}}", container).strip()

    def scraped(self) -> list[str]:
        """The health of each of Prometheus' targets."""
        address = f"http://127.0.0.1:{self._ports['PROMETHEUS_PORT']}/api/v1/targets"
        with urllib.request.urlopen(address, timeout=5) as answer:
            return [target["health"] for target in json.load(answer)["data"]["activeTargets"]]

    @property
    def api_port(self) -> int:
        return self._ports["API_PORT"]

    def logs(self) -> str:
        return self.run("logs", "--tail", "40")


@pytest.fixture(scope="module")
def stack() -> Iterator[Compose]:
    """The stack, up; all that it left is removed afterwards."""
    if reason := _missing():
        pytest.skip(reason)
    compose = Compose()
    try:
        compose.run("build")
        compose.up()
        yield compose
    finally:
        print(compose.logs())  # noqa: T201 - pytest shows it beside a failure
        compose.run("--profile", "*", "down", "--volumes", "--timeout", "20")


@pytest.fixture
def reviews_stream(stack: Compose, tmp_path: Path) -> Stream:
    """The topics of the stack, seen from the host."""
    stream = Stream(stack.bootstrap_servers, "reviews", tmp_path)
    stream.dead_letters = "reviews.raw.dlq"
    return stream


def test_no_review_is_lost_while_workers_join_and_the_broker_restarts(
    stack: Compose, reviews_stream: Stream
) -> None:
    before = reviews_stream.verdict().reviews

    with ThreadPoolExecutor(1) as pool:
        fed = pool.submit(_feed_through_a_restart, reviews_stream, list(reviews(3_000)), 150)
        stack.run("scale", "--no-deps", "worker=3")
        stack.run("restart", "--no-deps", "kafka")
        fed.result()

    wait_until(lambda: reviews_stream.verdict().lost == 0, 90, stack.logs)
    verdict = reviews_stream.verdict()
    # What the feed could not be sure of it sent again.
    assert (verdict.reviews - before >= 3_000, verdict.dead_letters, verdict.strange) == (True, 0, 0)
    classified = {result.review_id for result in reviews_stream.decoded_results()}
    assert classified >= {f"r{number}" for number in range(3_000)}


def test_down_and_up_again_loses_nothing_and_repeats_nothing(stack: Compose, reviews_stream: Stream) -> None:
    reviews_stream.feed(reviews(500))
    wait_until(lambda: reviews_stream.verdict().lost == 0, 60, stack.logs)
    before = reviews_stream.verdict()

    stack.run("down")
    stack.up()

    assert reviews_stream.verdict() == before
    reviews_stream.feed(reviews(500))
    wait_until(lambda: reviews_stream.verdict().lost == 0, 60, stack.logs)
    after = reviews_stream.verdict()
    assert (after.reviews, after.duplicates) == (before.reviews + 500, before.duplicates)


def test_prometheus_scrapes_the_api_and_every_worker(stack: Compose) -> None:
    stack.run("scale", "--no-deps", "worker=1")
    stack.run("--profile", "scale", "up", "--detach", "--no-deps", "--pull", "never", "more-workers")

    wait_until(lambda: stack.scraped() == ["up"] * 4, 60, stack.logs)
    stack.run("--profile", "scale", "rm", "--stop", "--force", "more-workers")


def test_the_demo_profile_feeds_reviews(stack: Compose, reviews_stream: Stream) -> None:
    before = reviews_stream.verdict().results

    stack.run("--profile", "demo", "up", "--detach", "--no-deps", "--pull", "never", "feed")
    wait_until(lambda: reviews_stream.verdict().results >= before + 500, 60, stack.logs)
    stack.run("stop", "feed")

    wait_until(lambda: reviews_stream.verdict().lost == 0, 60, stack.logs)
    assert reviews_stream.verdict().dead_letters == 0


def test_the_api_classifies_and_shows_its_page(stack: Compose) -> None:
    answer = ask(stack.api_port, "POST", "/v1/classify", {"text": "The sound is great. The battery is poor!"})

    assert [sentence["label"] for sentence in answer.json["sentences"]] == ["positive", "negative"]
    assert ask(stack.api_port, "GET", "/info").json["live"] is True
    assert b"<title>Review sentiment</title>" in ask(stack.api_port, "GET", "/").body
    assert ask(stack.api_port, "GET", "/page/page.js").status == 200


def test_a_worker_drains_when_it_is_stopped(stack: Compose) -> None:
    stack.run("stop", "worker")
    code = stack.inspect("worker", ".State.ExitCode")
    stack.up()

    assert code == "0"


def test_the_worker_may_do_little_and_needs_little(stack: Compose) -> None:
    status = stack.in_worker("cat", "/proc/1/status")

    assert stack.in_worker("id", "-u").strip() == "10001"
    assert _status(status, "CapEff") == _status(status, "CapBnd") == "0" * 16
    assert _status(status, "NoNewPrivs") == "1"
    assert stack.inspect("worker", ".HostConfig.ReadonlyRootfs") == "true"
    assert int(_status(status, "VmRSS").removesuffix(" kB")) < 350_000
    tools = ["pip", "gcc", "make", "git", "curl"]
    assert stack.in_worker("sh", "-c", f"command -v {' '.join(tools)} || true") == ""


def test_the_worker_compiles_nothing(stack: Compose) -> None:
    code = """
from stream_app.core import sentence_scan, terms
for loop in terms._compiled_index(), sentence_scan._compiled_scan():
    print(sum(loop.stats.cache_hits.values()))
"""
    assert stack.in_worker("python", "-c", code).split() == ["1", "1"]


def test_the_image_is_small_and_says_what_it_is(stack: Compose) -> None:
    image = stack.config()["services"]["worker"]["image"]
    labels = json.loads(_output("image", "inspect", "--format", "{{json .Config.Labels}}", image))

    assert int(_output("image", "inspect", "--format", "{{.Size}}", image)) < 900 * MEGABYTE
    assert labels["org.opencontainers.image.version"] == "test"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"


def test_every_service_is_pinned_bounded_and_reached_from_this_machine_alone(stack: Compose) -> None:
    for name, service in stack.config()["services"].items():
        assert re.search(r":(test|v?\d+\.\d+\.\d+)$", service["image"]), name
        assert service["mem_limit"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert {port["host_ip"] for port in service.get("ports", [])} <= {"127.0.0.1"}, name


def _feed_through_a_restart(stream: Stream, records: list[FeedRecord], per_s: float) -> None:
    """Feed at a rate; what a client could not deliver goes to a new one.

    A client that saw a partition without a leader, as when a lone broker comes up, may never send to it again
    (librdkafka issue 5430).
    """
    for _ in range(4):
        records = _undelivered(stream, records, per_s)
    assert not records


def _undelivered(stream: Stream, records: list[FeedRecord], per_s: float) -> list[FeedRecord]:
    """What a client of its own could not deliver of these records."""
    producer = Producer(stream.connection.confluent_config("test") | {"message.timeout.ms": 20_000})
    failed: list[FeedRecord] = []

    def settle(record: FeedRecord, error: KafkaError | None, _: Message) -> None:
        if error:
            failed.append(record)

    begun = time.monotonic()
    for number, record in enumerate(records):
        time.sleep(max(begun + number / per_s - time.monotonic(), 0))
        key, value = record
        producer.produce(stream.input, value, key=key, on_delivery=partial(settle, record))
        producer.poll(0)
    producer.flush()
    return failed


def _missing() -> str:
    """What it takes to run the stack and is not here; empty when all is."""
    if not shutil.which("docker"):
        return "no docker command: install Docker"
    if _docker("info").returncode:
        return "no docker engine answers: start Docker"
    if _docker("compose", "version").returncode:
        return "no docker compose: install its plugin"
    services = Compose().config()["services"]
    used = {of["image"] for name, of in services.items() if name not in OPTIONAL}
    used -= {services["topics"]["image"]}
    absent = [image for image in [_base_image(), *sorted(used)] if not _has_image(image)]
    return f"no image {', '.join(absent)}: `docker pull` gets it" if absent else ""


def _base_image() -> str:
    found = re.search(r"^ARG PYTHON_IMAGE=(\S+)", (REPOSITORY / "Dockerfile").read_text(), re.MULTILINE)
    assert found, "Dockerfile: expected ARG PYTHON_IMAGE=…"
    return found[1]


def _has_image(name: str) -> bool:
    return not _docker("image", "inspect", name).returncode


def _output(*arguments: str, environment: dict[str, str] | None = None) -> str:
    done = _docker(*arguments, environment=environment)
    assert done.returncode == 0, f"docker {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}"
    return done.stdout


def _docker(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("docker") or "docker", *arguments],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _status(text: str, name: str) -> str:
    """A field of /proc/PID/status."""
    return next(line.split("\t", 1)[1].strip() for line in text.splitlines() if line.startswith(f"{name}:"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
