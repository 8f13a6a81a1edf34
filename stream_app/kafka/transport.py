"""Faust's driver, made safe and fast: what Faust asks of a transport, with our consumer and producers."""

from collections.abc import Mapping
from typing import Any, Final, cast

import faust
from aiokafka import AIOKafkaProducer
from faust.transport.drivers import aiokafka as driver
from yarl import URL

from stream_app.kafka.consumer import Consumer, Watch
from stream_app.kafka.delivery import Delivery

# A broker that still completes a partition's last transaction refuses the next one for a few milliseconds.
_TRANSACTION_RETRY_MS: Final = 10
_TRANSACTION_TIMEOUT_MS: Final = 60_000


class Producer(driver.Producer):
    """Faust's producer, idempotent in at-least-once too."""

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True, **cast("Transport", self.transport).security}

    def new_transactional(self, transactional_id: str) -> AIOKafkaProducer:
        """A producer for one input partition, not started, with the same settings otherwise."""
        settings = {**self._settings_default(), **self._settings_extra()}
        return AIOKafkaProducer(
            **settings,
            transactional_id=transactional_id,
            transaction_timeout_ms=_TRANSACTION_TIMEOUT_MS,
            retry_backoff_ms=_TRANSACTION_RETRY_MS,
        )


class Transport(driver.Transport):
    """The driver for one application.

    Args:
        bootstrap_servers: `host:port,host:port`.
        app: the Faust application.
        security: aiokafka's security arguments, for consumer and producer alike.
        watch: is told what happens.

    Attributes:
        delivery: of outputs and offsets; to be set before the application starts.
    """

    delivery: Delivery
    Consumer = Consumer
    Producer = Producer

    def __init__(
        self, bootstrap_servers: str, app: faust.App, security: Mapping[str, Any], watch: Watch
    ) -> None:
        self.security = security
        self.watch = watch
        urls = [URL(f"kafka://{server.strip()}") for server in bootstrap_servers.split(",")]
        super().__init__(urls, app)
