"""The topics of the stream: plan, create, delete, and the limits that a producer must know."""

import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, Literal

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    NewTopic,
    ResourceType,
)

from stream_app.kafka.client import REQUEST_TIMEOUT_S, opened, topic_error
from stream_app.kafka.connection import Connection, TopicError
from stream_app.kafka.topic_state import config_entries, topic_state

Role = Literal["input", "result", "dead_letter"]

DAY_MS: Final = 86_400_000
BROKER_DEFAULT: Final = -1
DEAD_LETTER_HEADROOM: Final = 65_536
"""Bytes by which a dead letter may be larger than its input: headers come on top of the record."""
REPLICAS_FOR_INSYNC: Final = 3
MIN_INSYNC_REPLICAS: Final = 2
"""`min.insync.replicas` where a topic has REPLICAS_FOR_INSYNC or more."""

_AWAIT_S = 0.1
_REFUSALS = {
    KafkaError.INVALID_CONFIG,
    KafkaError.INVALID_PARTITIONS,
    KafkaError.INVALID_REPLICATION_FACTOR,
    KafkaError.POLICY_VIOLATION,
    KafkaError.TOPIC_DELETION_DISABLED,
    KafkaError.TOPIC_EXCEPTION,
}


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """What a topic is to be like.

    Attributes:
        role: what it is for.
        name: its name.
        partitions: how many.
        replication_factor: how many replicas; BROKER_DEFAULT leaves it to the broker.
        retention_ms: how long it is to hold a record.
        larger_than: a topic whose `max.message.bytes` it must exceed by DEAD_LETTER_HEADROOM.
    """

    role: Role
    name: str
    partitions: int
    replication_factor: int
    retention_ms: int
    larger_than: str | None = None


@dataclass(frozen=True, slots=True)
class TopicCreation:
    """What `create` did about a topic."""

    name: str
    outcome: Literal["created", "exists"]


@dataclass(frozen=True, slots=True)
class TopicLimits:
    """What a producer must know of a topic."""

    partitions: int
    max_message_bytes: int


def plan_topics(
    input_topic: str,
    result_topic: str,
    dlq_topic: str,
    partitions: int = 12,
    replication_factor: int = BROKER_DEFAULT,
) -> tuple[TopicPlan, TopicPlan, TopicPlan]:
    """The three topics: 7 days of retention, 30 for dead letters."""
    week, month = 7 * DAY_MS, 30 * DAY_MS
    return (
        TopicPlan("input", input_topic, partitions, replication_factor, week),
        TopicPlan("result", result_topic, partitions, replication_factor, week),
        TopicPlan("dead_letter", dlq_topic, partitions, replication_factor, month, larger_than=input_topic),
    )


def create(connection: Connection, plans: Sequence[TopicPlan]) -> list[TopicCreation]:
    """Create the topics that do not exist, in this order; those that do are left as they are.

    Raises:
        TopicError: one may not or cannot be created, or has no leaders 10 s later.
        KafkaRequestError: another error, of the kind that says what is wrong.
    """
    with opened(AdminClient, connection, "topics") as admin:
        return [_create(admin, plan) for plan in plans]


def delete(connection: Connection, names: Sequence[str]) -> None:
    """Delete the topics, as far as they exist.

    Raises:
        TopicError: one may not be deleted.
        KafkaRequestError: another error, of the kind that says what is wrong.
    """
    with opened(AdminClient, connection, "topics") as admin:
        requests = admin.delete_topics(list(names), request_timeout=REQUEST_TIMEOUT_S)
        for name, request in requests.items():
            _was_needed(name, request, KafkaError.UNKNOWN_TOPIC_OR_PART)


def limits(connection: Connection, names: Sequence[str]) -> dict[str, TopicLimits]:
    """How many partitions the topics have, and how large their record batches may be.

    Raises:
        TopicError: one does not exist, or what it is like may not be read.
        KafkaRequestError: another error, of the kind that says what is wrong.
    """
    with opened(AdminClient, connection, "topics") as admin:
        states = [topic_state(admin, name) for name in names]
    return {
        state.name: TopicLimits(state.partitions, state.readable_config().max_message_bytes)
        for state in states
    }


def _create(admin: AdminClient, plan: TopicPlan) -> TopicCreation:
    topic = NewTopic(plan.name, plan.partitions, plan.replication_factor, config=_new_config(admin, plan))
    request = admin.create_topics([topic], request_timeout=REQUEST_TIMEOUT_S)[plan.name]
    if not _was_needed(plan.name, request, KafkaError.TOPIC_ALREADY_EXISTS):
        return TopicCreation(plan.name, "exists")
    _await_leaders(admin, plan.name)
    return TopicCreation(plan.name, "created")


def _new_config(admin: AdminClient, plan: TopicPlan) -> dict[str, str]:
    config = {"retention.ms": str(plan.retention_ms)}
    if _replicas(admin, plan) >= REPLICAS_FOR_INSYNC:
        config["min.insync.replicas"] = str(MIN_INSYNC_REPLICAS)
    if plan.larger_than is not None:
        limit = topic_state(admin, plan.larger_than).readable_config().max_message_bytes
        config["max.message.bytes"] = str(limit + DEAD_LETTER_HEADROOM)
    return config


def _replicas(admin: AdminClient, plan: TopicPlan) -> int:
    """The planned replication factor; when it is left to a broker that may not be asked, 1."""
    if plan.replication_factor != BROKER_DEFAULT:
        return plan.replication_factor
    broker = admin.describe_cluster(request_timeout=REQUEST_TIMEOUT_S).result().nodes[0]
    try:
        return int(config_entries(admin, ResourceType.BROKER, broker.id_string)["default.replication.factor"])
    except KafkaException as error:
        if error.args[0].code() == KafkaError.CLUSTER_AUTHORIZATION_FAILED:
            return 1
        raise


def _await_leaders(admin: AdminClient, name: str) -> None:
    """Wait until a new topic can be used: brokers learn of it one after the other."""
    deadline = time.monotonic() + REQUEST_TIMEOUT_S
    while not _has_leaders(admin, name):
        if time.monotonic() > deadline:
            raise TopicError(f"topic {name} was created but has no leaders after {REQUEST_TIMEOUT_S:g} s")
        time.sleep(_AWAIT_S)


def _has_leaders(admin: AdminClient, name: str) -> bool:
    try:
        return not topic_state(admin, name).leaderless
    except TopicError:
        return False


def _was_needed(name: str, request: Future[Any], nothing_to_do: int) -> bool:
    """Whether the request changed something; False when it failed with the code `nothing_to_do`."""
    try:
        request.result()
    except KafkaException as error:
        cause = error.args[0]
        if cause.code() == nothing_to_do:
            return False
        if cause.code() in _REFUSALS:
            raise TopicError(f"topic {name}: the broker refuses: {cause.str()}") from error
        if about_topic := topic_error(name, cause):
            raise about_topic from error
        raise
    return True
