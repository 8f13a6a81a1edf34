"""stream-train train."""

from pathlib import Path
from typing import Annotated, Final

import typer

from stream_app.bundled import bundled
from stream_app.model_store import read_manifest
from training.adagrad import Steps
from training.artifact import CARD_FILE, write_candidate
from training.commands.options import DataFolder
from training.commands.steps import Announce, steps
from training.commands.tables import show
from training.corpus_gold import CorpusGold
from training.dataset import Corpus, read_corpus
from training.evaluate import baselines, measure, of_model
from training.model_card import render
from training.search import Backend, Workers, search
from training.train import RECIPES, RecipeName, train

CANDIDATES: Final = Path("models/candidates")


def train_command(  # noqa: PLR0913, PLR0917 - one parameter an option of the command
    data: DataFolder = None,
    recipe: Annotated[RecipeName, typer.Option(help="How to make the model.")] = "champion",
    seed: Annotated[int, typer.Option(help="Draws the halves to tune on and to measure on.")] = 0,
    trials: Annotated[
        int,
        typer.Option("--search", min=0, help="So many ways to fit are tried first, and the best is used."),
    ] = 0,
    backend: Annotated[Backend, typer.Option(help="Who runs the search.")] = "loky",
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask cluster.", show_default="one of two processes here")
    ] = None,
) -> None:
    """Train a model, measure it beside its baselines, and write it to models/candidates."""
    with steps() as announce:
        corpus = read(data, seed, announce)
        gold = CorpusGold(corpus)
        chosen = _searched(recipe, gold, trials, Workers(backend, scheduler), announce) if trials else None
        trained = train(recipe, gold, announce, seed, chosen)
        baseline = trained if recipe == "seed" else train("seed", gold, announce, seed)
        announce("measuring")
        own = of_model("this model", trained)
        measurements = measure([own, *baselines(baseline)], corpus)
        metrics = [metric for name, metric in measurements if name == own.name]
        announce("writing")
        folder = write_candidate(CANDIDATES, trained, corpus, seed, metrics)
        (folder / CARD_FILE).write_text(render(read_manifest(folder), measurements), encoding="utf-8")
    show(measurements)
    typer.echo(folder)


def _searched(
    recipe: RecipeName, gold: CorpusGold, trials: int, workers: Workers, announce: Announce
) -> Steps:
    """The best way to fit; each trial is announced with what it reached, the best first."""
    announce(f"searching: {trials} trials by {workers.backend}")
    ranked = search(RECIPES[recipe], gold, trials, workers)
    for trial in ranked:
        announce(f"macro-F1 {trial.macro_f1:.4f} with {trial.steps}")
    return ranked[0].steps


def read(data: Path | None, seed: int, announce: Announce) -> Corpus:
    """The corpus of a folder; None: of the tracked sample."""
    folder = data or bundled("womens_clothing_sample.jsonl.gz").parent
    announce(f"reading {folder}")
    return read_corpus(folder, seed)
