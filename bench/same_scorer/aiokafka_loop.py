"""A loop of aiokafka with whole record batches: the next batch is scored while the broker takes the last."""

import argparse
import asyncio
import signal
import time
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import RecordMetadata, TopicPartition

from bench.same_scorer.scorer import batch_options, champion, results_of
from stream_app.core.messages import OutputRecord

_IDLE_MS = 100
_MAX_BATCH_BYTES = 900_000

Sent = tuple[dict[TopicPartition, int], list[asyncio.Future[RecordMetadata]]]


async def send(
    producer: AIOKafkaProducer, topic: str, partition: int, results: Iterable[OutputRecord]
) -> list[asyncio.Future[RecordMetadata]]:
    """The results as record batches of one partition."""
    futures, batch = [], producer.create_batch()
    now_ms = int(time.time() * 1000)
    for result in results:
        record = {"key": result.key, "value": result.value, "headers": result.headers}
        if batch.append(timestamp=now_ms, **record) is None:
            futures.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            batch.append(timestamp=now_ms, **record)
    futures.append(await producer.send_batch(batch, topic, partition=partition))
    return futures


async def settle(consumer: AIOKafkaConsumer, sent: Sent) -> None:
    """Wait until the broker holds the results, then commit."""
    offsets, futures = sent
    if futures:
        await asyncio.gather(*futures)
        await consumer.commit(offsets)


async def run(options: argparse.Namespace) -> None:
    """Until SIGTERM."""
    model, stopped = champion(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    consumer = AIOKafkaConsumer(
        options.input_topic,
        bootstrap_servers=options.bootstrap_servers,
        group_id=options.group_id,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=options.bootstrap_servers,
        acks="all",
        enable_idempotence=True,
        max_batch_size=_MAX_BATCH_BYTES,
    )
    async with consumer, producer:
        settling: asyncio.Task[None] | None = None
        while not stopped.is_set():
            fetched = await consumer.getmany(timeout_ms=_IDLE_MS, max_records=options.batch)
            offsets = {place: records[-1].offset + 1 for place, records in fetched.items()}
            futures = []
            for place, records in fetched.items():
                results = results_of(records, model)
                futures += await send(producer, options.result_topic, place.partition, results)
            if settling:
                await settling
            settling = asyncio.create_task(settle(consumer, (offsets, futures)))
        if settling:
            await settling


if __name__ == "__main__":
    asyncio.run(run(batch_options(__doc__)))
