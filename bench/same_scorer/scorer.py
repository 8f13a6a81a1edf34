"""The product's scorer as the peers call it: records in, keys and values out."""

import argparse
from collections.abc import Sequence
from typing import Final, NamedTuple

from confluent_kafka import Message

from bench.peers.options import stream_options
from bench.peers.source import source_of
from stream_app.bundled import bundled
from stream_app.core.messages import OutputRecord, Record
from stream_app.core.pipeline import Rules, classify
from stream_app.core.scoring import Model
from stream_app.model_store import load_model

RULES: Final = Rules()


class ScorerRecord(NamedTuple):
    """A record as the core sees it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[()] = ()


def batch_options(about: str | None) -> argparse.Namespace:
    """The command line of a peer that takes reviews in batches."""
    parser = argparse.ArgumentParser(description=about, parents=[stream_options()])
    parser.add_argument("--batch", type=int, default=500, help="reviews in one call of the scorer, at most")
    return parser.parse_args()


def champion() -> Model:
    """The model that the worker has, too."""
    return load_model(bundled("champion"), "inherited")


def record_of(message: Message) -> ScorerRecord:
    """A message of confluent-kafka as a record."""
    return ScorerRecord(*source_of(message), message.key(), message.value())


def results_of(records: Sequence[Record], model: Model) -> list[OutputRecord]:
    """One result for each record, in their order.

    Raises:
        ValueError: a record is no review; the benchmark's all are.
    """
    outcome = classify(records, model, RULES)
    if outcome.dead_letters:
        raise ValueError(f"{len(outcome.dead_letters)} of {len(records)} records are no reviews")
    return outcome.results
