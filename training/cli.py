"""The command stream-train."""

import logging
import sys
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from stream_app.bundled import bundled
from stream_app.core.errors import ModelError
from stream_app.kafka.connection import BrokerUnavailableError, KafkaRequestError
from stream_app.model_store import load_model, read_manifest
from stream_app.settings import SettingsError
from training import registry
from training.artifact import CARD_FILE, write_candidate
from training.commands.layers import build, clean_command, dataset_command, ingest_command, specs_command
from training.commands.options import DataFolder, Seed
from training.commands.steps import steps
from training.errors import DatasetError
from training.evaluate import Classifier, Measurement, baselines, leaks, measure, of_model
from training.model_card import render
from training.train import RecipeName, train

CANDIDATES: Final = Path("models/candidates")
CHAMPION: Final = Path("models/champion")
INPUT_WRONG, LIMIT_CROSSED, BROKER_UNAVAILABLE, CONFIGURATION = 1, 3, 69, 78

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.command("ingest")(ingest_command)
app.command("clean")(clean_command)
app.command("dataset")(dataset_command)
app.command("specs")(specs_command)


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
        own = of_model("this model", trained)
        measurements = measure([own, *baselines(baseline)], gold)
        metrics = [metric for name, metric in measurements if name == own.name]
        announce("writing")
        folder = write_candidate(CANDIDATES, trained, gold, metrics)
        (folder / CARD_FILE).write_text(render(read_manifest(folder), measurements), encoding="utf-8")
    _show(measurements)
    typer.echo(folder)


@app.command("evaluate")
def evaluate_command(
    model: Annotated[
        Path | None, typer.Argument(help="Folder of the model.", show_default="the champion")
    ] = None,
    data: DataFolder = None,
    json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False,
) -> None:
    """Measure a model beside the seed recipe and VADER, on reviews of domains that none of them has seen."""
    folder = model or bundled("champion")
    with steps() as announce:
        own, seed = _open(folder)
        gold = build(data, seed, announce)
        baseline = train("seed", gold, announce)
        announce("measuring")
        measurements = measure([own, *baselines(baseline)], gold)
    if json:
        for name, metric in measurements:
            typer.echo(msgspec.json.encode({"classifier": name, **msgspec.structs.asdict(metric)}))
    else:
        _show(measurements, Console())
    for name, metric in leaks(measurements):
        typer.echo(f"{name}: {metric.macro_f1} on {metric.dataset}: something leaked", err=True)
        raise typer.Exit(LIMIT_CROSSED)


@app.command("promote")
def promote_command(
    candidate: Annotated[Path, typer.Argument(help="Folder below models/candidates.")],
) -> None:
    """Verify a candidate as the stream will, and make it the champion in models/champion."""
    with steps() as announce:
        announce(f"verifying {candidate}")
        manifest = registry.promote(candidate, CHAMPION)
        announce(f"{CHAMPION} is now {manifest.version}")


def _open(folder: Path) -> tuple[Classifier, int]:
    """The model of a folder with all of its presets, and the seed that it was tuned with."""
    manifest = read_manifest(folder)
    scorer = load_model(folder, next(iter(manifest.decisions))).scorer
    return Classifier(manifest.version, scorer.probabilities, manifest.decisions), manifest.training.seed


def _show(measurements: list[Measurement], console: Console | None = None) -> None:
    """A table of macro-F1: a row for each set and level, a column for each classifier."""
    names = list(dict.fromkeys(name for name, _ in measurements))
    figures = {
        (name, metric.dataset, metric.level): f"{metric.macro_f1:.3f}" for name, metric in measurements
    }
    rows = {(metric.dataset, metric.level): metric.rows for _, metric in measurements}
    table = Table("set", "level", "rows", *names, title="macro-F1")
    table.caption = "Each sentence judged alone; a review by the mean of its sentences."
    for (dataset, level), count in rows.items():
        table.add_row(
            dataset, level, f"{count:,}", *(figures.get((name, dataset, level), "") for name in names)
        )
    (console or Console(stderr=True)).print(table)


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
