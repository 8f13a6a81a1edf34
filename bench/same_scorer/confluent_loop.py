"""A loop of confluent-kafka: while the broker takes the results of one batch, the next one is scored."""

import signal
from threading import Event

from confluent_kafka import Consumer, Producer, TopicPartition

from bench.peers.confluent_loop import new_consumer, refuse_silence
from bench.same_scorer.scorer import ScorerRecord, batch_options, champion, record_of, results_of
from stream_app.core.messages import OutputRecord

_IDLE_S = 0.1


def produce(
    producer: Producer, topic: str, records: list[ScorerRecord], results: list[OutputRecord]
) -> list[TopicPartition]:
    """Hand the results over.

    Returns:
        What to commit when the broker has them.
    """
    for result in results:
        producer.produce(
            topic,
            result.value,
            result.key,
            result.source_partition,
            on_delivery=refuse_silence,
            headers=result.headers,  # type: ignore[arg-type] # the core's type allows for None
        )
    last = {(record.topic, record.partition): record.offset for record in records}
    return [TopicPartition(*place, offset + 1) for place, offset in last.items()]


def settle(consumer: Consumer, producer: Producer, unsettled: list[TopicPartition]) -> None:
    """Wait until the broker holds what was produced, then commit what it came from."""
    if unsettled:
        producer.flush()
        consumer.commit(offsets=unsettled, asynchronous=True)


def main() -> None:
    """Run until SIGTERM."""
    options, model, stopped = batch_options(__doc__), champion(), Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    consumer = new_consumer(options.bootstrap_servers, options.group_id)
    producer = Producer(
        {
            "bootstrap.servers": options.bootstrap_servers,
            "enable.idempotence": True,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    consumer.subscribe([options.input_topic])
    unsettled: list[TopicPartition] = []
    while not stopped.is_set():
        messages = consumer.consume(options.batch, timeout=_IDLE_S)
        records = [record_of(message) for message in messages]
        results = results_of(records, model) if records else []
        settle(consumer, producer, unsettled)
        unsettled = produce(producer, options.result_topic, records, results)
    settle(consumer, producer, unsettled)
    consumer.close()


if __name__ == "__main__":
    main()
