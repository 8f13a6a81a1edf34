"""What a broker for development is configured with: one KRaft node, on this machine alone."""

import base64
import random
import socket
import uuid
from collections.abc import Callable, Collection, Mapping
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

from stream_app.kafka.broker_errors import BrokerUnavailable

USUAL_PORT = 9092
HOST = "127.0.0.1"
# Below what Linux and macOS hand out for outgoing connections: a client that keeps knocking at a stopped
# broker's port could otherwise be given that very port as its own, and then talk to itself.
_FREE_PORTS = range(20_000, 32_000)

SINGLE_NODE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    # A node killed with -9 is let in again only when its former session is over (the default is 9 s).
    "broker.session.timeout.ms": "4000",
    "broker.heartbeat.interval.ms": "500",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    # Apache Kafka 4.2 may tell of committed offsets before it has read them all, when a start takes it longer
    # to read them than to be let in again. So the topic that holds them is cleaned early, and stays short.
    "offsets.topic.segment.bytes": "1048576",
    "log.cleaner.backoff.ms": "5000",
    "log.cleaner.delete.retention.ms": "10000",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "4",
    # Old reviews may carry old timestamps; a topic that wants less says so itself.
    "log.retention.ms": "-1",
    # The default takes a quarter of the heap.
    "log.cleaner.dedupe.buffer.size": "8388608",
}
"""Whatever a broker of one node needs, wherever it runs."""

LOG4J = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %c{1}: %m%n%throwable
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


class Listener(NamedTuple):
    """One more door into the broker.

    Attributes:
        protocol: Kafka's security protocol, as `SASL_SSL`; its certificates and logins are server properties
            named `listener.name.<its name>.…`.
        port: Where it listens on this machine.
    """

    protocol: str
    port: int


def server_properties(
    port: int,
    controller_port: int,
    log_dir: str,
    settings: Mapping[str, str],
    listeners: Mapping[str, Listener] = MappingProxyType({}),
) -> str:
    """The text of server.properties; `settings` win over what stands here.

    Clients come in by the listener named CLIENT, or by one of the given ones. To give CLIENT itself TLS or
    SASL, set `listener.security.protocol.map` and the `listener.name.client.…` properties.
    """
    doors = {"CLIENT": Listener("PLAINTEXT", port), **listeners}
    addresses = ",".join(f"{name}://{HOST}:{door.port}" for name, door in doors.items())
    protocols = ",".join(f"{name}:{door.protocol}" for name, door in doors.items())
    properties = {
        **SINGLE_NODE,
        "listeners": f"{addresses},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": addresses,
        "listener.security.protocol.map": f"{protocols},CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENT",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "log.dirs": log_dir,
        **settings,
    }
    return "".join(f"{name}={_escaped(value)}\n" for name, value in properties.items())


def new_cluster_id() -> str:
    """16 random bytes in Kafka's notation; a leading hyphen would be taken for an option."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")


def choose_port(wanted: int | None, taken: Callable[[int], bool]) -> int:
    """The wanted port; 9092 when none is named and it is free; else, and for 0, any free one.

    Raises:
        BrokerUnavailable: the wanted port is taken.
    """
    if wanted is None and not taken(USUAL_PORT):
        return USUAL_PORT
    if not wanted:
        return free_port(taken)
    if taken(wanted):
        message = f"port {wanted} is taken: name another one, or none to have one chosen"
        raise BrokerUnavailable(message)
    return wanted


def free_port(taken: Callable[[int], bool], besides: Collection[int] = ()) -> int:
    """A port that nothing listens on, and none of `besides`.

    Raises:
        BrokerUnavailable: none was found.
    """
    return free_ports(1, taken, besides)[0]


def free_ports(count: int, taken: Callable[[int], bool], besides: Collection[int] = ()) -> list[int]:
    """Different ports that nothing listens on, none of them among `besides`: those already promised.

    Raises:
        BrokerUnavailable: so many were not found.
    """
    candidates = random.sample(_FREE_PORTS, len(_FREE_PORTS))
    found = list(islice((port for port in candidates if port not in besides and not taken(port)), count))
    if len(found) < count:
        message = f"no free port between {_FREE_PORTS.start} and {_FREE_PORTS.stop}"
        raise BrokerUnavailable(message)
    return found


def port_is_taken(port: int) -> bool:
    """Whether something on this machine listens on the port."""
    with socket.socket() as caller:
        # Beside a listener on all addresses, BSD and macOS let another one bind this address.
        caller.settimeout(1)
        if caller.connect_ex((HOST, port)) == 0:
            return True
    with socket.socket() as listener:
        # As Java does: connections of a former broker that are still closing are no obstacle.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return True
    return False


def _escaped(value: str) -> str:
    """The value as Java's property files want it."""
    return value.replace("\\", "\\\\").replace("\n", "\\n")
