"""From a folder of reviews to a candidate, measured and on record."""

from pathlib import Path
from typing import Final

from stream_app.model_store import read_manifest
from training.artifact import CARD_FILE, write_candidate
from training.commands.steps import Announce
from training.dataset import Corpus
from training.evaluate import Measurement, baselines, measure, of_model
from training.model_card import render
from training.tracking import Tracker
from training.train import RecipeName, train

CANDIDATES: Final = Path("models/candidates")


def make_candidate(
    corpus: Corpus, recipe: RecipeName, seed: int, log: Tracker | None, announce: Announce
) -> tuple[Path, list[Measurement]]:
    """Train, measure beside the baselines, write to CANDIDATES and record the run.

    Returns:
        The candidate's folder and all figures.

    Raises:
        TrackingError: the candidate is written, but MLflow does not take it.
    """
    trained = train(recipe, corpus, announce)
    baseline = trained if recipe == "seed" else train("seed", corpus, announce)
    announce("measuring")
    own = of_model("this model", trained)
    measurements = measure([own, *baselines(baseline)], corpus)
    metrics = [metric for name, metric in measurements if name == own.name]
    announce("writing")
    folder = write_candidate(CANDIDATES, trained, corpus, seed, metrics)
    (folder / CARD_FILE).write_text(render(read_manifest(folder), measurements), encoding="utf-8")
    if log is not None:
        announce("recording the run")
        log.record(folder)
    return folder, measurements
