"""Whether the topics are fit for the stream: what is wrong, how bad it is, and what to do about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AclOperation, AdminClient

from stream_app.kafka.client import REQUEST_TIMEOUT_S, answer, opened
from stream_app.kafka.connection import Connection, TopicError
from stream_app.kafka.topic_state import TopicConfig, TopicState, topic_state
from stream_app.kafka.topics import (
    DAY_MS,
    DEAD_LETTER_HEADROOM,
    MIN_INSYNC_REPLICAS,
    REPLICAS_FOR_INSYNC,
    TopicPlan,
)

Severity = Literal["error", "warning"]
_Problem = tuple[Severity, str]
_FOR_EVER = -1


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a topic or with the group.

    Attributes:
        severity: an error keeps the worker from working or loses records.
        subject: the topic's or the group's name.
        message: what is wrong and what to do about it.
    """

    severity: Severity
    subject: str
    message: str


class Checked(NamedTuple):
    """A plan beside what is there: the topic's state, or why that cannot be told."""

    plan: TopicPlan
    state: TopicState | TopicError


def check(connection: Connection, plans: Sequence[TopicPlan], group: str) -> list[Finding]:
    """What is wrong with the topics, and with the user's rights on them and on the group; empty: nothing.

    Raises:
        KafkaRequestError: the broker cannot be asked.
    """
    with opened(AdminClient, connection, "topics") as admin:
        topics = [Checked(plan, _state(admin, plan.name)) for plan in plans]
        return [*findings(topics), *_group_findings(admin, group)]


def findings(topics: Sequence[Checked]) -> list[Finding]:
    """What is wrong with the topics, by what is planned and what is there."""
    states = {plan.role: state for plan, state in topics if isinstance(state, TopicState)}
    found: list[Finding] = []
    for plan, state in topics:
        if isinstance(state, TopicError):
            found.append(Finding("error", plan.name, str(state)))
        else:
            problems = _topic_problems(plan, state, states.get("input"))
            found += [Finding(severity, plan.name, message) for severity, message in problems]
    return found


def _state(admin: AdminClient, name: str) -> TopicState | TopicError:
    try:
        return topic_state(admin, name)
    except TopicError as error:
        return error


def _topic_problems(plan: TopicPlan, state: TopicState, source: TopicState | None) -> Iterator[_Problem]:
    """All about one topic; `source` is the input's state when that can be told."""
    yield from _partition_problems(plan, state, source)
    yield from _right_problems(plan, state)
    if state.config is not None:
        yield from _retention_problems(plan, state.config)
        yield from _replica_problems(state, state.config)
        if source is not None and source.config is not None:
            yield from _size_problems(plan, state.config, source.config)


def _partition_problems(plan: TopicPlan, state: TopicState, source: TopicState | None) -> Iterator[_Problem]:
    have = state.partitions
    if state.leaderless:
        numbers = ", ".join(map(str, state.leaderless))
        yield "error", f"no broker leads partition {numbers}: bring the brokers back"
    if have < plan.partitions:
        yield (
            "warning",
            f"has {have} partitions, planned are {plan.partitions}: fewer workers can share the work",
        )
    if plan.role == "result" and source is not None and have != source.partitions:
        wanted = source.partitions
        yield (
            "warning",
            f"has {have} partitions, the input {wanted}: results go to other partitions than reviews",
        )


def _right_problems(plan: TopicPlan, state: TopicState) -> Iterator[_Problem]:
    needed = {"READ": "Read"} if plan.role == "input" else {"WRITE": "Write"}
    for operation, right in {**needed, "DESCRIBE_CONFIGS": "DescribeConfigs"}.items():
        if state.operations and operation not in state.operations:  # none at all: the broker does not tell
            yield "error", f"the user lacks the right to {right}: grant it on the topic"


def _retention_problems(plan: TopicPlan, config: TopicConfig) -> Iterator[_Problem]:
    if _FOR_EVER < config.retention_ms < plan.retention_ms:
        have, wanted = config.retention_ms / DAY_MS, plan.retention_ms / DAY_MS
        yield "warning", f"holds records for {have:g} days, planned are {wanted:g}: raise retention.ms"
    if "compact" not in config.cleanup_policies:
        return
    if plan.role == "dead_letter":
        yield "error", "is compacted and so refuses records without a key: set cleanup.policy=delete"
    if plan.role == "result":
        yield "warning", "is compacted and so keeps one result per key: set cleanup.policy=delete"


def _replica_problems(state: TopicState, config: TopicConfig) -> Iterator[_Problem]:
    replicas, insync = state.replicas, config.min_insync_replicas
    if insync > replicas:
        yield (
            "error",
            f"min.insync.replicas is {insync}, replicas are {replicas}: nothing can be written to it",
        )
    if replicas >= REPLICAS_FOR_INSYNC and insync < MIN_INSYNC_REPLICAS:
        yield (
            "warning",
            f"min.insync.replicas is {insync}: with {MIN_INSYNC_REPLICAS} a lost broker costs no record",
        )


def _size_problems(plan: TopicPlan, config: TopicConfig, source: TopicConfig) -> Iterator[_Problem]:
    have, of_input = config.max_message_bytes, source.max_message_bytes
    needed = of_input + DEAD_LETTER_HEADROOM
    if plan.role == "dead_letter" and have < needed:
        yield "error", f"max.message.bytes is {have}: set {needed}, or large dead letters lose their value"
    if plan.role == "result" and have < of_input:
        yield (
            "warning",
            f"max.message.bytes is {have}, the input's {of_input}: large results become dead letters",
        )


def _group_findings(admin: AdminClient, group: str) -> list[Finding]:
    try:
        operations = answer(lambda: _group_operations(admin, group))
    except KafkaException as error:
        if error.args[0].code() != KafkaError.GROUP_AUTHORIZATION_FAILED:
            raise
        operations = []
    if operations is None or AclOperation.READ in operations:  # None: the broker does not tell
        return []
    return [Finding("error", group, "the user lacks the right to Read: grant it on the consumer group")]


def _group_operations(admin: AdminClient, group: str) -> list[AclOperation] | None:
    request = admin.describe_consumer_groups(
        [group], include_authorized_operations=True, request_timeout=REQUEST_TIMEOUT_S
    )[group]
    return cast("list[AclOperation] | None", request.result().authorized_operations)
