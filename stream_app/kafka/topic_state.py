"""What topics are like: partitions, leaders, rights, and the configuration in force."""

from dataclasses import dataclass
from typing import cast

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import (
    AdminClient,
    ConfigResource,
    ResourceType,
    TopicDescription,
)

from stream_app.kafka.client import REQUEST_TIMEOUT_S, topic_error
from stream_app.kafka.connection import TopicError


@dataclass(frozen=True, slots=True)
class TopicConfig:
    """The configuration in force, the broker's defaults included. `retention_ms` -1: for ever."""

    max_message_bytes: int
    retention_ms: int
    min_insync_replicas: int
    cleanup_policies: frozenset[str]


@dataclass(frozen=True, slots=True)
class TopicState:
    """What a topic is like.

    Attributes:
        name: its name.
        partitions: how many it has.
        replicas: of the partition that has the fewest.
        leaderless: partitions that cannot be used, since no live broker leads them.
        operations: what the user may do, in Kafka's names (READ, WRITE, DESCRIBE_CONFIGS, …).
        config: None when the user may not read it.
    """

    name: str
    partitions: int
    replicas: int
    leaderless: tuple[int, ...]
    operations: frozenset[str]
    config: TopicConfig | None

    def readable_config(self) -> TopicConfig:
        """The configuration.

        Raises:
            TopicError: the user may not read it.
        """
        if self.config is None:
            raise TopicError(f"topic {self.name}: its limits may not be read: grant the user DescribeConfigs")
        return self.config


def topic_state(admin: AdminClient, name: str) -> TopicState:
    """What the topic is like.

    Raises:
        TopicError: it does not exist or may not be described.
        KafkaException: another error.
    """
    found = _description(admin, name)
    leaders = {partition.id: cast("object", partition.leader) for partition in found.partitions}
    return TopicState(
        name=name,
        partitions=len(found.partitions),
        replicas=min(len(partition.replicas) for partition in found.partitions),
        leaderless=tuple(partition for partition, leader in leaders.items() if leader is None),
        operations=frozenset(operation.name for operation in found.authorized_operations or ()),
        config=_topic_config(admin, name),
    )


def config_entries(admin: AdminClient, kind: ResourceType, name: str) -> dict[str, str]:
    """The configuration of a topic or a broker.

    Raises:
        KafkaException: it may not be read, or another error.
    """
    resource = ConfigResource(kind, name)
    entries = admin.describe_configs([resource], request_timeout=REQUEST_TIMEOUT_S)[resource].result()
    return {setting: entry.value for setting, entry in entries.items()}


def _description(admin: AdminClient, name: str) -> TopicDescription:
    # Not `list_topics`: asked for one topic, it creates it where brokers create topics by themselves.
    request = admin.describe_topics(
        TopicCollection([name]), request_timeout=REQUEST_TIMEOUT_S, include_authorized_operations=True
    )[name]
    try:
        return cast("TopicDescription", request.result())
    except KafkaException as error:
        if about_topic := topic_error(name, error.args[0]):
            raise about_topic from error
        raise


def _topic_config(admin: AdminClient, name: str) -> TopicConfig | None:
    try:
        config = config_entries(admin, ResourceType.TOPIC, name)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            return None
        raise
    return TopicConfig(
        max_message_bytes=int(config["max.message.bytes"]),
        retention_ms=int(config["retention.ms"]),
        min_insync_replicas=int(config["min.insync.replicas"]),
        cleanup_policies=frozenset(config["cleanup.policy"].split(",")),
    )
