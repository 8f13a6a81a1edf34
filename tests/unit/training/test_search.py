from pathlib import Path

import pytest
from dask.distributed import LocalCluster

from stream_app.bundled import bundled
from tests.layers import gold_of
from training.adagrad import Steps
from training.gold import Gold
from training.search import RATES, Workers, draw, search
from training.train import RECIPES

SAMPLE = "womens_clothing_sample.jsonl.gz"
TRIALS = 3


@pytest.fixture(scope="module")
def gold(tmp_path_factory: pytest.TempPathFactory) -> Gold:
    return gold_of(Path(bundled(SAMPLE)), tmp_path_factory.mktemp("layers"))


def test_the_recipe_as_it_is_comes_first_and_the_seed_draws_the_others() -> None:
    base = Steps()
    drawn = draw(4, base, seed=1)
    assert drawn[0] == base
    assert len(set(drawn)) == 4
    assert drawn == draw(4, base, seed=1) != draw(4, base, seed=2)
    assert all(RATES[0] <= steps.rate <= RATES[1] for steps in drawn[1:])


def test_processes_and_a_dask_cluster_find_the_same_trials(gold: Gold) -> None:
    by_processes = search(RECIPES["champion"], gold, TRIALS, Workers("loky"))
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options) as cluster:  # type: ignore[no-untyped-call] # dask ships no types for it
        by_dask = search(RECIPES["champion"], gold, TRIALS, Workers("dask", cluster.scheduler_address))
    assert by_processes == by_dask
    figures = [trial.macro_f1 for trial in by_processes]
    assert len(figures) == TRIALS
    assert figures == sorted(figures, reverse=True)
    assert len(set(figures)) > 1
