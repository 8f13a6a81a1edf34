"""The command stream-train."""

import sys
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console

from stream_app.bundled import bundled
from stream_app.core.errors import ModelError
from stream_app.model_store import load_model, read_manifest
from training import registry
from training.commands.options import DataFolder
from training.commands.steps import steps
from training.commands.tables import show
from training.commands.train import read, train_command
from training.corpus_gold import CorpusGold
from training.dataset import DatasetError
from training.evaluate import Classifier, baselines, leaks, measure
from training.train import train

CHAMPION: Final = Path("models/champion")
INPUT_WRONG, LIMIT_CROSSED, CONFIGURATION = 1, 3, 78

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.command("train")(train_command)


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
        corpus = read(data, seed, announce)
        baseline = train("seed", CorpusGold(corpus), announce, seed)
        announce("measuring")
        measurements = measure([own, *baselines(baseline)], corpus)
    if json:
        for name, metric in measurements:
            typer.echo(msgspec.json.encode({"classifier": name, **msgspec.structs.asdict(metric)}))
    else:
        show(measurements, Console())
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
