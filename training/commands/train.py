"""`stream-train train`."""

from typing import Annotated

import typer

from training.adagrad import Steps
from training.commands.candidate import make_candidate
from training.commands.evaluate import refuse_leaks, show
from training.commands.layers import build
from training.commands.options import DataFolder, Seed
from training.commands.registry_options import TRACKING, TrackingUri, tracker
from training.commands.steps import Announce, steps
from training.gold import Gold
from training.search import Backend, Workers, search
from training.train import RECIPES, RecipeName, train


def train_command(  # noqa: PLR0913, PLR0917 - one parameter an option of the command
    data: DataFolder = None,
    recipe: Annotated[RecipeName, typer.Option(help="How to make the model.")] = "champion",
    seed: Seed = 0,
    trials: Annotated[
        int,
        typer.Option("--search", min=0, help="So many ways to fit are tried first, and the best is used."),
    ] = 0,
    backend: Annotated[Backend, typer.Option(help="Who runs the search.")] = "loky",
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask cluster.", show_default="one of two processes here")
    ] = None,
    tracking_uri: TrackingUri = TRACKING,
) -> None:
    """Train a model, measure it beside its baselines, and write it to models/candidates."""
    with steps() as announce:
        gold = build(data, seed, announce)
        chosen = _searched(recipe, gold, trials, Workers(backend, scheduler), announce) if trials else None
        trained = train(recipe, gold, announce, seed, chosen)
        folder, evaluation = make_candidate(trained, gold, tracker(tracking_uri), announce)
    show(evaluation, stderr=True)
    typer.echo(folder)
    refuse_leaks(evaluation)


def _searched(recipe: RecipeName, gold: Gold, trials: int, workers: Workers, announce: Announce) -> Steps:
    """The best way to fit; each trial is announced with what it reached, the best first."""
    announce(f"searching: {trials} trials by {workers.backend}")
    ranked = search(RECIPES[recipe], gold, trials, workers)
    for trial in ranked:
        announce(f"macro-F1 {trial.macro_f1:.4f} with {trial.steps}")
    return ranked[0].steps
