"""When a broker that was just started can be used."""

import time
from collections.abc import Callable, Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from stream_app.kafka.broker_errors import BrokerUnavailable

_READY_WITHIN_S = 60.0


def wait_until_ready(
    bootstrap_servers: str, client: Mapping[str, str], cluster_id: str, raise_if_ended: Callable[[], None]
) -> None:
    """Wait until the broker of this cluster lists its topics to an ordinary client.

    The id is looked at because another broker may have been quicker to take the port.

    Args:
        bootstrap_servers: Where the broker is to answer.
        client: librdkafka properties for TLS or SASL.
        cluster_id: What the broker calls its cluster.
        raise_if_ended: Raises when there is nothing left to wait for.

    Raises:
        BrokerUnavailable: no answer within a minute.
    """
    admin = AdminClient(
        {
            "bootstrap.servers": bootstrap_servers,
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 200,
            "log_level": 0,  # refused connections are what is waited for
            **client,
        }
    )
    deadline = time.monotonic() + _READY_WITHIN_S
    while not _answers(admin, cluster_id):
        raise_if_ended()
        if time.monotonic() > deadline:
            message = f"Apache Kafka on {bootstrap_servers} did not answer within {_READY_WITHIN_S:.0f} s"
            raise BrokerUnavailable(message)


def _answers(admin: AdminClient, cluster_id: str) -> bool:
    try:
        cluster = admin.list_topics(timeout=0.5)
    except KafkaException:
        return False
    return bool(cluster.brokers) and cluster.cluster_id == cluster_id
