"""Faults of the worker process."""

import signal
import time
from typing import Final

from tests.faults.latencies import delay_of_neighbours
from tests.faults.memory import PeakMemory
from tests.faults.rebalances import storm
from tests.faults.scenario import Outcome, Scenario, Stage
from tests.faults.trial import PER_S, REPEATS, SESSION_S, suspend, trial

_STORM_S: Final = 15
_BACKLOG: Final = 500_000
_GROWTH_MB: Final = 50


def _kill_9(stage: Stage) -> Outcome:
    with trial(stage) as run:
        (first,) = run.start_workers(1)
        run.feed()
        first.kill()
        ended_at = time.time()
        run.start_worker()
        return run.outcome(ended_at)


def _kill_9_with_a_survivor(stage: Stage) -> Outcome:
    with trial(stage) as run:
        workers = run.start_workers(2)
        run.feed()
        stage.chance.choice(workers).kill()
        return run.outcome(time.time())


def _kill_9_of_two(stage: Stage) -> Outcome:
    with trial(stage) as run:
        workers = run.start_workers(2)
        run.feed()
        for worker in workers:
            worker.kill()
        ended_at = time.time()
        for _ in workers:
            run.start_worker()
        return run.outcome(ended_at)


def _sigterm(stage: Stage) -> Outcome:
    with trial(stage) as run:
        (first,) = run.start_workers(1)
        run.feed()
        began = time.monotonic()
        assert first.terminate() == 0
        took_s = time.monotonic() - began
        ended_at = time.time()
        run.start_worker()
        return run.outcome(ended_at, f"it ended after {took_s:.1f} s")


def _sigterm_under_backlog(stage: Stage) -> Outcome:
    with trial(stage, 100_000) as run:
        run.feed(per_s=100_000, until=0)
        for _ in range(3):
            worker = run.start_worker()
            run.flow.wait_for_outputs(run.flow.outputs() + 1)
            assert worker.terminate() == 0
        ended_at = time.time()
        run.start_worker()
        return run.outcome(ended_at)


def _sigstop_within_the_session(stage: Stage) -> Outcome:
    with trial(stage, 6_000) as run:
        (worker,) = run.start_workers(1)
        run.feed(until=1_000)
        seconds = stage.chance.uniform(1, SESSION_S / 2)
        suspend(worker, seconds)
        return run.outcome(time.time(), f"stopped for {seconds:.1f} s")


def _sigstop_beyond_the_session(stage: Stage) -> Outcome:
    with trial(stage, 14_000) as run:
        workers = run.start_workers(2)
        run.feed(until=1_000)
        seconds = stage.chance.uniform(SESSION_S + 1, SESSION_S + 4)
        suspend(stage.chance.choice(workers), seconds)
        return run.outcome(time.time(), f"stopped for {seconds:.1f} s")


def _join_and_leave(stage: Stage) -> Outcome:
    with trial(stage, 8_000) as run:
        (first,) = run.start_workers(1)
        run.feed(until=1_000)
        run.start_workers(1)
        assert first.terminate() == 0
        return run.outcome(time.time())


def _rebalance_storm(stage: Stage) -> Outcome:
    with trial(stage, 18_000) as run:
        run.start_workers(1)
        run.feed(until=1_000)
        calm_at = time.monotonic() + _STORM_S
        joins = storm(run.flow.connection, run.flow.group, run.flow.input, lambda: time.monotonic() > calm_at)
        return run.outcome(time.time(), f"{joins} joins and as many leaves")


def _static_member_restarts(stage: Stage) -> Outcome:
    with trial(stage, 6_000) as run:
        other, first = (run.start_worker(group_instance_id=name) for name in "ab")
        for worker in (other, first):
            worker.wait_until_ready()
        run.feed()
        before = other.events().count("partitions_assigned")
        first.send(stage.chance.choice([signal.SIGKILL, signal.SIGTERM]))
        code = first.wait()
        ended_at = time.time()
        run.start_worker(group_instance_id="b").wait_until_ready()
        rebalances = other.events().count("partitions_assigned") - before
        return run.outcome(ended_at, f"it ended with {code}; the other saw {rebalances} rebalances")


def _poison(stage: Stage) -> Outcome:
    with trial(stage, 6_000, poison_every=50) as run:
        run.start_workers(1)
        run.feed()
        return run.outcome()._replace(note=delay_of_neighbours(run.flow))


def _backlog(stage: Stage) -> Outcome:
    """The backlog grows while the worker is stopped, within its session: growth is all that is measured."""
    with trial(stage, _BACKLOG) as run:
        worker = run.start_worker(session_timeout_s="300")
        worker.wait_until_ready()
        run.feed(per_s=10 * PER_S, until=20_000)
        memory = PeakMemory(worker.pid)
        worker.send(signal.SIGSTOP)
        run.wait_until_fed()
        worker.send(signal.SIGCONT)
        with memory:
            outcome = run.outcome(time.time())
        assert memory.grown_mb < _GROWTH_MB, f"memory has grown by {memory.grown_mb:.0f} MB"
        return outcome._replace(
            note=f"memory grew by {memory.grown_mb:.0f} MB, from {memory.before_mb:.0f} MB"
        )


SCENARIOS: Final = (
    Scenario(
        "worker_kill_9",
        "Worker",
        "kill -9; another worker starts at once",
        "For a session (here 6 s) the group waits; then the new worker reads on from the last commit.",
        _kill_9,
        repeats=REPEATS,
    ),
    Scenario(
        "worker_kill_9_with_a_survivor",
        "Worker",
        "kill -9 of one worker of two",
        "After a session (here 6 s) the survivor has all partitions: `partitions_assigned` in its log.",
        _kill_9_with_a_survivor,
        repeats=REPEATS,
    ),
    Scenario(
        "worker_kill_9_of_two",
        "Worker",
        "kill -9 of both workers at once; two others start at once",
        "As for one.",
        _kill_9_of_two,
        repeats=REPEATS,
    ),
    Scenario(
        "worker_sigterm",
        "Worker",
        "SIGTERM in mid-stream; another worker starts",
        "`drain_started`, `drain_done`, exit code 0. The new worker reads on at once.",
        _sigterm,
    ),
    Scenario(
        "worker_sigterm_under_backlog",
        "Worker",
        "with 100,000 reviews waiting, SIGTERM of three workers in turn, at the first output of each",
        "As in mid-stream.",
        _sigterm_under_backlog,
    ),
    Scenario(
        "worker_sigstop_within_the_session",
        "Worker",
        "SIGSTOP for 1 to 3 s",
        "Nothing in the log; lag rises and falls.",
        _sigstop_within_the_session,
    ),
    Scenario(
        "worker_sigstop_beyond_the_session",
        "Worker",
        "SIGSTOP of one worker of two for longer than its session (6 s), then SIGCONT",
        "The other takes over; when continued, the stopped one finishes what it had in work and joins again.",
        _sigstop_beyond_the_session,
        repeats=REPEATS,
    ),
    Scenario(
        "workers_join_and_leave",
        "Worker",
        "a second worker joins, the first ends by SIGTERM",
        "`partitions_revoked` and `partitions_assigned`; work is finished and committed before.",
        _join_and_leave,
    ),
    Scenario(
        "rebalance_storm",
        "Worker",
        "for 15 s another member joins the group, holds its partitions for a second, and leaves",
        "`partitions_revoked` and `partitions_assigned` twice a second or so.",
        _rebalance_storm,
    ),
    Scenario(
        "static_member_restarts",
        "Worker",
        "a worker with STREAM_GROUP_INSTANCE_ID is killed (or ended) and started again within its session",
        "The new process takes the old one's place: nobody waits for a session to end.",
        _static_member_restarts,
        repeats=REPEATS,
    ),
    Scenario(
        "poison",
        "Worker",
        "every 50th record is no UTF-8",
        "`dead_letter` in the log, with the reason; the reviews beside it are classified.",
        _poison,
    ),
    Scenario(
        "backlog",
        "Worker",
        "500,000 reviews pile up while the worker is stopped",
        "Lag falls at full speed; resident memory stays where it was.",
        _backlog,
        is_slow=True,
        repeats=REPEATS,
    ),
)
