"""A tuned loop of confluent-kafka, with scikit-learn in batches.

The results of a batch are on their way to the broker while the next batch is scored; a batch's offsets are
committed when the broker holds all its results.
"""

import argparse
import signal
from typing import Any

import orjson  # type: ignore[import-not-found] # in bench/.venv
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from sklearn.pipeline import Pipeline

from bench.peers.classification import HEADERS, classify, load_model
from bench.peers.options import stream_options
from bench.peers.source import Source, source_of

_IDLE_S = 0.1


def parse_options() -> argparse.Namespace:
    """The command line; what the sweep tries is optional."""
    parser = argparse.ArgumentParser(description=__doc__, parents=[stream_options()])
    parser.add_argument("--batch", type=int, default=4_000)
    parser.add_argument("--linger-ms", default="5")
    parser.add_argument("--compression", default="none")
    return parser.parse_args()


def new_consumer(bootstrap_servers: str, group_id: str) -> Consumer:
    """A member of the group that commits when told to."""
    return Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": group_id,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )


def refuse_silence(error: KafkaError | None, _: Message) -> None:
    """A result that the broker refused ends the loop.

    Raises:
        KafkaException: the broker's reason.
    """
    if error:
        raise KafkaException(error)


class Loop:
    """Consume a batch, score it, wait for the results of the batch before, produce, and again."""

    def __init__(self, options: argparse.Namespace, model: Pipeline) -> None:
        self._options = options
        self._model = model
        self._consumer = new_consumer(options.bootstrap_servers, options.group_id)
        self._producer = Producer(
            {
                "bootstrap.servers": options.bootstrap_servers,
                "enable.idempotence": True,
                "linger.ms": options.linger_ms,
                "compression.type": options.compression,
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        self._unsettled: list[TopicPartition] = []
        self._stopped = False

    def stop(self, *_: object) -> None:
        """End after this batch."""
        self._stopped = True

    def run(self) -> None:
        """Until stopped."""
        self._consumer.subscribe([self._options.input_topic])
        while not self._stopped:
            messages = self._consumer.consume(self._options.batch, timeout=_IDLE_S)
            sources = [source_of(message) for message in messages]
            results = self._classify(messages, sources)
            self._settle()
            self._produce(messages, sources, results)
        self._settle()
        self._consumer.close()

    def _classify(self, messages: list[Message], sources: list[Source]) -> list[dict[str, Any]]:
        reviews = [orjson.loads(message.value()) for message in messages]
        return classify(self._model, list(zip(reviews, sources, strict=True))) if messages else []

    def _produce(self, messages: list[Message], sources: list[Source], results: list[dict[str, Any]]) -> None:
        for message, source, result in zip(messages, sources, results, strict=True):
            self._producer.produce(
                self._options.result_topic,
                orjson.dumps(result),
                message.key(),
                source.partition,
                on_delivery=refuse_silence,
                headers=HEADERS,
            )
        last = {source.partition: source.offset for source in sources}
        topic = self._options.input_topic
        self._unsettled = [TopicPartition(topic, number, offset + 1) for number, offset in last.items()]

    def _settle(self) -> None:
        """Wait until the broker holds what was produced, then commit what it came from."""
        if self._unsettled:
            self._producer.flush()
            self._consumer.commit(offsets=self._unsettled, asynchronous=True)
            self._unsettled = []


def main() -> None:
    """Run until SIGTERM."""
    options = parse_options()
    loop = Loop(options, load_model(options.model))
    signal.signal(signal.SIGTERM, loop.stop)
    loop.run()


if __name__ == "__main__":
    main()
