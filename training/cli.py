"""The command stream-train."""

import logging
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from stream_app.core.errors import ModelError
from stream_app.kafka.connection import BrokerUnavailableError, KafkaRequestError
from stream_app.model_store import read_manifest
from stream_app.settings import SettingsError
from training import registry
from training.artifact import CARD_FILE, write_candidate
from training.behaviour import run
from training.classifiers import MODEL, line_up, of_model
from training.commands.evaluate import evaluate_command, refuse_leaks, reigning_champion, show
from training.commands.layers import build, clean_command, dataset_command, ingest_command, specs_command
from training.commands.options import DataFolder, Seed
from training.commands.steps import steps
from training.errors import DatasetError
from training.evaluate import evaluate
from training.model_card import model_card
from training.train import RecipeName, train

CANDIDATES: Final = Path("models/candidates")
CHAMPION: Final = Path("models/champion")
INPUT_WRONG, BROKER_UNAVAILABLE, CONFIGURATION = 1, 69, 78

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.command("ingest")(ingest_command)
app.command("clean")(clean_command)
app.command("dataset")(dataset_command)
app.command("specs")(specs_command)
app.command("evaluate")(evaluate_command)


@app.command("train")
def train_command(
    data: DataFolder = None,
    recipe: Annotated[RecipeName, typer.Option(help="How to make the model.")] = "champion",
    seed: Seed = 0,
) -> None:
    """Train a model, measure it beside its baselines, and write it to models/candidates."""
    with steps() as announce:
        gold = build(data, seed, announce)
        trained = train(recipe, gold, announce)
        baseline = trained if recipe == "seed" else train("seed", gold, announce)
        announce("measuring")
        own = of_model(MODEL, trained)
        alone = evaluate([own], gold)
        folder = write_candidate(CANDIDATES, trained, gold, alone.metrics(MODEL))
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


def main() -> None:
    """Run a command; what is wrong with its input becomes a message and an exit code."""
    logging.getLogger("confluent_kafka").addHandler(logging.NullHandler())  # a command says what failed
    try:
        app()
    except DatasetError as error:
        sys.exit(_failed(error, INPUT_WRONG))
    except BrokerUnavailableError as error:
        sys.exit(_failed(error, BROKER_UNAVAILABLE))
    except (ModelError, SettingsError, KafkaRequestError) as error:
        sys.exit(_failed(error, CONFIGURATION))


def _failed(error: Exception, code: int) -> int:
    typer.echo(f"stream-train: {error}", err=True)
    return code
