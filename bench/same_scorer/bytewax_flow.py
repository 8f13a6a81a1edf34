"""A dataflow of bytewax, with its own source and sink.

The sink waits for the broker after each batch. Bytewax commits no offsets to Kafka: with recovery on it keeps
them itself, here in a folder of this process's, once a second.
"""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import bytewax.operators as op  # type: ignore[import-not-found] # in bench/.venv
from bytewax.connectors.kafka import (  # type: ignore[import-not-found] # the same
    KafkaSink,
    KafkaSinkMessage,
    KafkaSource,
    KafkaSourceMessage,
)
from bytewax.dataflow import Dataflow  # type: ignore[import-not-found] # the same
from bytewax.recovery import RecoveryConfig, init_db_dir  # type: ignore[import-not-found] # the same
from bytewax.testing import cluster_main  # type: ignore[import-not-found] # what `python -m bytewax.run` calls

from bench.same_scorer.scorer import ScorerRecord, batch_options, champion, results_of

_SNAPSHOT_EVERY = timedelta(seconds=1)


def flow(brokers: list[str], input_topic: str, result_topic: str, batch: int) -> Dataflow:
    """Reviews in, results out."""
    model = champion()

    def classify(messages: list[KafkaSourceMessage]) -> list[KafkaSinkMessage]:
        records = [
            ScorerRecord(one.topic, one.partition, one.offset, one.timestamp[1], one.key, one.value)
            for one in messages
        ]
        results = results_of(records, model) if records else []
        return [KafkaSinkMessage(result.key, result.value, headers=result.headers) for result in results]

    dataflow = Dataflow("reviews")
    reviews = op.input("reviews", dataflow, KafkaSource(brokers, [input_topic], batch_size=batch))
    results = op.flat_map_batch("classify", reviews, classify)
    op.output("results", results, KafkaSink(brokers, result_topic, {"enable.idempotence": "true"}))
    return dataflow


def main() -> None:
    """Run until SIGTERM."""
    options = batch_options(__doc__)
    dataflow = flow([options.bootstrap_servers], options.input_topic, options.result_topic, options.batch)
    with TemporaryDirectory() as folder:
        init_db_dir(Path(folder), 1)
        recovery = RecoveryConfig(folder)
        cluster_main(dataflow, [], 0, epoch_interval=_SNAPSHOT_EVERY, recovery_config=recovery)


if __name__ == "__main__":
    main()
