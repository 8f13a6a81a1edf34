"""FastStream on aiokafka: batches in, whole batches published, acked when the broker holds all of them."""

import asyncio
from collections import defaultdict

from faststream import AckPolicy, FastStream  # type: ignore[import-not-found] # in bench/.venv
from faststream.kafka import KafkaBroker, KafkaPublishMessage  # type: ignore[import-not-found] # the same
from faststream.kafka.annotations import KafkaMessage  # type: ignore[import-not-found] # the same

from bench.same_scorer.scorer import batch_options, champion, results_of
from stream_app.core.messages import OutputRecord

_MAX_BATCH_BYTES = 900_000
_IDLE_MS = 100


def by_partition(results: list[OutputRecord]) -> dict[int, list[KafkaPublishMessage]]:
    """The results as messages, each partition's in one list."""
    messages: defaultdict[int, list[KafkaPublishMessage]] = defaultdict(list)
    for result in results:
        messages[result.source_partition].append(KafkaPublishMessage(result.value, key=result.key))
    return messages


async def leave_undecoded(message: KafkaMessage) -> None:
    """The scorer decodes by itself."""


def main() -> None:
    """Run until SIGTERM, which FastStream listens for."""
    options, model = batch_options(__doc__), champion()
    broker = KafkaBroker(
        options.bootstrap_servers,
        acks="all",
        enable_idempotence=True,
        max_batch_size=_MAX_BATCH_BYTES,
        logger=None,
    )

    @broker.subscriber(  # type: ignore[untyped-decorator] # faststream is not there to be looked at
        options.input_topic,
        group_id=options.group_id,
        auto_offset_reset="earliest",
        batch=True,
        batch_timeout_ms=_IDLE_MS,
        max_records=options.batch,
        ack_policy=AckPolicy.MANUAL,
        decoder=leave_undecoded,
    )
    async def classify(_: None, message: KafkaMessage) -> None:
        results = results_of(message.raw_message, model)
        headers = {name: (value or b"").decode() for name, value in results[0].headers}
        await asyncio.gather(
            *(
                broker.publish_batch(*messages, topic=options.result_topic, partition=number, headers=headers)
                for number, messages in by_partition(results).items()
            )
        )
        await message.ack()

    asyncio.run(FastStream(broker, logger=None).run())


if __name__ == "__main__":
    main()
