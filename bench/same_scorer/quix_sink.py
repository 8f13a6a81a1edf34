"""Quix Streams with a batching sink, its way to work on many reviews at once.

A checkpoint hands the sink a batch of each partition and is committed when the sink has returned.
"""

from confluent_kafka import Producer
from quixstreams import Application  # type: ignore[import-not-found] # in bench/.venv
from quixstreams.sinks import BatchingSink, SinkBatch  # type: ignore[import-not-found] # the same

from bench.peers.confluent_loop import refuse_silence
from bench.same_scorer.scorer import ScorerRecord, batch_options, champion, results_of
from stream_app.core.scoring import Model


class Scoring(BatchingSink):  # type: ignore[misc] # quixstreams is not there to be looked at
    """Classifies what a checkpoint holds, and waits until the broker has the results."""

    def __init__(self, bootstrap_servers: str, result_topic: str, model: Model) -> None:
        super().__init__()
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap_servers,
                "enable.idempotence": True,
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        self._result_topic = result_topic
        self._model = model

    def write(self, batch: SinkBatch) -> None:
        """The results of one partition, on their way."""
        records = [
            ScorerRecord(batch.topic, batch.partition, one.offset, one.timestamp, one.key, one.value)
            for one in batch
        ]
        for result in results_of(records, self._model):
            self._producer.produce(
                self._result_topic,
                result.value,
                result.key,
                result.source_partition,
                on_delivery=refuse_silence,
                headers=result.headers,  # type: ignore[arg-type] # the core's type allows for None
            )

    def flush(self) -> None:
        """All partitions, and the acks of all."""
        super().flush()
        self._producer.flush()


def main() -> None:
    """Run until SIGTERM, which Quix Streams listens for."""
    options = batch_options(__doc__)
    app = Application(
        options.bootstrap_servers,
        consumer_group=options.group_id,
        auto_offset_reset="earliest",
        commit_interval=0.5,
        commit_every=options.batch,
        auto_create_topics=False,
        loglevel="WARNING",
    )
    reviews = app.topic(options.input_topic, value_deserializer="bytes", key_deserializer="bytes")
    app.dataframe(reviews).sink(Scoring(options.bootstrap_servers, options.result_topic, champion()))
    app.run()


if __name__ == "__main__":
    main()
