"""Bytes of the requests as they go over the wire; the real broker is asked in tests/faults."""

from io import BytesIO

from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.protocol.transaction import TxnOffsetCommitRequest

from stream_app.kafka.requests import (
    MemberOffsetCommit,
    Membership,
    StableOffsetFetch,
    offsets_taken,
    stable_offsets,
)

NEWEST = {9: (1, 10), 28: (0, 5)}


def test_a_transactions_offsets_name_the_member_and_its_generation() -> None:
    stock = TxnOffsetCommitRequest("t", "g", 7, 1, [("in", [(3, 41, "")])])
    made = MemberOffsetCommit(stock, Membership("m", 5)).prepare(NEWEST)
    assert (made.API_VERSION, made.FLEXIBLE_VERSION) == (3, True)
    assert made.encode() == (
        b"\x02t\x02g" + (7).to_bytes(8) + (1).to_bytes(2) + (5).to_bytes(4) + b"\x02m\x00"
        b"\x02\x03in\x02" + (3).to_bytes(4) + (41).to_bytes(8) + b"\xff" * 4 + b"\x01\x00" + b"\x00\x00"
    )


def test_who_is_no_member_any_more_is_told_so_as_a_fenced_producer() -> None:
    partitions = b"".join(
        index.to_bytes(4) + code.to_bytes(2) + b"\x00" for index, code in enumerate((0, 22, 25))
    )
    answer = b"\x00" * 4 + b"\x02\x03in\x04" + partitions + b"\x00\x00"
    decoded = MemberOffsetCommit(TxnOffsetCommitRequest("t", "g", 7, 1, []), Membership("m", 5))
    taken = offsets_taken(decoded.prepare(NEWEST).RESPONSE_TYPE.decode(BytesIO(answer)))
    assert taken.errors == [("in", [(0, 0), (1, 47), (2, 47)])]


def test_committed_offsets_are_asked_for_only_as_far_as_they_are_stable() -> None:
    made = StableOffsetFetch(OffsetFetchRequest("g", [("in", [3])])).prepare(NEWEST)
    assert (made.API_VERSION, made.FLEXIBLE_VERSION) == (7, True)
    assert made.encode() == b"\x02g\x02\x03in\x02" + (3).to_bytes(4) + b"\x00\x01\x00"


def test_committed_offsets_are_read_from_the_answer() -> None:
    offsets = (3).to_bytes(4) + (41).to_bytes(8) + b"\xff" * 4 + b"\x01" + b"\x00\x00\x00"
    answer = b"\x00" * 4 + b"\x02\x03in\x02" + offsets + b"\x00" + b"\x00\x00" + b"\x00"
    made = StableOffsetFetch(OffsetFetchRequest("g", [])).prepare(NEWEST)
    told = stable_offsets(made.RESPONSE_TYPE.decode(BytesIO(answer)))
    assert told.topics == [("in", [(3, 41, "", 0)])]
