from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from stream_app.kafka.offsets import OffsetTracker


def test_nothing_is_committable_before_the_first_slice_is_acked() -> None:
    tracker = OffsetTracker()
    tracker.delivered(9)
    tracker.delivered(19)
    tracker.acked(19)
    assert tracker.committable() is None
    tracker.acked(9)
    assert tracker.committable() == 20


def test_what_was_committed_is_not_committed_again_and_what_failed_is() -> None:
    tracker = OffsetTracker()
    tracker.delivered(9)
    tracker.acked(9)
    assert tracker.committable() == 10
    assert tracker.committable() == 10
    tracker.committed(10)
    assert tracker.committable() is None


def test_an_offset_committed_late_does_not_hide_a_newer_one() -> None:
    tracker = OffsetTracker()
    for offset in (4, 9):
        tracker.delivered(offset)
        tracker.acked(offset)
    tracker.committed(5)
    assert tracker.committable() == 10


slices = st.lists(st.integers(1, 300), min_size=1, max_size=30).flatmap(
    lambda lengths: st.tuples(st.just(lengths), st.permutations(range(len(lengths))))
)


@given(slices, st.data())
def test_every_offset_below_the_committable_one_is_acked(
    drawn: tuple[Sequence[int], Sequence[int]], data: st.DataObject
) -> None:
    lengths, order = drawn
    ends = [sum(lengths[: number + 1]) - 1 for number in range(len(lengths))]
    tracker = OffsetTracker()
    for end in ends:
        tracker.delivered(end)
    done = order[: data.draw(st.integers(0, len(order)))]
    for number in done:
        tracker.acked(ends[number])
    first_open = next((number for number in range(len(ends)) if number not in done), len(ends))
    expected = None if first_open == 0 else ends[first_open - 1] + 1
    assert tracker.committable() == expected
    assert tracker.unacked == len(ends) - first_open


@given(slices, st.data())
def test_after_a_rewind_nothing_is_committed_past_what_is_delivered_again(
    drawn: tuple[Sequence[int], Sequence[int]], data: st.DataObject
) -> None:
    lengths, _ = drawn
    ends = [sum(lengths[: number + 1]) - 1 for number in range(len(lengths))]
    tracker = OffsetTracker()
    epochs = [tracker.delivered(end) for end in ends]
    paused_at = data.draw(st.integers(0, len(ends) - 1))
    acked_before = data.draw(st.sets(st.integers(0, paused_at)))
    for number in acked_before:
        tracker.acked(ends[number])
    tracker.rewind(ends[paused_at])
    assert all(epoch != tracker.epoch for epoch in epochs), "what was delivered before is stale"
    for number in set(range(paused_at + 1)) - acked_before:
        tracker.acked(ends[number])
    assert (tracker.committable(), tracker.unacked) == (ends[paused_at] + 1, 0)
    again = [tracker.delivered(end) for end in ends[paused_at + 1 :]]
    assert tracker.committable() == ends[paused_at] + 1
    assert set(again) <= {tracker.epoch}
    for end in ends[paused_at + 1 :]:
        tracker.acked(end)
    assert tracker.committable() == ends[-1] + 1
