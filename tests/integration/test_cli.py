"""The commands that talk to a broker."""

import gzip
import json
from pathlib import Path

import pytest

from stream_app.kafka.broker import Broker
from tests.commands import stream_app
from tests.stream import stream

pytestmark = pytest.mark.broker

NOBODY = "127.0.0.1:1"


def topics_of(prefix: str) -> dict[str, str]:
    return {
        "input_topic": f"{prefix}.raw",
        "result_topic": f"{prefix}.sentiment",
        "dlq_topic": f"{prefix}.raw.dlq",
        "group_id": prefix,
    }


def test_from_a_file_to_the_terminal(broker: Broker, topic_name: str, tmp_path: Path) -> None:
    settings = {"bootstrap_servers": broker.bootstrap_servers, **topics_of(topic_name)}
    first = stream_app("topics", "create", "--partitions", "3", settings=settings)
    assert first.returncode == 0
    assert first.stdout.decode().split() == [
        f"{topic_name}.raw:",
        "created",
        f"{topic_name}.sentiment:",
        "created",
        f"{topic_name}.raw.dlq:",
        "created",
    ]
    assert b"exists" in stream_app("topics", "create", settings=settings).stdout
    file = tmp_path / "reviews.jsonl.gz"
    with gzip.open(file, "wt") as lines:
        lines.write('{"review_id": 1, "text": "I love it."}\n{"review_id": 2, "text": " "}\n')
    fed = stream_app("produce", str(file), "--json", settings=settings)
    assert fed.returncode == 0, fed.stderr
    assert json.loads(fed.stdout)["acked"] == 2
    with stream(broker.bootstrap_servers, topic_name, tmp_path) as flow:
        flow.dead_letters = f"{topic_name}.raw.dlq"
        flow.start_worker()
        flow.wait_for_outputs(2)
        consumed = stream_app("consume", "--json", settings=settings)
        assert json.loads(consumed.stdout)["review_id"] == "1"
        assert b"I love it." in stream_app("consume", settings=settings).stdout
        (letter,) = map(
            json.loads, stream_app("dlq", "list", "--json", settings=settings).stdout.splitlines()
        )
        assert (letter["reason"], letter["topic"]) == ("blank_text", f"{topic_name}.raw")
        assert b"blank_text 1" in stream_app("dlq", "list", settings=settings).stderr


def test_check_tells_what_is_wrong_with_the_topics(broker: Broker, topic_name: str) -> None:
    settings = {"bootstrap_servers": broker.bootstrap_servers, **topics_of(topic_name)}
    absent = stream_app("topics", "check", settings=settings)
    assert absent.returncode == 78
    assert f"error: {topic_name}.raw".encode() in absent.stdout
    assert b"stream-app topics create" in absent.stdout
    stream_app("topics", "create", settings=settings)
    assert stream_app("topics", "check", settings=settings).returncode == 0


def test_a_worker_without_its_topics_says_what_to_do(broker: Broker, topic_name: str) -> None:
    settings = {"bootstrap_servers": broker.bootstrap_servers, "http_port": "0", **topics_of(topic_name)}
    ended = stream_app("worker", settings=settings)
    assert ended.returncode == 78
    assert f"{topic_name}.raw".encode() in ended.stderr
    assert b"stream-app topics create" in ended.stderr


@pytest.mark.parametrize("command", [["topics", "create"], ["topics", "check"], ["consume"], ["dlq", "list"]])
def test_without_a_broker_a_command_says_so(command: list[str]) -> None:
    ended = stream_app(*command, settings={"bootstrap_servers": NOBODY})
    assert ended.returncode == 69
    assert NOBODY.encode() in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_the_demo_accounts_for_every_review(broker: Broker) -> None:
    ended = stream_app("demo", "--bootstrap-servers", broker.bootstrap_servers, within_s=120)
    assert ended.returncode == 0, ended.stderr
    summary = json.loads(ended.stdout.splitlines()[-1])
    figures = {name: summary[name] for name in ("reviews", "results", "dead_letters", "lost", "duplicates")}
    assert figures == {"reviews": 2005, "results": 2000, "dead_letters": 5, "lost": 0, "duplicates": 0}
    assert 0 < summary["p50_ms"] <= summary["p99_ms"]
