"""Search how to fit: drawn trials, each fitted on most of the training reviews and judged on the others.

Trials run through joblib, so that a search that outgrows one machine runs on a Dask cluster; the same trial
wins either way, since a trial depends on nothing but its own settings and the seed.
"""

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd
from joblib import Parallel, delayed, parallel_config

from stream_app.core.scoring import Scorer
from training.adagrad import Steps
from training.decisions import tuned
from training.measures import macro_f1
from training.train import GoldRows, Recipe, fit, hashed

if TYPE_CHECKING:
    from collections.abc import Iterator

Backend = Literal["loky", "dask"]
WORKERS: Final = 2
TUNE_ON, JUDGE_ON, EIGHTHS = 0, 1, 8  # the others are learned from
RATES: Final = (0.3, 1.2)
PENALTIES: Final = (0.2, 3.0)
PASSES: Final = (4, 10)


@dataclass(frozen=True, slots=True)
class Workers:
    """Who runs the trials.

    Attributes:
        backend: processes of this machine, or a Dask cluster.
        scheduler: address of the cluster; None starts one of two processes here.
    """

    backend: Backend = "loky"
    scheduler: str | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """A way to fit, and the macro-F1 over sentences that it reached."""

    steps: Steps
    macro_f1: float


def draw(trials: int, base: Steps, seed: int) -> list[Steps]:
    """The base and `trials - 1` more: rate and penalty drawn on a logarithmic scale, passes evenly."""
    draws = np.random.default_rng(seed)

    def drawn() -> Steps:
        rate, penalty = (float(np.exp(draws.uniform(*np.log(span)))) for span in (RATES, PENALTIES))
        return replace(base, rate=rate, penalty=penalty, passes=int(draws.integers(*PASSES, endpoint=True)))

    return [base, *(drawn() for _ in range(trials - 1))]


def search(recipe: Recipe, gold: GoldRows, trials: int, workers: Workers, seed: int = 0) -> list[Trial]:
    """All trials, the best first.

    Args:
        recipe: what to fit; its own steps are the first trial.
        gold: its side `train` is used, and nothing else of it.
        trials: how many.
        workers: who runs them.
        seed: draws the trials and the order of the sentences.
    """
    frame = gold.side("train")
    with _at_work(workers):
        run = Parallel()(
            delayed(judge)(replace(recipe, steps=steps, people=False), frame, seed)
            for steps in draw(trials, recipe.steps, seed)
        )
    return sorted(run, key=lambda trial: -trial.macro_f1)


@contextmanager
def _at_work(workers: Workers) -> "Iterator[None]":
    if workers.backend == "loky":
        with parallel_config("loky", n_jobs=WORKERS):
            yield
        return
    from dask.distributed import Client  # noqa: PLC0415 - a second to import, and few need it

    local = {"n_workers": WORKERS, "threads_per_worker": 1, "dashboard_address": None}
    options = {"address": workers.scheduler} if workers.scheduler else local
    with Client(**options), parallel_config("dask"):  # type: ignore[no-untyped-call] # dask has no types here
        yield


class _Rows:
    """Some of the sentences, read like a gold layer without human labels."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def batches(self, *_: object) -> "Iterator[pd.DataFrame]":
        yield self._frame

    def side(self, *_: object) -> pd.DataFrame:
        return self._frame

    def human(self, *_: object) -> pd.DataFrame:
        return pd.DataFrame({"text": [], "class": [], "source": [], "side": []})


def judge(recipe: Recipe, frame: pd.DataFrame, seed: int) -> Trial:
    """Fit on three quarters of the reviews, tune biases on an eighth, and measure on the last."""
    drawn = frame["review"].map(lambda review: _draw(review, seed))
    with hashed(recipe, _Rows(frame[drawn > JUDGE_ON]), _say_nothing, seed) as examples:
        scorer = Scorer.from_pipeline(fit(recipe, examples, _say_nothing, seed))
    tuning, judging = frame[drawn == TUNE_ON], frame[drawn == JUDGE_ON]
    decision = tuned(scorer.probabilities(tuning["text"].tolist()), tuning["class"].to_numpy(np.int8))
    labels = decision.labels(scorer.probabilities(judging["text"].tolist()))
    return Trial(recipe.steps, macro_f1(judging["class"].to_numpy(np.int8), labels))


def _draw(review: int, seed: int) -> int:
    """0 to 7, the same wherever it is drawn."""
    return hashlib.sha256(f"{seed}/{review}".encode()).digest()[0] % EIGHTHS


def _say_nothing(_: str) -> None:
    """Trials run side by side, and their talk would mix."""
