"""The same Apache Kafka from its official image, for those who have Docker.

Should this process be killed, testcontainers' own reaper removes the container, unless it is switched off.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from stream_app.kafka.broker_errors import BrokerUnavailable
from stream_app.kafka.broker_properties import SINGLE_NODE, choose_port, new_cluster_id, port_is_taken
from stream_app.kafka.broker_readiness import wait_until_ready
from stream_app.kafka.kafka_jars import KAFKA_VERSION

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

IMAGE = f"apache/kafka:{KAFKA_VERSION}"

_PORT_INSIDE = 19092
_LISTENERS = {
    "listeners": f"INSIDE://:9092,CLIENT://:{_PORT_INSIDE},CONTROLLER://:9093",
    "listener.security.protocol.map": "INSIDE:PLAINTEXT,CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "INSIDE",
    "controller.listener.names": "CONTROLLER",
    "controller.quorum.voters": "1@localhost:9093",
}
# The address for clients is known only once Docker has given the container its port.
_START_WHEN_TOLD = (
    "until [ -s /tmp/advertised ]; do sleep 0.1; done; "
    "export KAFKA_ADVERTISED_LISTENERS=$(cat /tmp/advertised); exec /etc/kafka/docker/run"
)

_AS_VARIABLE = str.maketrans({".": "_", "_": "__", "-": "___"})


@dataclass
class DockerBroker:
    """A container of the official image; `docker_broker` makes it."""

    bootstrap_servers: str
    container: "DockerContainer"

    def stop(self) -> None:
        """Remove the container with all it holds."""
        self.container.stop()

    @property
    def is_running(self) -> bool:
        """Whether the container is there and has not ended."""
        self.container.reload()
        return bool(self.container.status != "exited")

    def raise_if_ended(self) -> None:
        """Look whether the container still runs.

        Raises:
            BrokerUnavailable: it does not.
        """
        if not self.is_running:
            tail = self.container.get_wrapped_container().logs(tail=15).decode(errors="replace")
            message = f"the container of {IMAGE} ended before it was ready. The end of its log:\n{tail}"
            raise BrokerUnavailable(message)


@contextmanager
def docker_broker(
    *,
    port: int | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
    client: Mapping[str, str] = MappingProxyType({}),
    say: Callable[[str], None] = lambda _line: None,
) -> Iterator[DockerBroker]:
    """An Apache Kafka in Docker that runs until the block ends; arguments as for `broker.local_broker`.

    Raises:
        BrokerUnavailable: it cannot be had; the message says why and what to do.
    """
    began = time.monotonic()
    cluster_id = new_cluster_id()
    say(f"starting {IMAGE} in Docker, which downloads it the first time")
    with _explained():
        container = _container(choose_port(port, port_is_taken), cluster_id, settings)
    try:
        with _explained():
            broker = DockerBroker(_start(container), container)
            wait_until_ready(broker.bootstrap_servers, client, cluster_id, broker.raise_if_ended)
        say(f"{IMAGE} is ready on {broker.bootstrap_servers} after {time.monotonic() - began:.1f} s")
        yield broker
    finally:
        container.stop()


def environment_variable(server_property: str) -> str:
    """The name under which the image takes a server property."""
    return "KAFKA_" + server_property.translate(_AS_VARIABLE).upper()


@contextmanager
def _explained() -> Iterator[None]:
    """What goes wrong with Docker inside the block becomes a message that says what to do."""
    try:
        import testcontainers.core.container  # noqa: F401, PLC0415 - the extra `broker` may be absent
        from docker.errors import DockerException  # type: ignore[import-untyped]  # noqa: PLC0415 - the same
    except ImportError as exc:
        message = "testcontainers is not installed: pip install 'review-sentiment-stream[broker]'"
        raise BrokerUnavailable(message) from exc
    try:
        yield
    except DockerException as exc:
        message = f"Docker cannot run {IMAGE}: {exc}. Start Docker, or use the broker that needs none."
        raise BrokerUnavailable(message) from exc


def _container(port: int, cluster_id: str, settings: Mapping[str, str]) -> "DockerContainer":
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - found present by `_explained`

    properties = {**SINGLE_NODE, **_LISTENERS, **settings}
    variables = {environment_variable(name): value for name, value in properties.items()}
    container = DockerContainer(IMAGE, env={**variables, "CLUSTER_ID": cluster_id})
    return container.with_bind_ports(_PORT_INSIDE, port).with_command(["sh", "-c", _START_WHEN_TOLD])


def _start(container: "DockerContainer") -> str:
    """Start the container and tell the broker inside how clients reach it; that address."""
    container.start()
    address = f"{container.get_container_host_ip()}:{container.get_exposed_port(_PORT_INSIDE)}"
    container.exec(["sh", "-c", f"echo INSIDE://localhost:9092,CLIENT://{address} > /tmp/advertised"])
    return address
