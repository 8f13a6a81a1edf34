"""Requests of Kafka's protocol in versions that aiokafka lacks, and their answers in the form that it reads.

Fields and their order are those of Kafka's TxnOffsetCommitRequest.json and OffsetFetchRequest.json.
"""

from typing import Any, Final, NamedTuple

from aiokafka.errors import (
    GroupLoadInProgressError,
    IllegalGenerationError,
    InvalidProducerEpoch,
    UnknownMemberIdError,
    for_code,
)
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.commit import OffsetFetchRequest, OffsetFetchResponse_v3
from aiokafka.protocol.transaction import TxnOffsetCommitRequest, TxnOffsetCommitResponse_v0
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

_TEXT: Final = CompactString("utf-8")
_NO_LEADER_EPOCH: Final = -1
_UNSTABLE_OFFSET_COMMIT: Final = 88
_NOT_A_MEMBER: Final = {IllegalGenerationError.errno, UnknownMemberIdError.errno}


def _by_topic(*fields: tuple[str, object]) -> CompactArray:
    """The type of an array of topics, each with an array of partitions that have these fields."""
    partitions = CompactArray(("index", Int32), *fields, ("tags", TaggedFields))
    return CompactArray(("name", _TEXT), ("partitions", partitions), ("tags", TaggedFields))


class Membership(NamedTuple):
    """Who commits for a consumer group.

    Attributes:
        member_id: given by the group's coordinator.
        generation: of the group; it grows by one with each rebalance.
    """

    member_id: str
    generation: int


class _TxnOffsetCommitAnswer(Response):  # type: ignore[misc] # aiokafka has no types
    API_KEY = 28
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("topics", _by_topic(("error_code", Int16))),
        ("tags", TaggedFields),
    )


class _TxnOffsetCommit(RequestStruct):  # type: ignore[misc] # aiokafka has no types
    API_KEY = 28
    API_VERSION = 3
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _TxnOffsetCommitAnswer
    SCHEMA = Schema(
        ("transactional_id", _TEXT),
        ("group_id", _TEXT),
        ("producer_id", Int64),
        ("producer_epoch", Int16),
        ("generation_id", Int32),
        ("member_id", _TEXT),
        ("group_instance_id", _TEXT),
        ("topics", _by_topic(("offset", Int64), ("leader_epoch", Int32), ("metadata", _TEXT))),
        ("tags", TaggedFields),
    )


class MemberOffsetCommit(Request[_TxnOffsetCommit]):  # type: ignore[misc] # aiokafka has no types
    """Offsets of a transaction, which the coordinator takes from a member of the group alone.

    Args:
        request: as aiokafka makes it: it says nothing of who commits.
        member: who commits.
    """

    API_KEY = 28

    def __init__(self, request: TxnOffsetCommitRequest, member: Membership) -> None:
        self._request, self._member = request, member

    def build(self, request_struct_class: type[_TxnOffsetCommit]) -> _TxnOffsetCommit:
        """See aiokafka's Request."""
        stock = self._request.build(TxnOffsetCommitRequest._CLASSES[0])  # noqa: SLF001 - its only version
        topics: list[Any] = [
            (topic, [(index, offset, _NO_LEADER_EPOCH, note, {}) for index, offset, note in partitions], {})
            for topic, partitions in stock.topics
        ]
        return request_struct_class(
            stock.transactional_id,
            stock.group_id,
            stock.producer_id,
            stock.producer_epoch,
            self._member.generation,
            self._member.member_id,
            None,
            topics,
            {},
        )


def offsets_taken(answer: _TxnOffsetCommitAnswer) -> TxnOffsetCommitResponse_v0:
    """The answer to a MemberOffsetCommit; who is no member any more is a fenced producer."""
    return TxnOffsetCommitResponse_v0(
        answer.throttle_time_ms,
        [
            (topic, [(index, _fenced(code)) for index, code, _ in partitions])
            for topic, partitions, _ in answer.topics
        ],
    )


def _fenced(code: int) -> int:
    return int(InvalidProducerEpoch.errno) if code in _NOT_A_MEMBER else code


class _OffsetFetchAnswer(Response):  # type: ignore[misc] # aiokafka has no types
    API_KEY = 9
    API_VERSION = 7
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "topics",
            _by_topic(("offset", Int64), ("leader_epoch", Int32), ("metadata", _TEXT), ("error_code", Int16)),
        ),
        ("error_code", Int16),
        ("tags", TaggedFields),
    )


class _OffsetFetch(RequestStruct):  # type: ignore[misc] # aiokafka has no types
    API_KEY = 9
    API_VERSION = 7
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _OffsetFetchAnswer
    SCHEMA = Schema(
        ("group_id", _TEXT),
        (
            "topics",
            CompactArray(("name", _TEXT), ("partitions", CompactArray(Int32)), ("tags", TaggedFields)),
        ),
        ("require_stable", Boolean),
        ("tags", TaggedFields),
    )


class StableOffsetFetch(Request[_OffsetFetch]):  # type: ignore[misc] # aiokafka has no types
    """Committed offsets, refused as long as an open transaction is about to change one of them.

    Args:
        request: as aiokafka makes it.
    """

    API_KEY = 9

    def __init__(self, request: OffsetFetchRequest) -> None:
        self._request = request

    def build(self, request_struct_class: type[_OffsetFetch]) -> _OffsetFetch:
        """See aiokafka's Request."""
        stock = self._request.build(OffsetFetchRequest._CLASSES[-1])  # noqa: SLF001 - its last version
        topics: list[Any] = [(topic, partitions, {}) for topic, partitions in stock.topics]
        return request_struct_class(stock.consumer_group, topics, True, {})


def stable_offsets(answer: _OffsetFetchAnswer) -> OffsetFetchResponse_v3:
    """The answer to a StableOffsetFetch.

    Raises:
        KafkaError: the request was refused as a whole: a coordinator that has just started and still loads
            them answers with an error and no topics.
        GroupLoadInProgressError: an open transaction holds an offset of these; aiokafka asks again.
    """
    if answer.error_code:
        raise for_code(answer.error_code)
    topics = [
        (topic, [(index, offset, note, code) for index, offset, _, note, code, _ in partitions])
        for topic, partitions, _ in answer.topics
    ]
    if any(code == _UNSTABLE_OFFSET_COMMIT for _, partitions in topics for *_, code in partitions):
        raise GroupLoadInProgressError
    return OffsetFetchResponse_v3(answer.throttle_time_ms, topics, answer.error_code)
