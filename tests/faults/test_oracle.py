"""Workers with a defect: the oracle finds each, and nothing wrong with a worker that has none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_app.kafka.broker import Broker
from stream_app.kafka.reader import committed, end_offsets
from tests import sabotaged_worker
from tests.faults.inputs import inputs
from tests.faults.judgement import breaches
from tests.faults.oracle import LOG_APPEND_TIME, Oracle
from tests.faults.scenario import Outcome
from tests.stream import Stream, stream, wait_until

pytestmark = pytest.mark.broker

COUNT, POISON_EVERY = 1_000, 100


@pytest.fixture
def flow(broker: Broker, topic_name: str, tmp_path: Path) -> Iterator[Stream]:
    with stream(broker.bootstrap_servers, topic_name, tmp_path) as made:
        made.create_topics(2, results=LOG_APPEND_TIME, dead_letters=LOG_APPEND_TIME)
        made.feed(inputs(COUNT, poison_every=POISON_EVERY))
        yield made


def outcome_with(defect: str, flow: Stream) -> Outcome:
    """What the oracle says of a worker that was killed when it had committed every input."""
    worker = flow.start_worker(program=(sabotaged_worker.__file__, defect))
    ends = end_offsets(flow.connection, flow.input)
    wait_until(lambda: committed(flow.connection, flow.group, flow.input) == ends, 120, worker.text)
    worker.kill()
    oracle = Oracle(flow, POISON_EVERY)
    oracle.read_to_the_ends()
    return Outcome(oracle.ledger.close(COUNT), out_of_order=oracle.ledger.out_of_order)


def test_a_worker_without_a_defect_breaks_no_promise(flow: Stream) -> None:
    outcome = outcome_with("none", flow)
    assert breaches(outcome, "at_least_once") == []
    assert (outcome.verdict.results, outcome.verdict.dead_letters) == (990, 10)


@pytest.mark.parametrize("defect", ["ack_before_publish", "swallow_an_error", "skip_a_record"])
def test_an_input_without_an_output_is_found(flow: Stream, defect: str) -> None:
    outcome = outcome_with(defect, flow)
    assert outcome.verdict.lost > 0
    assert outcome.verdict.duplicates == outcome.verdict.strange == outcome.out_of_order == 0
    assert "lost" in breaches(outcome, "at_least_once")[0]


def test_a_repeat_is_found(flow: Stream) -> None:
    outcome = outcome_with("publish_twice", flow)
    assert outcome.verdict.duplicates == COUNT // 50
    assert outcome.verdict.lost == outcome.verdict.strange == outcome.out_of_order == 0


def test_an_answer_to_nobody_is_found(flow: Stream) -> None:
    outcome = outcome_with("answer_under_another_key", flow)
    assert outcome.verdict.strange == outcome.verdict.lost > 0


def test_a_change_of_order_within_a_key_is_found(flow: Stream) -> None:
    outcome = outcome_with("swap_within_a_key", flow)
    assert outcome.out_of_order > 0
    assert outcome.verdict.lost == outcome.verdict.duplicates == outcome.verdict.strange == 0
