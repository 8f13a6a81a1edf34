"""The parts of a run that compare: throughput in rounds, sweeps, latency in rounds."""

from collections.abc import Mapping, Sequence

from bench.competitors import Competitor, tuned
from bench.latency import LatencyRun, Load, run_latency
from bench.plan import WARM_UP_S
from bench.session import Session
from bench.throughput import BacklogRun
from bench.tuning import Candidates, Trial, Tuning, sweep

Rounds = dict[str, list[BacklogRun]]


def tune(
    session: Session, competitors: Sequence[Competitor], start: Tuning, candidates: Candidates
) -> dict[str, list[Trial]]:
    """The sweeps, the best trial of each first; none when the plan has no place for them."""
    if not session.plan.sweep_reviews:
        session.say("no sweep: the recorded tuning")
        return {}
    backlog = session.fill(session.plan.sweep_reviews)
    trials = {}
    for competitor in competitors:
        session.say(f"sweep of {competitor.name}")

        def measure(tuning: Tuning, competitor: Competitor = competitor) -> float:
            session.say(f"  {', '.join(f'{name} {value}' for name, value in tuning.items())}")
            return session.work_off(tuned(competitor, tuning), backlog).reviews_per_s

        trials[competitor.name] = sweep(start, candidates, measure)
    session.cluster.delete(backlog.topic)
    return trials


def with_best(competitor: Competitor, trials: Mapping[str, Sequence[Trial]]) -> Competitor:
    """The competitor as its sweep found it best, if there was one."""
    swept = trials.get(competitor.name)
    return tuned(competitor, swept[0].tuning) if swept else competitor


def throughput(session: Session, competitors: Sequence[Competitor]) -> Rounds:
    """Rounds in which each competitor takes its turn, so that a noisy minute hits all alike."""
    session.say("throughput: filling topics")
    backlogs = {one.name: session.fill(round(one.reviews * session.plan.share)) for one in competitors}
    rounds: Rounds = {one.name: [] for one in competitors}
    for number in range(1, session.plan.rounds + 1):
        session.say(f" round {number}")
        for competitor in competitors:
            rounds[competitor.name].append(session.work_off(competitor, backlogs[competitor.name]))
    session.cluster.delete(*(backlog.topic for backlog in backlogs.values()))
    return rounds


def latency(
    session: Session, competitors: Sequence[Competitor], rate: int, rounds: int
) -> dict[str, list[LatencyRun]]:
    """The competitors one after the other, again and again."""
    session.say(f"latency at {rate:,} reviews/s")
    load = Load(session.values_file(), rate, session.plan.latency_s, WARM_UP_S)
    runs: dict[str, list[LatencyRun]] = {one.name: [] for one in competitors}
    for _ in range(rounds):
        for competitor in competitors:
            run = run_latency(session.cluster, competitor, load, session.next_name(), session.folder)
            runs[competitor.name].append(run)
            session.say(f"  {competitor.name}: p99 {run.latency.p99:.1f} ms")
    return runs
