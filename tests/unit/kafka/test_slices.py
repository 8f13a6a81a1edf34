from types import SimpleNamespace
from typing import Any

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from stream_app.kafka.offsets import OffsetTracker
from stream_app.kafka.slices import SliceMessage, slicing
from stream_app.kafka.transport import Consumer


def records(partition: int, count: int) -> list[Any]:
    return [SimpleNamespace(partition=partition, offset=offset) for offset in range(count)]


@given(st.dictionaries(st.integers(0, 5), st.integers(0, 40), max_size=4), st.integers(1, 15))
def test_slices_hold_every_record_once_and_in_order(counts: dict[int, int], max_batch: int) -> None:
    fetched = {TP("t", partition): records(partition, count) for partition, count in counts.items()}
    seen: dict[TP, list[int]] = {tp: [] for tp in fetched}
    for tp, part in slicing(max_batch)().iterate(fetched):
        assert 1 <= len(part.records) <= max_batch
        assert {record.partition for record in part.records} == {tp.partition}
        seen[tp] += [record.offset for record in part.records]
    assert seen == {tp: list(range(len(of_partition))) for tp, of_partition in fetched.items()}


def test_partitions_take_turns() -> None:
    fetched = {TP("t", number): records(number, 4) for number in range(2)}
    order = [tp.partition for tp, _ in slicing(2)().iterate(fetched)]
    assert order == [0, 1, 0, 1]


def message(tracker: OffsetTracker, offset: int) -> SliceMessage:
    made = SliceMessage("t", 0, offset, 0.0, 0, None, None, None, None, tp=TP("t", 0))
    made.tracker, made.is_published = tracker, False
    tracker.delivered(offset)
    return made


def consumer() -> Consumer:
    made = Consumer.__new__(Consumer)  # its parts that need an application take no part in an ack
    made._unacked_messages = set()
    made._waiting_for_ack = None
    return made


def test_what_faust_acks_without_its_outputs_is_never_committed() -> None:
    tracker = OffsetTracker()
    skipped, published = message(tracker, 9), message(tracker, 19)
    published.is_published = True
    acking = consumer()
    acking._unacked_messages |= {skipped, published}
    assert acking.ack(skipped)
    assert acking.ack(published)
    assert tracker.committable() is None
    assert not acking._unacked_messages


def test_what_is_published_and_acked_is_committed() -> None:
    tracker = OffsetTracker()
    published = message(tracker, 9)
    published.is_published = True
    consumer().ack(published)
    assert tracker.committable() == 10
