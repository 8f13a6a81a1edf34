"""`make soak`: a stream under random faults; the verdict as JSON, exit code 1 when a promise was broken."""

import argparse
import json
import math
import random
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from rich.console import Console

from tests.faults.artefacts import Timeline, broker_kept_if_unreadable, dump_topics, keep_broker
from tests.faults.feeder import Feeder
from tests.faults.fleet import Fleet
from tests.faults.inputs import inputs
from tests.faults.mixtures import FLEET, Ground, draw, strike
from tests.faults.oracle import LOG_APPEND_TIME, Oracle
from tests.faults.scenario import Guarantee, Stage
from tests.faults.soak_verdict import Tally, soak_verdict

_POISON_EVERY: Final = 100
_MOST_INPUTS: Final = 50_000_000
_CALM_S: Final = (3.0, 8.0)
_GIVEN_UP_S: Final = 120.0
_READ_EVERY_S: Final = 0.5

console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    options = _options(arguments)
    folder = options.keep / f"soak-{options.seed}-{options.guarantee}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    console.print(
        f"seed {options.seed}, {options.guarantee}, {options.minutes:g} minutes at {options.per_s:g}/s"
    )
    verdict = soak(
        Stage(folder, random.Random(options.seed), options.guarantee), options.minutes, options.per_s
    )
    print(json.dumps({"seed": options.seed, **verdict}, indent=1))  # noqa: T201 - this is the output
    if verdict["breaches"]:
        console.print(f"what it left behind is in {folder}")
    return int(bool(verdict["breaches"]))


def soak(stage: Stage, minutes: float, per_s: float) -> dict[str, Any]:
    """Feed, strike, account; the verdict.

    Args:
        stage: its folder keeps the timeline; the topics and logs too when a promise was broken.
        minutes: for so long faults strike.
        per_s: reviews fed in a second.
    """
    timeline = Timeline(stage.folder / "timeline.jsonl")
    with stage.broker() as broker, stage.stream(broker.bootstrap_servers, dump=False) as flow:
        flow.create_topics(results=LOG_APPEND_TIME, dead_letters=LOG_APPEND_TIME)
        oracle, tally = Oracle(flow, _POISON_EVERY), Tally()
        with Fleet(flow, FLEET, timeline) as fleet:
            records = inputs(_MOST_INPUTS, poison_every=_POISON_EVERY)
            feeder = Feeder(flow.connection, flow.input, records, per_s)
            _read_until_resumed(oracle, time.time())
            ends_at = time.monotonic() + minutes * 60
            with broker_kept_if_unreadable(broker, stage.folder):
                while time.monotonic() < ends_at:
                    _strike(stage.chance, Ground(broker, flow, fleet), oracle, tally, timeline)
            feeder.stop()
            tally.fed = feeder.join()
            _read_on(oracle, lambda: oracle.ledger.done >= tally.fed)
            fleet.sample_memory()
            timeline.note("drain", fed=tally.fed, done=oracle.ledger.done)
            fleet.drain()
        oracle.read_to_the_ends()
        verdict = soak_verdict(stage.guarantee, oracle, tally, fleet) | {"not_committed": flow.lag()}
        if verdict["breaches"]:
            timeline.note("verdict", numbers_lost=oracle.ledger.lost(tally.fed)[:1000], **verdict)
            dump_topics(flow, stage.folder)
            keep_broker(broker, stage.folder)
    return verdict


def _strike(chance: random.Random, ground: Ground, oracle: Oracle, tally: Tally, timeline: Timeline) -> None:
    """One fault or two at once, and calm until every partition goes on, and a little longer."""
    faults = draw(chance)
    kinds = [fault.kind for fault in faults]
    timeline.note("fault", kinds=kinds, seconds=[fault.seconds for fault in faults])
    strike(faults, ground)
    ended_at = timeline.note("fault_ended", kinds=kinds)
    _read_until_resumed(oracle, ended_at)
    resumed_after_s = min(oracle.progress.resumed_after_s(ended_at * 1000), _GIVEN_UP_S)
    ledger, committed = oracle.ledger, ground.flow.committed()
    timeline.note(
        "resumed",
        after_s=resumed_after_s,
        done=ledger.done,
        out_of_order=ledger.out_of_order,
        committed=committed,
    )
    console.print(f"{' and '.join(kinds)}: back after {resumed_after_s:.1f} s, {ledger.done:,} reviews done")
    tally.add(faults, resumed_after_s)
    tally.see_committed(committed)
    ground.fleet.wait_until_ready()
    ground.fleet.sample_memory()
    time.sleep(chance.uniform(*_CALM_S))


def _read_until_resumed(oracle: Oracle, since: float) -> None:
    """Read until every partition has had an output since then, or for as long as one may wait."""

    def is_enough() -> bool:
        has_resumed = oracle.progress.resumed_after_s(since * 1000) < math.inf
        return has_resumed or time.time() > since + _GIVEN_UP_S

    _read_on(oracle, is_enough)


def _read_on(oracle: Oracle, is_enough: Callable[[], bool]) -> None:
    """Read until it is, or until nothing new has come for as long as one may wait."""
    done, gives_up_at = -1, math.inf
    while not is_enough() and time.monotonic() < gives_up_at:
        oracle.read_on()
        if oracle.ledger.done > done:
            done, gives_up_at = oracle.ledger.done, time.monotonic() + _GIVEN_UP_S
        time.sleep(_READ_EVERY_S)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=None, help="of the faults; none: another one each time")
    parser.add_argument("--guarantee", choices=get_args(Guarantee), default="at_least_once")
    parser.add_argument("--per-s", type=float, default=500, help="reviews fed in a second")
    parser.add_argument(
        "--keep", type=Path, default=Path("reports/faults"), help="where the timeline is kept"
    )
    options = parser.parse_args(arguments)
    options.seed = random.randrange(1_000_000) if options.seed is None else options.seed
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
