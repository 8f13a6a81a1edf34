from collections.abc import Mapping

import pytest

from bench.competitors import RECORDED_BATCH, RECORDED_TUNING
from bench.tuning import BATCH_CANDIDATES, LOOP_CANDIDATES, Candidates, Tuning, sweep


def test_the_sweep_finds_the_best_of_options_that_do_not_depend_on_each_other() -> None:
    worth = {"batch": "2000", "compression": "lz4", "linger-ms": "50"}

    def measure(tuning: Mapping[str, str]) -> float:
        return sum(tuning[option] == best for option, best in worth.items())

    trials = sweep(RECORDED_TUNING, LOOP_CANDIDATES, measure)
    assert dict(trials[0].tuning) == worth
    assert [trial.reviews_per_s for trial in trials] == sorted(
        (t.reviews_per_s for t in trials), reverse=True
    )


def test_nothing_is_measured_twice() -> None:
    measured: list[Mapping[str, str]] = []

    def measure(tuning: Mapping[str, str]) -> float:
        measured.append(dict(tuning))
        return len(measured)

    sweep(RECORDED_TUNING, LOOP_CANDIDATES, measure)
    assert len(measured) == len({tuple(sorted(tuning.items())) for tuning in measured})
    assert len(measured) == sum(map(len, LOOP_CANDIDATES.values())) - 2


@pytest.mark.parametrize(
    ("recorded", "candidates"), [(RECORDED_TUNING, LOOP_CANDIDATES), (RECORDED_BATCH, BATCH_CANDIDATES)]
)
def test_the_recorded_tuning_is_one_that_the_sweep_can_find(recorded: Tuning, candidates: Candidates) -> None:
    assert recorded.keys() == candidates.keys()
    assert all(recorded[option] in values for option, values in candidates.items())
