import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.kafka.done_offsets import DoneOffsets

ranges = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 40)), max_size=25)


@given(st.integers(0, 50), ranges)
def test_exactly_what_was_marked_is_done(first_open: int, marked: list[tuple[int, int]]) -> None:
    done, expected = DoneOffsets(first_open), set(range(first_open))
    for first, length in marked:
        done.mark(first, first + length)
        expected.update(range(first, first + length))
    assert {offset for offset in range(400) if offset in done} == expected
    assert done.first_open == next(offset for offset in range(400) if offset not in expected)


@given(st.integers(0, 50), ranges)
def test_a_commit_holds_all_of_it(first_open: int, marked: list[tuple[int, int]]) -> None:
    done = DoneOffsets(first_open)
    for first, length in marked:
        done.mark(first, first + length)
    read = DoneOffsets.from_commit(done.first_open, done.metadata())
    assert all((offset in read) == (offset in done) for offset in range(400))
    assert (read.first_open, read.metadata()) == (done.first_open, done.metadata())


def test_without_holes_the_offset_says_it_all() -> None:
    done = DoneOffsets()
    for offset in (2, 0, 1):
        done.mark(offset, offset + 1)
    assert (done.first_open, done.metadata()) == (3, "")


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "set by a tool",
        "done1:",
        "done1:no base 64",
        "done1:" + base64.b64encode(b"not deflated").decode(),
        "done1:" + base64.b64encode(zlib.compress(b"\xff\xff")).decode(),
    ],
)
def test_a_text_of_another_origin_says_nothing(metadata: str) -> None:
    done = DoneOffsets.from_commit(7, metadata)
    assert (done.first_open, 7 in done, 1_000 in done) == (7, False, False)


def test_long_runs_and_wide_gaps_take_little_room() -> None:
    done = DoneOffsets()
    for number in range(1, 200):
        done.mark(number * 1_000_000, number * 1_000_000 + 500_000)
    assert len(done.metadata()) < 100
