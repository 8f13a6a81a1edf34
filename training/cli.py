"""The command stream-train."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from stream_app.bundled import bundled
from stream_app.core.errors import ModelError
from stream_app.model_store import read_manifest
from training import registry
from training.artifact import CARD_FILE, write_candidate
from training.behaviour import run
from training.classifiers import MODEL, line_up, of_model
from training.commands.evaluate import evaluate_command, refuse_leaks, reigning_champion, show
from training.commands.layers import build
from training.commands.options import DataFolder
from training.commands.steps import Announce, steps
from training.dataset import Corpus, DatasetError, read_corpus
from training.evaluate import evaluate
from training.model_card import model_card
from training.train import RecipeName, train

CANDIDATES: Final = Path("models/candidates")
CHAMPION: Final = Path("models/champion")
INPUT_WRONG, CONFIGURATION = 1, 78

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.command("evaluate")(evaluate_command)


@app.command("train")
def train_command(
    data: DataFolder = None,
    recipe: Annotated[RecipeName, typer.Option(help="How to make the model.")] = "champion",
    seed: Annotated[int, typer.Option(help="Draws the halves to tune on and to measure on.")] = 0,
) -> None:
    """Train a model, measure it beside its baselines, and write it to models/candidates."""
    with steps() as announce:
        corpus = _read(data, seed, announce)
        gold = build(data, seed, announce)
        trained = train(recipe, corpus, announce)
        baseline = trained if recipe == "seed" else train("seed", corpus, announce)
        announce("measuring")
        own = of_model(MODEL, trained)
        alone = evaluate([own], gold)
        folder = write_candidate(CANDIDATES, trained, corpus, seed, alone.metrics(MODEL))
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
    show(evaluation, stderr=True)
    typer.echo(folder)
    refuse_leaks(evaluation)


@app.command("promote")
def promote_command(
    candidate: Annotated[Path, typer.Argument(help="Folder below models/candidates.")],
) -> None:
    """Verify a candidate as the stream will, and make it the champion in models/champion."""
    with steps() as announce:
        announce(f"verifying {candidate}")
        manifest = registry.promote(candidate, CHAMPION)
        announce(f"{CHAMPION} is now {manifest.version}")


def _read(data: Path | None, seed: int, announce: Announce) -> Corpus:
    folder = data or bundled("womens_clothing_sample.jsonl.gz").parent
    announce(f"reading {folder}")
    return read_corpus(folder, seed)


def main() -> None:
    """Run a command; what is wrong with its input becomes a message and an exit code."""
    try:
        app()
    except DatasetError as error:
        typer.echo(f"stream-train: {error}", err=True)
        sys.exit(INPUT_WRONG)
    except ModelError as error:
        typer.echo(f"stream-train: {error}", err=True)
        sys.exit(CONFIGURATION)
