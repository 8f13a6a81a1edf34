"""The command stream-train."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from stream_app.bundled import bundled
from stream_app.model_store import load_model, read_manifest
from training.commands.candidate import make_candidate
from training.commands.drift import drift_command
from training.commands.failures import CODES, LIMIT_CROSSED, exit_code
from training.commands.holdout import read_reviews
from training.commands.options import DataFolder
from training.commands.promote import promote_command
from training.commands.registry_options import TRACKING, TrackingUri, tracker
from training.commands.retrain import retrain_command
from training.commands.steps import steps
from training.evaluate import Classifier, Measurement, baselines, leaks, measure
from training.train import RecipeName, train

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.command("promote")(promote_command)
app.command("drift")(drift_command)
app.command("retrain")(retrain_command)


@app.command("train")
def train_command(
    data: DataFolder = None,
    recipe: Annotated[RecipeName, typer.Option(help="How to make the model.")] = "champion",
    seed: Annotated[int, typer.Option(help="Draws the halves to tune on and to measure on.")] = 0,
    tracking_uri: TrackingUri = TRACKING,
) -> None:
    """Train a model, measure it beside its baselines, and write it to models/candidates."""
    with steps() as announce:
        corpus = read_reviews(data, seed, announce)
        folder, measurements = make_candidate(corpus, recipe, seed, tracker(tracking_uri), announce)
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
        corpus = read_reviews(data, seed, announce)
        baseline = train("seed", corpus, announce)
        announce("measuring")
        measurements = measure([own, *baselines(baseline)], corpus)
    if json:
        for name, metric in measurements:
            typer.echo(msgspec.json.encode({"classifier": name, **msgspec.structs.asdict(metric)}))
    else:
        _show(measurements, Console())
    for name, metric in leaks(measurements):
        typer.echo(f"{name}: {metric.macro_f1} on {metric.dataset}: something leaked", err=True)
        raise typer.Exit(LIMIT_CROSSED)


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
    try:
        app()
    except tuple(CODES) as error:
        typer.echo(f"stream-train: {error}", err=True)
        sys.exit(exit_code(error))
