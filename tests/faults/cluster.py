"""Faults of a cluster of three nodes: replication factor 3, two replicas in sync to take a record."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.faults.oracle import LOG_APPEND_TIME
from tests.faults.scenario import Outcome, Scenario, Stage
from tests.faults.supervision import Supervisor
from tests.faults.three_nodes import NODES, Cluster, three_nodes
from tests.faults.trial import PER_S, POISON_EVERY, REPEATS, Trial

_AWAY_S: Final = 6


@contextmanager
def _course(stage: Stage, count: int) -> Iterator[tuple[Cluster, Trial, Supervisor]]:
    """A trial in mid-stream, with a worker that is kept running."""
    with three_nodes(stage.folder) as cluster, stage.stream(cluster.bootstrap_servers) as flow:
        flow.create_topics(replicas=NODES, results=LOG_APPEND_TIME, dead_letters=LOG_APPEND_TIME)
        cluster.wait_until_whole()
        run = Trial(cluster.nodes[0], flow, count, POISON_EVERY)
        supervisor = Supervisor(run.start_worker)
        run.feed(until=PER_S)
        yield cluster, run, supervisor


def _outcome(run: Trial, supervisor: Supervisor, ended_at: float) -> Outcome:
    return run.outcome(ended_at, tend=supervisor.tend)._replace(note=supervisor.told())


def _node_killed(stage: Stage) -> Outcome:
    with _course(stage, 8_000) as (cluster, run, supervisor):
        cluster.leader(run.flow.results, 0).kill()
        killed_at = time.time()
        return _outcome(run, supervisor, killed_at)


def _nodes_killed_in_turn(stage: Stage) -> Outcome:
    with _course(stage, PER_S * 60) as (cluster, run, supervisor):
        for node in cluster.nodes:
            node.kill()
            supervisor.watch(_AWAY_S)
            node.start()
            cluster.wait_until_whole()
        return _outcome(run, supervisor, time.time())


def _too_few_replicas(stage: Stage) -> Outcome:
    with _course(stage, PER_S * 40) as (cluster, run, supervisor):
        run.flow.set_config(run.flow.results, min_insync_replicas="3")
        node = cluster.nodes[stage.chance.randrange(NODES)]
        node.kill()
        supervisor.watch(2 * _AWAY_S)
        node.start()
        return _outcome(run, supervisor, time.time())


def _two_nodes_away(stage: Stage) -> Outcome:
    with _course(stage, PER_S * 40) as (cluster, run, supervisor):
        away = stage.chance.sample(cluster.nodes, 2)
        for node in away:
            node.kill()
        supervisor.watch(2 * _AWAY_S)
        for node in away:
            node.start()
        return _outcome(run, supervisor, time.time())


SCENARIOS: Final = (
    Scenario(
        "node_killed",
        "Cluster",
        "kill -9 of the node that leads a partition of the results; it stays away",
        "For the node's session (4 s) its partitions wait; then others lead them. Measured from the kill.",
        _node_killed,
        is_slow=True,
        repeats=REPEATS,
    ),
    Scenario(
        "nodes_killed_in_turn",
        "Cluster",
        f"kill -9 of each node in turn, away for {_AWAY_S} s, the next when all replicas are in sync again",
        "The same, three times.",
        _nodes_killed_in_turn,
        is_slow=True,
        repeats=REPEATS,
    ),
    Scenario(
        "too_few_replicas_in_sync",
        "Cluster",
        f"the results want 3 replicas in sync, and one node is killed, away for {2 * _AWAY_S} s",
        "The broker answers NOT_ENOUGH_REPLICAS; lag grows, and the worker sends again until it is taken.",
        _too_few_replicas,
        is_slow=True,
        repeats=REPEATS,
    ),
    Scenario(
        "two_nodes_away",
        "Cluster",
        f"kill -9 of two nodes at once, away for {2 * _AWAY_S} s: no quorum, nothing can be written",
        "Lag grows, `lag_unreadable`; the worker goes on when the nodes are back.",
        _two_nodes_away,
        is_slow=True,
        repeats=REPEATS,
    ),
)
