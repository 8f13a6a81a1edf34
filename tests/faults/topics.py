"""Faults that a person brings about at the topics, the rights and the group of a stream."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final, NamedTuple

from confluent_kafka import KafkaException
from confluent_kafka.admin import AclOperation, ResourceType

from stream_app.kafka.broker import local_broker
from stream_app.kafka.deletion import delete_records
from stream_app.kafka.reader import end_offsets
from tests.faults.administration import (
    add_partitions,
    create_output_topic,
    delete_topic,
    has_open_transaction,
    set_offsets,
)
from tests.faults.oracle import LOG_APPEND_TIME
from tests.faults.scenario import Outcome, Scenario, Stage
from tests.faults.small_disk import small_disk
from tests.faults.supervision import Supervisor
from tests.faults.trial import PER_S, POISON_EVERY, REPEATS, Trial, trial
from tests.secured_broker import Right, secured_broker
from tests.stream import PATIENCE_S, WorkerProcess

_COUNT: Final = 5_000
_PARTITIONS: Final = 4
_ABSENT_S: Final = 3.0
_SETTLE_S: Final = 1.0
_MOMENT_S: Final = 0.05
_DEFAULT_LIMIT: Final = "1048588"


class Course(NamedTuple):
    """What a fault acts on."""

    run: Trial
    supervisor: Supervisor


@contextmanager
def _course(stage: Stage, count: int = _COUNT) -> Iterator[Course]:
    """A trial in mid-stream, with a worker that is kept running."""
    with trial(stage, count) as run:
        supervisor = Supervisor(run.start_worker)
        run.feed(until=PER_S)
        yield Course(run, supervisor)


def _outcome(course: Course) -> Outcome:
    """The fault ends now."""
    outcome = course.run.outcome(time.time(), tend=course.supervisor.tend)
    return outcome._replace(note=course.supervisor.told())


def _message_too_large(stage: Stage) -> Outcome:
    with _course(stage) as course:
        run, supervisor = course
        run.flow.set_config(run.flow.results, max_message_bytes="700")
        code = supervisor.worker.wait()
        assert code == 75, supervisor.log()
        run.flow.set_config(run.flow.results, max_message_bytes=_DEFAULT_LIMIT)
        supervisor.tend()
        return _outcome(course)


def _not_authorised(stage: Stage) -> Outcome:
    with (
        secured_broker(stage.folder) as secured,
        stage.stream(secured.bootstrap_servers) as flow,
    ):
        flow.create_topics(results=LOG_APPEND_TIME, dead_letters=LOG_APPEND_TIME)
        run = Trial(secured.broker, flow, _COUNT, POISON_EVERY)
        for right in _rights(run):
            secured.grant("worker", right)
        supervisor = Supervisor(lambda: run.start_worker(**secured.login("PLAIN")))
        run.feed(until=PER_S)
        writing = (ResourceType.TOPIC, flow.results, AclOperation.WRITE)
        secured.revoke("worker", writing)
        supervisor.wait_until(lambda: bool(supervisor.exit_codes))
        supervisor.watch(_ABSENT_S)
        secured.grant("worker", writing)
        return _outcome(Course(run, supervisor))


def _rights(run: Trial) -> Iterator[Right]:
    flow = run.flow
    yield ResourceType.GROUP, flow.group, AclOperation.READ
    yield ResourceType.TRANSACTIONAL_ID, flow.group, AclOperation.WRITE
    yield ResourceType.TOPIC, flow.input, AclOperation.READ
    for output in (flow.results, flow.dead_letters):
        yield ResourceType.TOPIC, output, AclOperation.WRITE
    for topic in (flow.input, flow.results, flow.dead_letters):
        yield ResourceType.TOPIC, topic, AclOperation.DESCRIBE_CONFIGS


def _deleted(stage: Stage, topic_of: Callable[[Trial], str], partitions: int) -> Outcome:
    """The topic goes between two outputs, so that the account knows all that it held."""
    with _course(stage) as course:
        run, supervisor = course
        topic = topic_of(run)
        with _suspended(run, supervisor.worker):
            run.oracle.read_on()
            delete_topic(run.flow, topic)
        supervisor.watch(_ABSENT_S)
        create_output_topic(run.flow, topic, partitions)
        run.oracle.made_anew(topic)
        return _outcome(course)


@contextmanager
def _suspended(run: Trial, worker: WorkerProcess) -> Iterator[None]:
    """Nothing is on its way to the broker in the block, and no transaction is open."""
    worker.send(signal.SIGSTOP)
    time.sleep(_SETTLE_S)
    while any(has_open_transaction(run.flow, name) for name in (run.flow.results, run.flow.dead_letters)):
        worker.send(signal.SIGCONT)
        time.sleep(_MOMENT_S)
        worker.send(signal.SIGSTOP)
        time.sleep(_SETTLE_S)
    yield
    worker.send(signal.SIGCONT)


def _fewer_result_partitions(stage: Stage) -> Outcome:
    with trial(stage) as run:
        delete_topic(run.flow, run.flow.results)
        create_output_topic(run.flow, run.flow.results, 2)
        run.start_workers(1)
        run.feed(until=PER_S)
        return run.outcome()


def _partitions_added(stage: Stage) -> Outcome:
    with _course(stage) as course:
        run, supervisor = course
        supervisor.wait_until(lambda: run.has_put_out(_COUNT))
        run.oracle.read_on()  # a key may go to another partition from now on
        add_partitions(run.flow, run.flow.input, 2 * _PARTITIONS)
        added_at = time.time()
        run.feed_more(_COUNT)
        supervisor.wait_until(lambda: run.has_put_out(2 * _COUNT), PATIENCE_S)
        return run.outcome(added_at, supervisor.told(), supervisor.tend)


def _offsets_reset(stage: Stage, back: Callable[[int], int]) -> Outcome:
    with _course(stage) as course:
        run, supervisor = course
        supervisor.wait_until(lambda: run.has_put_out(_COUNT))
        assert supervisor.worker.terminate() == 0
        ends = end_offsets(run.flow.connection, run.flow.input)
        offsets = {number: back(end) for number, end in ends.items()}
        set_offsets(run.flow, offsets)
        asked = sum(end - offsets[number] for number, end in ends.items())
        run.start_worker()
        supervisor.wait_until(lambda: run.has_put_out(_COUNT + asked))
        outcome = run.outcome(note=f"{asked:,} asked for; {_readers(run)}")
        return outcome._replace(asked_again=asked)


def _readers(run: Trial) -> str:
    """What readers see who drop repeated result ids."""
    results = run.flow.decoded_results()
    ids = {result.result_id for result in results}
    reviews = {result.review_id for result in results}
    assert len(ids) == len(reviews), "a repeated result has another id"
    return "0 repeated for readers who drop repeated `result_id`s"


def _offsets_reset_on_a_live_group(stage: Stage) -> Outcome:
    with _course(stage) as course:
        try:
            set_offsets(course.run.flow, dict.fromkeys(range(_PARTITIONS), 0))
        except KafkaException as refusal:
            name = refusal.args[0].name()
        else:
            raise AssertionError("the broker let the offsets of a live group be set")
        return course.run.outcome(note=f"refused: {name}", tend=course.supervisor.tend)


def _records_deleted(stage: Stage, *, is_stopped: bool) -> Outcome:
    """The group is behind by what is fed meanwhile, and that goes; more is fed behind it."""
    with _course(stage, PER_S * 12) as course:
        run, supervisor = course
        if is_stopped:
            assert supervisor.worker.terminate() == 0
        else:
            supervisor.worker.send(signal.SIGSTOP)
        time.sleep(_ABSENT_S / 2)
        delete_records(run.flow.connection, run.flow.input, end_offsets(run.flow.connection, run.flow.input))
        supervisor.worker.send(signal.SIGCONT)
        supervisor.tend()
        outcome = run.outcome(time.time(), "", supervisor.tend, lambda: _told_as_lost(supervisor))
        assert outcome.destroyed > 0, "the worker was quicker than the fault"
        return outcome


def _disk_full(stage: Stage) -> Outcome:
    with (
        small_disk(stage.folder) as disk,
        local_broker(port=0, data=disk.folder / "broker", say=print) as broker,
        stage.stream(broker.bootstrap_servers) as flow,
    ):
        flow.create_topics(results=LOG_APPEND_TIME, dead_letters=LOG_APPEND_TIME)
        run = Trial(broker, flow, _COUNT, POISON_EVERY)
        supervisor = Supervisor(run.start_worker)
        run.feed(until=PER_S)
        disk.fill()
        supervisor.wait_until(lambda: not broker.is_running)
        supervisor.watch(_ABSENT_S)
        disk.free()
        broker.start()
        return _outcome(Course(run, supervisor))


def _told_as_lost(supervisor: Supervisor) -> int:
    """How many records `offsets_lost_to_retention` has told of."""
    events = [json.loads(line) for line in supervisor.log().splitlines() if line.startswith("{")]
    return sum(event["count"] for event in events if event["event"] == "offsets_lost_to_retention")


def _scenario(  # noqa: PLR0913 - the columns of a row
    name: str,
    done: str,
    seen: str,
    run: Callable[[Stage], Outcome],
    repeats: int = 0,
    *,
    is_slow: bool = False,
) -> Scenario:
    return Scenario(name, "Topics", done, seen, run, is_slow, repeats)


SCENARIOS: Final = (
    _scenario(
        "message_too_large",
        "`max.message.bytes` of the results topic is lowered to 700, and set back when the worker has ended",
        "`slice_failed` with MessageSizeTooLarge, exit code 75; its supervisor starts it again.",
        _message_too_large,
        REPEATS,
    ),
    _scenario(
        "not_authorised",
        "the right to write results is taken from the worker, and given back 3 s after it has ended",
        "`slice_failed` with TopicAuthorizationFailed, exit code 78, at each start until it is given back.",
        _not_authorised,
        REPEATS,
    ),
    _scenario(
        "results_topic_deleted",
        "the results topic is deleted, and created again 3 s later",
        "Lag grows; the worker goes on when the topic is there. What the topic held is gone with it.",
        partial(_deleted, topic_of=lambda run: run.flow.results, partitions=_PARTITIONS),
        REPEATS,
    ),
    _scenario(
        "results_topic_created_again_with_fewer_partitions",
        "the same, with 2 partitions in the place of 4",
        "`slice_failed` with UnknownTopicOrPartitionError, which tells both numbers, exit code 75; the next "
        "worker uses the partitions that there are.",
        partial(_deleted, topic_of=lambda run: run.flow.results, partitions=2),
        REPEATS,
    ),
    _scenario(
        "dead_letter_topic_deleted",
        "the dead-letter topic is deleted, and created again 3 s later",
        "As with the results topic.",
        partial(_deleted, topic_of=lambda run: run.flow.dead_letters, partitions=_PARTITIONS),
        REPEATS,
    ),
    _scenario(
        "fewer_result_partitions_than_inputs",
        "the results topic has 2 partitions, the input 4",
        "`topics --check` warns; results go by their key's hash.",
        _fewer_result_partitions,
    ),
    _scenario(
        "partitions_added_to_the_input",
        "the input gets 8 partitions in the place of 4, and is fed on at once",
        "`partitions_assigned` at the next metadata refresh; the new ones are read from their start.",
        _partitions_added,
    ),
    _scenario(
        "offsets_reset_to_the_beginning",
        "the worker is stopped and its group set to the beginning",
        "Everything is classified again; the results have the same `result_id`s.",
        partial(_offsets_reset, back=lambda _: 0),
    ),
    _scenario(
        "offsets_reset_to_an_earlier_offset",
        "the worker is stopped and its group set back by 100 records a partition",
        "These are classified again; the results have the same `result_id`s.",
        partial(_offsets_reset, back=lambda end: max(end - 100, 0)),
    ),
    _scenario(
        "offsets_reset_on_a_live_group",
        "the group of a running worker is to be set to the beginning",
        "The broker refuses it; the worker notices nothing.",
        _offsets_reset_on_a_live_group,
    ),
    _scenario(
        "records_deleted_ahead_of_a_stopped_worker",
        "the worker is stopped; DeleteRecords takes what it has not read",
        "`offsets_lost_to_retention` and `stream_app_offset_gaps_total` tell how many; it goes on behind.",
        partial(_records_deleted, is_stopped=True),
    ),
    _scenario(
        "records_deleted_ahead_of_a_slow_worker",
        "the worker hangs (SIGSTOP); DeleteRecords takes what it has not read",
        "The same, without a restart.",
        partial(_records_deleted, is_stopped=False),
        REPEATS,
    ),
    _scenario(
        "disk_of_the_broker_full",
        "the disk of the only broker is filled, and freed 3 s after the broker has ended; then it is started",
        "The broker ends by itself. Lag grows, `lag_unreadable`; the worker waits and goes on.",
        _disk_full,
        REPEATS,
    ),
)
