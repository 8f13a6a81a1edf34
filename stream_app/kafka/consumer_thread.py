"""Where Faust's consumer meets aiokafka's: what was committed is read, and a dead coordinator is told of."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode import Service

from stream_app.kafka.group_consumer import GroupConsumer

_BEAT_INTERVAL_S = 1.0
# Of all partitions together, not a megabyte of each: a fetch is held three times while it is taken apart.
# With half of it fetching costs more.
_FETCH_BYTES = 4 * 1024 * 1024
_METADATA_MS = 10_000  # partitions that are added to the input are seen within that time, not 5 minutes


class ThreadTransport(Protocol):
    """A transport that knows how its clients log in, and who is told that the thread lives."""

    security: Mapping[str, Any]
    consumer_beat: Callable[[], None]


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """The consumer's thread, with an aiokafka consumer that reads only what was committed."""

    def _create_worker_consumer(self, transport: driver.Transport) -> GroupConsumer:
        conf = self.app.conf
        security = cast("ThreadTransport", transport).security
        self._assignor = RoundRobinPartitionAssignor
        return GroupConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            fetch_max_wait_ms=500,
            fetch_max_bytes=_FETCH_BYTES,
            metadata_max_age_ms=_METADATA_MS,
            **security,
        )

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Stock Faust ends on a commit that fails in a rebalance; here it is simply not done yet."""
        held = self.assignment()
        mine = {TopicPartition(*tp): OffsetAndMetadata(n, "") for tp, n in offsets.items() if tp in held}
        if mine:
            await self._ensure_consumer().commit(mine)
        return bool(mine)

    def member_id(self) -> str:
        """Of the group, since the last rebalance."""
        return str(self._ensure_consumer()._coordinator.member_id)  # noqa: SLF001 - aiokafka has no public way

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's guesses about slow streams: /livez answers that from the lag."""

    async def check_coordinator(self) -> None:
        """Raise what made the group coordinator fail for good; Faust never asks."""
        coordinator = self._consumer and self._consumer._coordinator  # noqa: SLF001 - aiokafka has no public way
        if coordinator is not None:
            coordinator.check_errors()

    @Service.task
    async def _beat(self) -> None:
        told = cast("ThreadTransport", self.consumer.transport).consumer_beat
        while not self.should_stop:
            told()
            await self.sleep(_BEAT_INTERVAL_S)
