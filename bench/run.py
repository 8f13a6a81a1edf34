"""One run of the benchmark: the parts that were asked for, one after the other, on one broker."""

import gc
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cluster import Cluster
from bench.competitors import (
    PRODUCT,
    RECORDED_BATCH,
    RECORDED_TUNING,
    Competitor,
    Peers,
    ceiling,
    product,
)
from bench.core_alone import SLICES, core_cost, core_records, mean_result_bytes
from bench.cost_curves import by_length, by_sentences, by_slice
from bench.cpu_profile import cpu_profile
from bench.jvm import jvm_ceilings
from bench.machine import commit, machine, versions
from bench.parts import latency, throughput, tune, with_best
from bench.peers_environment import peers_model, peers_python, peers_versions
from bench.plan import CORE_REVIEWS, Part, Plan
from bench.recovery import run_recovery
from bench.results import Results, median_of
from bench.reviews import Reviews, load_reviews
from bench.scale import by_partitions, by_workers, starts
from bench.session import Say, Session
from bench.tuning import BATCH_CANDIDATES, LOOP_CANDIDATES
from stream_app.bundled import bundled
from stream_app.core.scoring import Model
from stream_app.kafka.broker import local_broker
from stream_app.model_store import load_model


def measure(plan: Plan, parts: Sequence[Part], say: Say) -> Results:
    """The parts, measured.

    Raises:
        BrokerUnavailable: no broker could be started.
        ModelError: the product's champion must not be used.
        WorkerEndedError: a worker ended before its work was done.
        TimeoutError: something did not come.
    """
    began, reviews = time.monotonic(), load_reviews()
    python = peers_python(say)
    peers = Peers(python, peers_model(python, reviews.rows, say))
    champion = load_model(bundled("champion"), "inherited")
    results = Results(
        started_at=datetime.now(UTC),
        took_s=0.0,
        parts=parts,
        plan=plan,
        machine=machine(),
        commit=commit(),
        versions=versions(),
        peers=peers_versions(python),
        reviews=reviews.facts(),
        how={},
    )
    if "core" in parts:
        results = core_part(results, reviews, champion, say)
    gc.collect()
    gc.freeze()  # the collector must not look through all reviews while results are timed
    with session_on_a_broker(reviews, plan, say) as session:
        results = compare(session, results, peers, parts, result_bytes(reviews, champion))
        results = look_at_scale(session, results, parts)
    return replace(results, took_s=time.monotonic() - began)


def core_part(results: Results, reviews: Reviews, champion: Model, say: Say) -> Results:
    """The core alone, without Kafka."""
    say("the core alone")
    records = core_records(reviews.values()[:CORE_REVIEWS])
    repeats = results.plan.core_repeats
    return replace(
        results,
        core=[core_cost(records, champion, size, repeats) for size in SLICES],
        lengths=by_length(champion, repeats),
        sentences=by_sentences(champion, repeats),
        slices=by_slice(champion, reviews.values()[:CORE_REVIEWS], repeats),
    )


def result_bytes(reviews: Reviews, champion: Model) -> int:
    """How large a result is."""
    return mean_result_bytes(core_records(reviews.values()[:CORE_REVIEWS]), champion)


@contextmanager
def session_on_a_broker(reviews: Reviews, plan: Plan, say: Say) -> Iterator[Session]:
    """A broker of its own, ended behind."""
    with (
        local_broker(port=0, say=say) as broker,
        closing(Cluster(broker.bootstrap_servers)) as cluster,
        TemporaryDirectory(prefix="bench-") as folder,
    ):
        yield Session(cluster, reviews, plan, Path(folder), say)


def compare(
    session: Session, results: Results, peers: Peers, parts: Collection[Part], output_bytes: int
) -> Results:
    """Throughput, the streaming layers, latency."""
    if "throughput" in parts:
        trials = tune(session, [peers.loop()], RECORDED_TUNING, LOOP_CANDIDATES)
        loop = with_best(peers.loop(), trials)
        ceilings = [ceiling(output_bytes), *jvm_ceilings(output_bytes, session.say)]
        competitors = [product(), loop, peers.quix(), peers.stock_faust(), *ceilings]
        results = _told(replace(results, sweeps={**results.sweeps, **trials}), competitors)
        results = replace(results, throughput=throughput(session, competitors))
    if "layers" in parts:
        others = peers.with_our_scorer()
        trials = tune(session, others, RECORDED_BATCH, BATCH_CANDIDATES)
        competitors = [product(), *(with_best(other, trials) for other in others)]
        results = _told(replace(results, sweeps={**results.sweeps, **trials}), competitors)
        results = replace(results, layers=throughput(session, competitors))
    if "latency" in parts:
        results = _latency_part(session, _told(results, [product(), peers.echo()]), peers)
    return results


def look_at_scale(session: Session, results: Results, parts: Collection[Part]) -> Results:
    """The product alone: after a pause, in groups, on many partitions, at its start."""
    if "recovery" in parts:
        results = replace(results, recovery=run_recovery(session, product()))
    if "scale" in parts:
        results = replace(results, workers=by_workers(session, product()))
        results = replace(results, partitions=by_partitions(session))
    if "start" in parts:
        results = replace(results, starts=starts(session, product()))
    if "profile" in parts:
        results = replace(results, profile=cpu_profile(session))
    return results


def _latency_part(session: Session, results: Results, peers: Peers) -> Results:
    """Pairs at some rates, the product alone at others and at half of what it can do at most."""
    plan = session.plan
    measured = {
        rate: latency(session, [product(), peers.echo()], rate, pairs)
        for rate, pairs in plan.latency_pairs.items()
    }
    rates = [*plan.latency_alone]
    if rates and results.throughput:
        rates.append(round(median_of(results.throughput[PRODUCT], "reviews_per_s") / 2))
    measured |= {rate: latency(session, [product()], rate, 1) for rate in rates}
    return replace(results, latency=dict(sorted(measured.items())))


def _told(results: Results, competitors: Sequence[Competitor]) -> Results:
    return replace(results, how={**results.how, **{one.name: one.how for one in competitors}})
