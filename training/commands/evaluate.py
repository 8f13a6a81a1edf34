"""stream-train evaluate: how good a model is, and its report."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from stream_app.bundled import bundled
from stream_app.core.errors import ModelError
from stream_app.core.manifest import Manifest
from training.bootstrap import Interval
from training.classifiers import CHAMPION, MODEL, line_up, of_folder, of_model
from training.commands.layers import build
from training.commands.options import DataFolder
from training.commands.steps import Announce, steps
from training.evaluate import Classifier, Evaluation, evaluate
from training.figures import Figures
from training.gold import Gold
from training.notation import figure
from training.report.compose import compose
from training.report.pages import write_report
from training.tables import macro_f1_by_set, names
from training.train import RECIPES, RecipeName, train

LIMIT_CROSSED: Final = 3
WIDTH: Final = 110


def evaluate_command(  # noqa: PLR0913, PLR0917 - one parameter per argument of the command
    model: Annotated[
        Path | None, typer.Argument(help="Folder of the model.", show_default="the champion")
    ] = None,
    data: DataFolder = None,
    report: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Folder for a report: a page of HTML and a summary."),
    ] = None,
    curve: Annotated[
        bool, typer.Option("--curve/--no-curve", help="A learning curve in the report: trains five models.")
    ] = True,
    quote_all: Annotated[
        bool,
        typer.Option("--quote-all", help="Quote every source, also those not to be redistributed."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False,
) -> None:
    """Measure a model beside the champion, the seed recipe and VADER, on reviews that none of them saw."""
    folder = model or bundled("champion")
    with steps() as announce:
        ours, manifest = of_folder(folder, MODEL)
        gold = build(data, manifest.training.seed, announce)
        champion = reigning_champion(manifest, announce)
        seed = train("seed", gold, announce)
        classifiers = line_up(ours, champion[0] if champion else None, seed)
        announce("measuring")
        evaluation = evaluate(classifiers, gold)
        if report:
            versions = {MODEL: manifest.version, **({CHAMPION: champion[1].version} if champion else {})}
            contents = compose(
                versions,
                classifiers,
                evaluation,
                gold,
                announce,
                fit=_fit(manifest, announce) if curve else None,
                quote_all=quote_all,
            )
            announce(f"written: {write_report(contents, report)}")
    if json:
        _print_lines(evaluation)
    else:
        show(evaluation, stderr=False)
    refuse_leaks(evaluation)


def reigning_champion(
    manifest: Manifest, announce: Announce, folder: Path | None = None
) -> tuple[Classifier, Manifest] | None:
    """The champion to measure beside a model; None when the model is it, or when it cannot be loaded.

    Args:
        manifest: of the model.
        announce: told why the champion is left out.
        folder: of the champion; None for the one that comes with the project.
    """
    try:
        champion, its_manifest = of_folder(folder or bundled("champion"), CHAMPION)
    except ModelError as error:
        announce(f"measuring without the champion: {error}")
        return None
    return None if its_manifest.sha256 == manifest.sha256 else (champion, its_manifest)


def _fit(manifest: Manifest, announce: Announce) -> Callable[[Gold], Classifier] | None:
    """What trains a model as this one was trained; None when its recipe is not known here."""
    recipe: RecipeName | None = next((name for name in RECIPES if name == manifest.training.recipe), None)
    if recipe is None:
        return None

    def fit(gold: Gold) -> Classifier:
        return of_model(recipe, train(recipe, gold, announce))

    return fit


def _table_of(evaluation: Evaluation) -> Table:
    """Macro-F1: a row for each set and level, a column for each classifier."""
    columns = names(evaluation.figures)
    table = Table("set", "level", "rows", *columns, title="macro-F1")
    table.caption = "Each sentence judged alone; a review by the mean of its sentences. 95 % intervals."
    for row in macro_f1_by_set(evaluation.figures):
        table.add_row(*row.head, f"{row.rows:,}", *(_cell(row.found.get(name)) for name in columns))
    return table


def _cell(found: Interval | None) -> str:
    return f"{figure(found.value)}\n[dim]{figure(found.low)}-{figure(found.high)}[/dim]" if found else ""


def show(evaluation: Evaluation, *, stderr: bool) -> None:
    """Print the table, so wide that no figure is cut off."""
    console = Console(stderr=stderr)
    console.width = max(console.width, WIDTH)
    console.print(_table_of(evaluation))


def _print_lines(evaluation: Evaluation) -> None:
    for found in evaluation.figures:
        typer.echo(msgspec.json.encode(found))


def refuse_leaks(evaluation: Evaluation) -> None:
    """Say which figures are too good to be true.

    Raises:
        typer.Exit: there is one.
    """
    for found in evaluation.leaks:
        typer.echo(_leak(found), err=True)
    if evaluation.leaks:
        raise typer.Exit(LIMIT_CROSSED)


def _leak(found: Figures) -> str:
    f1 = figure(found.macro_f1.value)
    return f"{found.classifier}: {f1} on sentences of {found.dataset}: something leaked"
