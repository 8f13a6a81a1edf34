"""What all parts of a run share: one broker, the reviews, the size of the run, names that are not taken."""

from collections.abc import Callable, Sequence
from pathlib import Path

from bench.cluster import PARTITIONS, Cluster
from bench.competitors import Competitor
from bench.plan import Plan
from bench.reviews import Reviews
from bench.throughput import Backlog, BacklogRun, run_backlog

Say = Callable[[str], None]


class Session:
    """One run's surroundings.

    Args:
        cluster: a broker of the benchmark's own.
        reviews: what is classified.
        plan: how much of it.
        folder: for temporary files.
        say: is told what goes on.
    """

    def __init__(self, cluster: Cluster, reviews: Reviews, plan: Plan, folder: Path, say: Say) -> None:
        self.cluster = cluster
        self.rows = reviews.rows
        self.values: Sequence[bytes] = reviews.values()
        self.plan = plan
        self.folder = folder
        self.say = say
        self._names = 0

    def fill(self, records: int, partitions: int = PARTITIONS) -> Backlog:
        """A topic of its own with so many reviews."""
        topic = f"{self.next_name()}-input"
        self.cluster.create(topic, partitions=partitions)
        self.cluster.fill(topic, self.values, records)
        return Backlog(topic, records, self.rows)

    def work_off(self, competitor: Competitor, backlog: Backlog, workers: int = 1) -> BacklogRun:
        """Let so many of a competitor's workers drain the backlog."""
        run = run_backlog(self.cluster, competitor, backlog, self.next_name(), self.folder, workers=workers)
        self.say(f"  {competitor.name}: {run.reviews_per_s:,.0f} reviews/s, {run.cpu_us:.1f} µs of CPU each")
        return run

    def values_file(self) -> Path:
        """The reviews, a value a line."""
        file = self.folder / "values.jsonl"
        if not file.exists():
            file.write_bytes(b"\n".join(self.values))
        return file

    def next_name(self) -> str:
        """A name for a group and its topics that was not given before."""
        self._names += 1
        return f"bench-{self._names}"
