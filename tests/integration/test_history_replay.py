"""A range of the input classified anew: the same results as the stream's, stopped and gone on with."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from stream_app.bundled import bundled
from stream_app.core.messages import decode_result
from stream_app.core.pipeline import Rules
from stream_app.core.scoring import Model
from stream_app.history_replay import HistoryCount, HistoryPlan, HistoryReplay
from stream_app.kafka.broker import Broker
from stream_app.kafka.reader import RawRecord, read
from stream_app.kafka.topic_writer import DeliveryError
from stream_app.kafka.topics import delete
from stream_app.model_store import load_model
from tests.commands import stream_app
from tests.stream import Stream, reviews, stream
from tests.topics import make_topic

pytestmark = pytest.mark.broker

FIRST_MS = 1_795_507_200_000
PARTITIONS = 3


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(bundled("champion"), "inherited")


@pytest.fixture
def flow(broker: Broker, topic_name: str, tmp_path: Path) -> Iterator[Stream]:
    with stream(broker.bootstrap_servers, topic_name, tmp_path) as made:
        for name in (made.input, made.results, made.dead_letters):
            make_topic(made.connection, name, PARTITIONS)
        yield made
        delete(made.connection, [other(made), letters_of(made)])


def other(flow: Stream) -> str:
    return f"{flow.group}.other"


def letters_of(flow: Stream) -> str:
    return f"{flow.group}.other.dlq"


def settings(flow: Stream) -> dict[str, str]:
    return {
        "bootstrap_servers": flow.connection.bootstrap_servers,
        "input_topic": flow.input,
        "result_topic": flow.results,
        "dlq_topic": flow.dead_letters,
        "group_id": flow.group,
    }


def feed(flow: Stream, count: int) -> None:
    """Reviews a second apart, every tenth of them broken."""
    with Producer(flow.connection.confluent_config("test")) as producer:
        for number, (key, value) in enumerate(reviews(count)):
            producer.produce(
                flow.input,
                b"broken" if number % 10 == 9 else value,
                key,
                number % PARTITIONS,
                timestamp=FIRST_MS + number * 1000,
                headers=[("trace", f"t{number}".encode())],
            )


def outputs(flow: Stream, topic: str) -> list[tuple[Any, ...]]:
    """All there is about each record but its offset and time, in order within each partition."""
    found: list[RawRecord] = sorted(read(flow.connection, topic), key=lambda one: (one.partition, one.offset))
    return [(record.partition, record.key, record.value, record.headers) for record in found]


def replay(flow: Stream, *arguments: str) -> tuple[int, dict[str, Any], str]:
    ended = stream_app(
        "replay",
        *("--from", "2026-11-24T08:00", "--to", "2026-11-24T09:00", "--to-topic", other(flow), "--json"),
        *arguments,
        settings=settings(flow),
    )
    return ended.returncode, json.loads(ended.stdout or "{}"), ended.stderr.decode()


def test_results_and_dead_letters_are_the_streams_byte_for_byte(flow: Stream) -> None:
    feed(flow, 1_000)
    worker = flow.start_worker()
    flow.wait_for_outputs(1_000)
    assert worker.terminate() == 0
    code, count, told = replay(flow, "--dead-letters-to", letters_of(flow))
    assert code == 0, told
    assert (count["offsets"], count["done"], count["results"]) == (1_000, 1_000, 900)
    assert count["dead_letters"] == {"not_json": 100}
    assert outputs(flow, other(flow)) == outputs(flow, flow.results)
    assert outputs(flow, letters_of(flow)) == outputs(flow, flow.dead_letters)
    assert f"{other(flow)}: created" in told
    code, second, told = replay(flow)
    assert (code, second["results"], second["dead_letters"]) == (1, 900, {"not_json": 100})
    assert second["group"] != count["group"]
    assert f"{other(flow)}: exists" in told


def plan_of(flow: Stream, from_s: int = 0, to_s: int = 3_600) -> HistoryPlan:
    return HistoryPlan(flow.input, FIRST_MS + from_s * 1000, FIRST_MS + to_s * 1000, other(flow))


def run(flow: Stream, model: Model, plan: HistoryPlan, *, again: bool = False) -> HistoryCount:
    with HistoryReplay(flow.connection, plan, flow.group) as one:
        return one.run(model, Rules(), again=again)


def test_only_the_range_is_classified(flow: Stream, model: Model) -> None:
    feed(flow, 60)
    make_topic(flow.connection, other(flow), PARTITIONS)
    assert run(flow, model, plan_of(flow, 20, 40)).offsets == 20
    results = [decode_result(record.value or b"") for record in read(flow.connection, other(flow))]
    assert sorted(int(result.review_id[1:]) for result in results) == [
        number for number in range(20, 40) if number % 10 != 9
    ]


def test_a_second_run_has_nothing_left_to_do_unless_asked(flow: Stream, model: Model) -> None:
    feed(flow, 30)
    make_topic(flow.connection, other(flow), PARTITIONS)
    first, second = (run(flow, model, plan_of(flow)) for _ in range(2))
    assert (first.before, first.results, first.dead_letters) == (0, 27, {"not_json": 3})
    assert (second.before, second.done, second.results) == (30, 30, 0)
    again = run(flow, model, plan_of(flow), again=True)
    assert (again.before, again.results) == (0, 27)


def test_an_empty_range_is_done_at_once(flow: Stream, model: Model) -> None:
    feed(flow, 10)
    make_topic(flow.connection, other(flow), PARTITIONS)
    count = run(flow, model, plan_of(flow, 1_800))
    assert (count.offsets, count.done, count.results) == (0, 0, 0)


class StoppedError(Exception):
    pass


def test_stopped_in_the_middle_it_goes_on_there(
    flow: Stream, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(flow, 2_000)
    make_topic(flow.connection, other(flow), PARTITIONS)
    plan = plan_of(flow)

    def only(*arguments: Any, **options: Any) -> Iterator[RawRecord]:  # noqa: ANN401 - as `read` takes them
        yield from islice(read(*arguments, **options), 3 * 256)
        raise StoppedError

    with monkeypatch.context() as patched, HistoryReplay(flow.connection, plan, flow.group) as first:
        patched.setattr("stream_app.history_replay.read", only)
        with pytest.raises(StoppedError):
            first.run(model, Rules())
    counts: list[HistoryCount] = []
    with HistoryReplay(flow.connection, plan, flow.group, counts.append) as second:
        count = second.run(model, Rules())
    assert (count.before, count.done, counts[-1]) == (768, 2_000, count)
    results = [decode_result(record.value or b"") for record in read(flow.connection, other(flow))]
    assert len({result.result_id for result in results}) == len(results) == 1_800


def test_what_the_broker_refuses_is_not_counted_as_done(flow: Stream, model: Model) -> None:
    feed(flow, 300)
    make_topic(flow.connection, other(flow), PARTITIONS)
    plan = plan_of(flow)
    with HistoryReplay(flow.connection, plan, flow.group) as refused:
        flow.set_config(other(flow), max_message_bytes="100")
        with pytest.raises(DeliveryError, match=other(flow)):
            refused.run(model, Rules())
    flow.set_config(other(flow), max_message_bytes="1048588")
    with HistoryReplay(flow.connection, plan, flow.group) as again:
        count = again.run(model, Rules())
    assert count.before == 0
    ids = {decode_result(one.value or b"").review_id for one in read(flow.connection, other(flow))}
    assert len(ids) == 270
