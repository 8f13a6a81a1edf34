"""One run of the benchmark: the parts that were asked for, one after the other, on one broker."""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from confluent_kafka import KafkaException

from bench.cluster import Cluster
from bench.competitors import (
    PRODUCT,
    RECORDED_BATCH,
    RECORDED_TUNING,
    Competitor,
    Peers,
    ceiling,
    exactly_once,
    product,
)
from bench.core_alone import SLICES, core_cost, core_records, mean_result_bytes
from bench.core_cpu import core_cpu_us
from bench.cost_curves import by_length, by_sentences, by_slice
from bench.cpu_profile import cpu_profile
from bench.jvm import jvm_ceilings
from bench.machine import commit, machine, versions
from bench.parts import latency, throughput, tune, with_best
from bench.peers_environment import peers_model, peers_python, peers_versions
from bench.plan import CORE_REVIEWS, Part, Plan
from bench.processes import WorkerEndedError
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

Step = Callable[[Results], Results]


def measure(plan: Plan, parts: Sequence[Part], say: Say) -> Results:
    """The parts, measured.

    Raises:
        BrokerUnavailable: no broker could be started.
        ModelError: the product's champion must not be used.
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
    output_bytes = result_bytes(reviews, champion)
    gc.collect()
    gc.freeze()  # the collector must not look through all reviews while results are timed
    with session_on_a_broker(reviews, plan, say) as session:
        for part, step in steps(session, peers, output_bytes).items():
            if part in parts:
                results = attempt(part, step, results, say)
    return replace(results, took_s=time.monotonic() - began)


def attempt(part: Part, step: Step, results: Results, say: Say) -> Results:
    """The results with those of the part, or with what went wrong: the other parts are not lost by it."""
    try:
        return step(results)
    except (KafkaException, WorkerEndedError, TimeoutError, ValueError) as error:
        say(f"{part}: {error}")
        return replace(results, failed={**results.failed, part: str(error)})


def steps(session: Session, peers: Peers, output_bytes: int) -> dict[Part, Step]:
    """The parts that need a broker, in their order: latency wants to know the throughput."""
    alone = product()
    return {
        "throughput": partial(_throughput_part, session, peers, output_bytes),
        "layers": partial(_layers_part, session, peers),
        "latency": partial(_latency_part, session, peers),
        "recovery": lambda results: replace(results, recovery=run_recovery(session, alone)),
        "scale": lambda results: replace(
            results, workers=by_workers(session, alone), partitions=by_partitions(session)
        ),
        "start": lambda results: replace(results, starts=starts(session, alone)),
        "profile": lambda results: replace(results, profile=cpu_profile(session)),
    }


def core_part(results: Results, reviews: Reviews, champion: Model, say: Say) -> Results:
    """The core alone, without Kafka."""
    say("the core alone")
    records = core_records(reviews.values()[:CORE_REVIEWS])
    repeats = results.plan.core_repeats
    return replace(
        results,
        core=[core_cost(records, champion, size, repeats) for size in SLICES],
        core_cpu_us=core_cpu_us(records, champion),
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


def _throughput_part(session: Session, peers: Peers, output_bytes: int, results: Results) -> Results:
    """Each with its own model, the loop tuned by a sweep, and the ceilings."""
    trials = tune(session, [peers.loop()], RECORDED_TUNING, LOOP_CANDIDATES)
    loop = with_best(peers.loop(), trials)
    ceilings = [ceiling(output_bytes), *jvm_ceilings(output_bytes, session.say)]
    competitors = [product(), exactly_once(), loop, peers.quix(), peers.stock_faust(), *ceilings]
    results = _told(replace(results, sweeps={**results.sweeps, **trials}), competitors)
    return replace(results, throughput=throughput(session, competitors))


def _layers_part(session: Session, peers: Peers, results: Results) -> Results:
    """All with the product's scorer, each with the batch size that its sweep found best."""
    others = peers.with_our_scorer()
    trials = tune(session, others, RECORDED_BATCH, BATCH_CANDIDATES)
    competitors = [product(), *(with_best(other, trials) for other in others)]
    results = _told(replace(results, sweeps={**results.sweeps, **trials}), competitors)
    return replace(results, layers=throughput(session, competitors))


def _latency_part(session: Session, peers: Peers, results: Results) -> Results:
    """Beside the echo at some rates, the product alone at others and at half of what it can do at most."""
    group = [product(), exactly_once(), peers.echo()]
    plan, results = session.plan, _told(results, group)
    measured = {rate: latency(session, group, rate, rounds) for rate, rounds in plan.latency_rounds.items()}
    for rate in (*plan.latency_alone, *_half_of_the_most(results)):
        measured[rate] = latency(session, [product()], rate, 1)
    return replace(results, latency=dict(sorted(measured.items())))


def _half_of_the_most(results: Results) -> Iterator[int]:
    """Half of the product's throughput, where it was measured and the plan has rates of the product alone."""
    runs = results.throughput.get(PRODUCT, ())
    if results.plan.latency_alone and runs and all(run.valid for run in runs):
        yield round(median_of(runs, "reviews_per_s") / 2)


def _told(results: Results, competitors: Sequence[Competitor]) -> Results:
    return replace(results, how={**results.how, **{one.name: one.how for one in competitors}})
