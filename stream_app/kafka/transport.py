"""Faust's driver, made safe and fast: what Faust asks of a transport, with our consumer and producers."""

from collections.abc import Mapping
from typing import Any, cast

import faust
from faust.transport.drivers import aiokafka as driver
from yarl import URL

from stream_app.kafka.consumer import Consumer, Watch
from stream_app.kafka.delivery import Delivery
from stream_app.kafka.producers import PatientProducer, TransactionalProducer
from stream_app.kafka.requests import Membership


class Producer(driver.Producer):
    """Faust's producer, idempotent in at-least-once too, and patient."""

    @property
    def _producer_type(self) -> type[PatientProducer]:
        return PatientProducer

    @property
    def patient(self) -> PatientProducer:
        """The one under Faust's; there is none before the start."""
        return cast("PatientProducer", self._producer)

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True, **cast("Transport", self.transport).security}

    def new_transactional(self, transactional_id: str, member: Membership) -> TransactionalProducer:
        """A producer for the transactions of a member, not started, with the same settings otherwise."""
        settings = {**self._settings_default(), **self._settings_extra()}
        return TransactionalProducer(transactional_id, member, **settings)


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
        self.consumer_beat = watch.consumer_beat
        urls = [URL(f"kafka://{server.strip()}") for server in bootstrap_servers.split(",")]
        super().__init__(urls, app)
