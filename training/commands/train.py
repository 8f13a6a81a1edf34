"""`stream-train train`."""

from pathlib import Path
from typing import Annotated, Final

import typer

from stream_app.model_store import read_manifest
from training.adagrad import Steps
from training.artifact import CARD_FILE, write_candidate
from training.behaviour import run
from training.classifiers import MODEL, line_up, of_model
from training.commands.evaluate import refuse_leaks, reigning_champion, show
from training.commands.layers import build
from training.commands.options import DataFolder, Seed
from training.commands.steps import Announce, steps
from training.evaluate import Evaluation, evaluate
from training.gold import Gold
from training.model_card import model_card
from training.search import Backend, Workers, search
from training.train import RECIPES, RecipeName, Trained, train

CANDIDATES: Final = Path("models/candidates")


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
) -> None:
    """Train a model, measure it beside its baselines, and write it to models/candidates."""
    with steps() as announce:
        gold = build(data, seed, announce)
        chosen = _searched(recipe, gold, trials, Workers(backend, scheduler), announce) if trials else None
        trained = train(recipe, gold, announce, seed, chosen)
        baseline = trained if recipe == "seed" else train("seed", gold, announce, seed)
        announce("measuring")
        folder, evaluation = _written(trained, baseline, gold, announce)
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


def _written(trained: Trained, baseline: Trained, gold: Gold, announce: Announce) -> tuple[Path, Evaluation]:
    """The candidate's folder, with a card that shows it beside the reigning champion and the baselines."""
    own = of_model(MODEL, trained)
    folder = write_candidate(CANDIDATES, trained, gold, evaluate([own], gold).metrics(MODEL))
    manifest = read_manifest(folder)
    champion = reigning_champion(manifest, announce)
    evaluation = evaluate(line_up(own, champion[0] if champion else None, baseline), gold)
    card = model_card(
        manifest,
        evaluation,
        run(own, trained.decisions["inherited"].sentence),
        ours=MODEL,
        preset="inherited",
        champion=champion[1].version if champion else "",
    )
    (folder / CARD_FILE).write_text(card, encoding="utf-8")
    return folder, evaluation
