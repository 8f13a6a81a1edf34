"""Who takes part: how each is started, and how many reviews it gets."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple

from bench.reviews import ROOT

PRODUCT: Final = "this product"
EXACTLY_ONCE: Final = "exactly-once"
CEILING: Final = "its transport, no work"
JVM_CEILING: Final = "JVM loop, no work"
LOOP: Final = "confluent-kafka loop"
QUIX: Final = "Quix Streams"
FAUST: Final = "stock Faust"
ECHO: Final = "confluent-kafka echo"
SCORER_LOOP: Final = "confluent-kafka loop, our scorer"

# What the sweep found best where it was last run; used by the quick run instead of a sweep.
RECORDED_TUNING: Final = {"batch": "500", "compression": "lz4", "linger-ms": "5"}
RECORDED_BATCH: Final = {"batch": "500"}


class Streams(NamedTuple):
    """Where a competitor reads and writes."""

    bootstrap_servers: str
    input_topic: str
    result_topic: str
    dlq_topic: str
    group_id: str


@dataclass(frozen=True)
class Competitor:
    """One row of the tables.

    Attributes:
        name: of the row.
        how: what it does, for the report.
        command: what starts it, without the streams.
        reviews: how many it gets in one round, so that a round takes about ten seconds.
        options: further options of its command.
        classifies: whether its results are results, not just as large.
        has_dlq: whether it is told of a dead-letter topic.
        commits: whether it commits offsets to Kafka.
    """

    name: str
    how: str
    command: tuple[str, ...]
    reviews: int = 0
    options: Mapping[str, str] = field(default_factory=dict)
    classifies: bool = True
    has_dlq: bool = False
    commits: bool = True

    def started_on(self, streams: Streams) -> list[str]:
        """The whole command."""
        places = streams._asdict()
        if not self.has_dlq:
            del places["dlq_topic"]
        options = {name.replace("_", "-"): value for name, value in places.items()} | dict(self.options)
        return [*self.command, *(f"--{name}={value}" for name, value in options.items())]


def product() -> Competitor:
    """The worker as users start it, with everything on and no setting changed but where to read and write."""
    command = (sys.executable, "-m", "stream_app", "worker")
    how = "stream-app worker: metrics, results with sentences and text"
    return Competitor(PRODUCT, how, command, 300_000, {"http-port": "0"}, has_dlq=True)


def exactly_once() -> Competitor:
    """The worker with the other guarantee."""
    started = product()
    options = {**started.options, "processing-guarantee": "exactly_once"}
    return replace(started, name=EXACTLY_ONCE, how=f"{started.how}, in transactions", options=options)


def ceiling(result_bytes: int) -> Competitor:
    """The product's transport alone: one output per review, of a result's size."""
    command = (sys.executable, "-m", "bench.ceiling")
    how = f"one output of {result_bytes} bytes per review, acked"
    options = {"result-bytes": str(result_bytes)}
    return Competitor(CEILING, how, command, 600_000, options, classifies=False, has_dlq=True)


def jvm_ceiling(java: Path, jars: Sequence[Path], result_bytes: int) -> Competitor:
    """Kafka's own client on the JVM: one output per review, of a result's size."""
    command = (str(java), "-cp", os.pathsep.join(map(str, jars)), str(ROOT / "bench" / "Relay.java"))
    how = f"Apache Kafka's own client, one output of {result_bytes} bytes per review, acked"
    options = {"result-bytes": str(result_bytes)}
    return Competitor(JVM_CEILING, how, command, 600_000, options, classifies=False)


def tuned(competitor: Competitor, tuning: Mapping[str, str]) -> Competitor:
    """A competitor with another tuning."""
    told = ", ".join(f"{name} {value}" for name, value in tuning.items())
    how = f"{competitor.how.partition(';')[0]}; {told}"
    return replace(competitor, how=how, options={**competitor.options, **tuning})


class Peers(NamedTuple):
    """Those that run in an environment of their own.

    Attributes:
        python: its interpreter.
        model: the model that they share.
    """

    python: Path
    model: Path

    def loop(self, tuning: Mapping[str, str] = RECORDED_TUNING) -> Competitor:
        """The loop of confluent-kafka."""
        loop = self._classifier(LOOP, "confluent_loop", 80_000, how="scikit-learn in batches")
        return tuned(loop, tuning)

    def quix(self) -> Competitor:
        """Quix Streams."""
        return self._classifier(QUIX, "quix_per_review", 10_000)

    def stock_faust(self) -> Competitor:
        """Faust as it comes."""
        return self._classifier(FAUST, "faust_per_review", 7_000)

    def echo(self) -> Competitor:
        """The floor of latency."""
        command = (str(self.python), "-m", "bench.peers.confluent_echo")
        return Competitor(ECHO, "each record passed through as it comes", command, classifies=False)

    def with_our_scorer(self) -> list[Competitor]:
        """Those that differ from the product by their streaming layer alone."""
        ways = {
            SCORER_LOOP: ("confluent_loop", "results of a batch on their way while the next is scored"),
            "aiokafka loop, our scorer": ("aiokafka_loop", "the same, in whole record batches"),
            "Quix Streams, our scorer": ("quix_sink", "a batching sink, a checkpoint for each batch"),
            "bytewax, our scorer": ("bytewax_flow", "its own source and sink, recovery on"),
            "FastStream, our scorer": ("faststream_subscriber", "batches on aiokafka, acked by hand"),
        }
        return [self._with_our_scorer(name, *way) for name, way in ways.items()]

    def _with_our_scorer(self, name: str, module: str, how: str) -> Competitor:
        command = (str(self.python), "-m", f"bench.same_scorer.{module}")
        commits = module != "bytewax_flow"  # which keeps its offsets itself
        return tuned(Competitor(name, how, command, 200_000, commits=commits), RECORDED_BATCH)

    def _classifier(
        self, name: str, module: str, reviews: int, how: str = "scikit-learn per review"
    ) -> Competitor:
        command = (str(self.python), "-m", f"bench.peers.{module}")
        return Competitor(name, how, command, reviews, {"model": str(self.model)})
