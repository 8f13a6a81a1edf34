"""An echo in confluent-kafka: each record as it comes, unchanged. The floor of what latency can be.

Offsets are stored when the broker has the copy, and committed twice a second.
"""

import argparse
import signal
from threading import Event

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from bench.peers.options import stream_options
from bench.peers.source import source_of


def echo(consumer: Consumer, producer: Producer, topic: str, stopped: Event) -> None:
    """Copy records to the topic until stopped.

    Raises:
        KafkaException: the broker refused one.
    """
    while not stopped.is_set():
        message = consumer.poll(0.05)
        if message is not None:
            _copy(message, consumer, producer, topic)
        producer.poll(0)
    producer.flush()


def _copy(message: Message, consumer: Consumer, producer: Producer, topic: str) -> None:
    if message.error():
        raise KafkaException(message.error())
    source = source_of(message)
    done = TopicPartition(source.topic, source.partition, source.offset + 1)

    def store(error: KafkaError | None, _: Message) -> None:
        if error:
            raise KafkaException(error)
        consumer.store_offsets(offsets=[done])

    producer.produce(topic, message.value(), message.key(), source.partition, on_delivery=store)


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__, parents=[stream_options()])
    options = parser.parse_args()
    stopped = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    consumer = Consumer(
        {
            "bootstrap.servers": options.bootstrap_servers,
            "group.id": options.group_id,
            "enable.auto.offset.store": False,
            "auto.commit.interval.ms": 500,
            "auto.offset.reset": "earliest",
        }
    )
    producer = Producer({"bootstrap.servers": options.bootstrap_servers, "linger.ms": 0})
    consumer.subscribe([options.input_topic])
    echo(consumer, producer, options.result_topic, stopped)
    consumer.close()


if __name__ == "__main__":
    main()
