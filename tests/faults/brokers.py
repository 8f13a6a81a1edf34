"""Faults of the broker."""

import time
from collections.abc import Callable
from typing import Final

from stream_app.kafka.broker import LocalBroker
from tests.faults.scenario import Outcome, Scenario, Stage
from tests.faults.trial import PER_S, REPEATS, trial
from tests.stream import PATIENCE_S, wait_until

_SHORT_S: Final = 2
_LONG_S: Final = 120
_DRAINED_WITHIN_S: Final = 10


def _away(stage: Stage, end: Callable[[LocalBroker], None], seconds: float) -> Outcome:
    """The broker is away in mid-stream; the worker must live through it."""
    with trial(stage, 4_000 + int(PER_S * min(seconds, 10))) as run:
        (worker,) = run.start_workers(1)
        run.feed(until=1_000)
        end(run.broker)
        time.sleep(seconds)
        run.broker.start()
        outcome = run.outcome(time.time())
        ended_itself = "; the worker ended by itself" if "drain_done" not in worker.events() else ""
        return outcome._replace(note=outcome.note + ended_itself)


def _sigterm(stage: Stage) -> Outcome:
    return _away(stage, LocalBroker.terminate, _SHORT_S)


def _kill_9(stage: Stage) -> Outcome:
    return _away(stage, LocalBroker.kill, _SHORT_S)


def _away_for_two_minutes(stage: Stage) -> Outcome:
    return _away(stage, stage.chance.choice([LocalBroker.kill, LocalBroker.terminate]), _LONG_S)


def _sigstop(stage: Stage) -> Outcome:
    with trial(stage, 8_000) as run:
        run.start_workers(1)
        run.feed(until=1_000)
        seconds = stage.chance.uniform(1, 5)
        run.broker.suspend()
        time.sleep(seconds)
        run.broker.resume()
        return run.outcome(time.time(), f"stopped for {seconds:.1f} s")


def _absent_at_start(stage: Stage) -> Outcome:
    with trial(stage) as run:
        run.broker.terminate()
        worker = run.start_worker()
        wait_until(lambda: "waiting_for_broker" in worker.events(), PATIENCE_S, worker.text)
        alive, ready = worker.get("/livez")[0], worker.get("/readyz")[0]
        assert (alive, ready) == (200, 503)
        run.broker.start()
        run.feed()
        return run.outcome(note=f"/livez {alive} and /readyz {ready} meanwhile")


def _worker_sigterm_while_it_is_away(stage: Stage) -> Outcome:
    with trial(stage) as run:
        (worker,) = run.start_workers(1)
        run.feed()
        run.broker.kill()
        began = time.monotonic()
        code = worker.terminate()
        took_s = time.monotonic() - began
        run.broker.start()
        ended_at = time.time()
        run.start_worker()
        assert code == 0, f"the worker ended with {code}"
        assert took_s < _DRAINED_WITHIN_S, f"the worker ended after {took_s:.1f} s"
        return run.outcome(ended_at, f"the worker ended with {code} after {took_s:.1f} s")


SCENARIOS: Final = (
    Scenario(
        "broker_sigterm",
        "Broker",
        "SIGTERM; it starts again after 2 s",
        "/livez stays 200; the worker connects again by itself. Lag rises and falls.",
        _sigterm,
    ),
    Scenario(
        "broker_kill_9",
        "Broker",
        "kill -9; it starts again after 2 s",
        "As for SIGTERM.",
        _kill_9,
        repeats=REPEATS,
    ),
    Scenario(
        "broker_sigstop",
        "Broker",
        "SIGSTOP for 1 to 5 s, then SIGCONT",
        "Nothing in the log; lag rises and falls.",
        _sigstop,
    ),
    Scenario(
        "broker_absent_at_start",
        "Broker",
        "the worker starts when there is no broker; the broker comes 30 s later at most",
        "`waiting_for_broker` in the log every 2 s; /livez 200, /readyz 503.",
        _absent_at_start,
    ),
    Scenario(
        "broker_absent_for_two_minutes",
        "Broker",
        "the broker is away for 120 s",
        "/livez stays 200; the worker connects again by itself.",
        _away_for_two_minutes,
        is_slow=True,
        repeats=REPEATS,
    ),
    Scenario(
        "worker_sigterm_while_the_broker_is_away",
        "Broker",
        "kill -9 of the broker, then SIGTERM of the worker",
        "The drain is cut short: `drain_cut_short`, exit code 0 within 10 s. The next worker reads again.",
        _worker_sigterm_while_it_is_away,
        repeats=REPEATS,
    ),
)
