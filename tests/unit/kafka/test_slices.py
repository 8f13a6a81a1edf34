import asyncio
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import IllegalStateError
from aiokafka.structs import TopicPartition
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from stream_app.kafka.consumer import Consumer
from stream_app.kafka.offsets import OffsetTracker
from stream_app.kafka.requests import Membership
from stream_app.kafka.slices import MAX_SLICE_BYTES, Slice, SliceMessage, cut, slicing


def records(partition: int, count: int) -> list[Any]:
    return [SimpleNamespace(partition=partition, offset=offset, value=b"") for offset in range(count)]


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


def test_large_records_make_slices_of_few() -> None:
    sizes = [200_000, 200_000, 100_000, 1, 800_000, 3, None, 499_998]
    held = [SimpleNamespace(value=None if size is None else bytes(size)) for size in sizes]
    parts = list(cut(held, 256))
    found = [[len(record.value or b"") for record in part] for part, _ in parts]
    assert found == [[200_000, 200_000, 100_000], [1], [800_000], [3, 0], [499_998]]
    assert [value_bytes for _, value_bytes in parts] == [sum(part) for part in found]


def message(tracker: OffsetTracker, offset: int) -> SliceMessage:
    made = SliceMessage("t", 0, offset, 0.0, 0, None, None, None, None, tp=TP("t", 0))
    made.tracker, made.is_published = tracker, False
    made.epoch = tracker.delivered(offset)
    return made


def consumer() -> Consumer:
    made = Consumer.__new__(Consumer)  # its parts that need an application take no part in an ack
    made._unacked_messages = set()
    made._waiting_for_ack = None
    made._trackers, made._rewinds = defaultdict(OffsetTracker), {}
    made._taken_over, made._thrown_away = set(), {}
    made._active_partitions, made._paused_partitions, made._buffered_partitions = set(), set(), set()
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


def test_what_was_delivered_behind_a_pause_is_stale_and_nothing_else_is() -> None:
    pausing, tp = consumer(), TP("t", 0)
    pausing._active_partitions = {tp, TP("t", 1)}
    tracker = pausing._trackers[tp]
    last, behind = message(tracker, 9), message(tracker, 19)
    pausing.pause_behind(last)
    assert behind.is_stale
    assert pausing._rewinds == {tp: 10}
    assert (pausing._active_partitions, pausing._paused_partitions) == ({TP("t", 1)}, {tp})
    assert not message(tracker, 19).is_stale
    assert not message(pausing._trackers[TP("t", 1)], 5).is_stale


def test_a_pause_that_comes_after_the_partition_was_given_up_is_none() -> None:
    pausing, tp = consumer(), TP("t", 0)
    pausing._active_partitions = {tp}
    pausing.pause_behind(message(OffsetTracker(), 9))
    assert (pausing._active_partitions, pausing._rewinds) == ({tp}, {})


def test_a_buffer_that_has_room_again_ends_no_pause() -> None:
    pausing, paused, other = consumer(), TP("t", 0), TP("t", 1)
    pausing._buffered_partitions = {paused, other}
    pausing._paused_partitions = {paused}
    pausing.on_buffer_drop(paused)
    pausing.on_buffer_drop(other)
    assert pausing._active_partitions == {other}
    assert not pausing._buffered_partitions


def test_a_pause_during_a_fetch_does_not_make_it_a_fetch_of_everything() -> None:
    fetching: Any = consumer()  # Any: its ways into Faust are replaced
    tp = TP("t", 0)
    fetching.flow_active, fetching._active_partitions = True, {tp}
    asked: list[set[TP]] = []

    async def getmany(active_partitions: set[TP], timeout: float) -> dict[TP, Any]:  # noqa: ASYNC109 - Faust's signature
        fetching.pause_partitions({tp})
        asked.append(active_partitions)
        return {tp: [timeout]}

    fetching._getmany = getmany
    _, active = asyncio.run(fetching._wait_next_records(1.0))
    assert asked == [{tp}], "aiokafka takes an empty set for all partitions"
    assert active == set(), "and what came of the paused partition is not handed on"


@pytest.mark.parametrize(
    ("full", "paused", "waits_s"),
    [(set(), set(), 1.0), ({TP("t", 1)}, set(), 0.01), ({TP("t", 1)}, {TP("t", 1)}, 1.0)],
)
def test_a_fetch_waits_long_only_when_no_other_partition_waits_for_its_buffer(
    full: set[TP], paused: set[TP], waits_s: float
) -> None:
    fetching: Any = consumer()  # Any: its ways into Faust are replaced
    fetching.flow_active, fetching._active_partitions = True, {TP("t", 0)}
    fetching._buffered_partitions, fetching._paused_partitions = full, paused
    asked: list[float] = []

    async def getmany(active_partitions: set[TP], timeout: float) -> dict[TP, Any]:  # noqa: ARG001, ASYNC109 - Faust's signature
        asked.append(timeout)
        return {}

    fetching._getmany = getmany
    asyncio.run(fetching._wait_next_records(1.0))
    assert asked == [waits_s]


def test_a_partition_given_up_before_its_seek_keeps_no_other_from_its_own() -> None:
    seeking: Any = consumer()
    gone, held = TP("t", 0), TP("t", 1)
    seeking._read_to, seeking._rewinds = {}, {gone: 5, held: 7}

    async def seek_wait(offsets: dict[TP, int]) -> None:
        if gone in offsets:
            raise IllegalStateError

    seeking._thread = SimpleNamespace(seek_wait=seek_wait)
    asyncio.run(seeking._rewind())
    assert (seeking._rewinds, seeking._read_to) == ({}, {held: 7})


def seeking_consumer(taken_over: list[tuple[set[TP], Membership]]) -> Any:  # noqa: ANN401 - its ways into Faust are replaced
    seeking: Any = consumer()
    seeking._read_to, seeking._committed_offset, seeking._read_offset = {}, {}, {}
    seeking.app = SimpleNamespace(consumer_generation_id=3)
    seeking.assignment = lambda: {TopicPartition("t", 0)}
    seeking.add_future = lambda coroutine: coroutine.close()

    async def take_over(partitions: set[TP], member: Membership) -> None:
        taken_over.append((partitions, member))

    async def seek_to_committed() -> dict[TP, int]:
        assert taken_over, "a former owner may still commit"
        return {TP("t", 0): 5}

    seeking._thread = SimpleNamespace(member_id=lambda: "m")
    seeking._delivery = SimpleNamespace(take_over=take_over)
    seeking.seek_to_committed = seek_to_committed
    return seeking


def test_a_seek_takes_over_first_and_what_was_delivered_before_it_is_stale() -> None:
    taken_over: list[tuple[set[TP], Membership]] = []
    seeking, tp = seeking_consumer(taken_over), TP("t", 0)
    before = message(seeking._trackers[tp], 9)
    asyncio.run(seeking.perform_seek())
    assert before.is_stale
    assert taken_over == [({tp}, Membership("m", 3))]


def test_what_is_delivered_of_a_partition_that_was_not_taken_over_is_stale() -> None:
    seeking, tp = seeking_consumer([]), TP("t", 0)
    part = Slice([SimpleNamespace(offset=5, timestamp=1, timestamp_type=0)], 0, 0.0)
    assert seeking._to_message(tp, part).is_stale
    asyncio.run(seeking.perform_seek())
    assert not seeking._to_message(tp, part).is_stale
    assert seeking._to_message(TP("t", 1), part).is_stale


def reading(position: int | None) -> Any:  # noqa: ANN401 - see above
    """A consumer whose flow stops while it fetches records 400 to 409, and that is at `position` then."""
    made: Any = consumer()
    tp = TP("t", 0)
    made.flow_active, made._active_partitions, made._taken_over = True, {tp}, {tp}
    made._read_to = {}

    async def getmany(active_partitions: set[TP], timeout: float) -> dict[TP, Any]:  # noqa: ARG001, ASYNC109 - Faust's signature
        made.flow_active = False
        return {tp: [SimpleNamespace(offset=offset) for offset in range(400, 410)]}

    async def flow() -> None:
        made.flow_active = True

    async def position_of(_: TP) -> int:
        if position is None:
            raise IllegalStateError
        return position

    made._getmany, made._wait_for_flow, made.position = getmany, flow, position_of
    return made


@pytest.mark.parametrize(
    ("position", "rewinds"),
    [
        pytest.param(410, {TP("t", 0): 400}, id="it was sought before the fetch ended"),
        pytest.param(380, {}, id="it was sought after the fetch had ended"),
        pytest.param(400, {}, id="it was sought to just there"),
        pytest.param(None, {}, id="it was given up"),
    ],
)
def test_what_is_fetched_while_the_flow_has_stopped_is_read_again(
    position: int | None, rewinds: dict[TP, int]
) -> None:
    made = reading(position)
    records, _ = asyncio.run(made._wait_next_records(1.0))
    assert records == {}
    asyncio.run(made._reclaim())
    assert made._rewinds == rewinds
    assert made._thrown_away == {}


def test_what_is_fetched_of_a_partition_not_yet_taken_over_is_read_again() -> None:
    made = reading(410)
    made._taken_over = set()
    made._throw_away({TP("t", 0): [SimpleNamespace(offset=405)]})
    made._throw_away({TP("t", 0): [SimpleNamespace(offset=400)], TP("t", 1): []})
    asyncio.run(made._reclaim())
    assert (made._rewinds, made._thrown_away) == ({}, {TP("t", 0): 400})
    made._taken_over = {TP("t", 0)}
    asyncio.run(made._reclaim())
    assert made._rewinds == {TP("t", 0): 400}


@pytest.mark.parametrize(
    ("sizes", "full"),
    [([1], 0.25), ([1] * 4, 1), ([MAX_SLICE_BYTES * 2], 2), ([MAX_SLICE_BYTES, MAX_SLICE_BYTES // 2], 1.5)],
)
def test_a_slice_is_full_by_its_records_or_by_its_bytes(sizes: list[int], full: float) -> None:
    of_sizes: list[Any] = [None] * len(sizes)
    assert Slice(of_sizes, sum(sizes), 0.0).fullness(max_batch=4) == full
