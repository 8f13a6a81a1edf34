"""A cluster of three nodes on this machine, each of them broker and controller."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from stream_app.kafka.broker_properties import free_ports, new_cluster_id, port_is_taken
from stream_app.kafka.java import find_java
from stream_app.kafka.kafka_jars import default_cache_dir, fetch_jars, kafka_jars
from stream_app.kafka.local_broker import LocalBroker
from tests.stream import PATIENCE_S, wait_until

NODES: Final = 3
_HOST: Final = "127.0.0.1"
_REPLICATED: Final = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    # A follower that is away leaves the in-sync replicas after 1.5 times this (the default is 30 s).
    "replica.lag.time.max.ms": "4000",
}


class Cluster:
    """Three nodes that may be killed and started again one by one."""

    def __init__(self, nodes: Sequence[LocalBroker]) -> None:
        self.nodes = nodes
        self.bootstrap_servers = ",".join(node.bootstrap_servers for node in nodes)
        self._admin = AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0})

    def start(self) -> None:
        """Start all at once: alone none of them gets ready."""
        with ThreadPoolExecutor(NODES) as pool:
            list(pool.map(LocalBroker.start, self.nodes))
        self.wait_until_whole()

    def stop(self) -> None:
        """End all of them at once."""
        for node in self.nodes:
            node.kill()
            node.stop()

    def wait_until_whole(self) -> None:
        """Until every node is known and every partition has all its replicas in sync."""
        wait_until(self._is_whole, PATIENCE_S, lambda: f"of {self.bootstrap_servers} some are away")

    def leader(self, topic: str, partition: int) -> LocalBroker:
        """The node that leads a partition."""
        return self.nodes[
            self._admin.list_topics(topic, timeout=10).topics[topic].partitions[partition].leader - 1
        ]

    def _is_whole(self) -> bool:
        try:
            known = self._admin.list_topics(timeout=10)
        except KafkaException:
            return False
        partitions = [one for topic in known.topics.values() for one in topic.partitions.values()]
        return len(known.brokers) == NODES and all(len(one.isrs) == len(one.replicas) for one in partitions)


@contextmanager
def three_nodes(folder: Path) -> Iterator[Cluster]:
    """The cluster, until the block ends; its records are in the folder."""
    cluster = Cluster(_nodes(folder))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def _nodes(folder: Path) -> list[LocalBroker]:
    jars = fetch_jars(default_cache_dir(os.environ), kafka_jars(), print)
    java, cluster_id = find_java(os.environ), new_cluster_id()
    ports = free_ports(2 * NODES, port_is_taken)
    clients, controllers = ports[:NODES], ports[NODES:]
    made = []
    for index in range(NODES):
        records = folder / f"node-{index + 1}"
        records.mkdir()
        settings = _settings(index, clients[index], controllers)
        node = LocalBroker(
            java, jars, records, clients[index], settings, {}, keep=False, cluster_id=cluster_id
        )
        made.append(node)
    return made


def _settings(index: int, client: int, controllers: Sequence[int]) -> dict[str, str]:
    voters = [f"{number}@{_HOST}:{port}" for number, port in enumerate(controllers, 1)]
    return _REPLICATED | {
        "node.id": str(index + 1),
        "listeners": f"CLIENT://{_HOST}:{client},CONTROLLER://{_HOST}:{controllers[index]}",
        "controller.quorum.voters": ",".join(voters),
    }
