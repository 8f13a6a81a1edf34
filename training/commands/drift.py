"""`stream-train drift`."""

from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from stream_app.artifact import read_artifact
from stream_app.core.errors import ModelError
from stream_app.core.manifest import Preset
from stream_app.settings import load_settings
from training import export
from training.commands.failures import LIMIT_CROSSED
from training.commands.registry_options import CHAMPION, ChampionAddress
from training.destinations import target
from training.drift import Comparison, Figure, Limits, compare
from training.result_window import parsed_time, read_window

LAST: Final = 10_000
DEFAULTS: Final = Limits()

Place = Annotated[
    str,
    typer.Argument(
        metavar="RESULTS",
        help="kafka://host:port/topic, a file of results as JSON lines, or - for standard input.",
    ),
]
Last = Annotated[int, typer.Option("--last", min=1, help="Look at so many results, the latest ones.")]
Since = Annotated[
    str | None, typer.Option("--from", help="Only results not older than this time (ISO 8601); of a topic.")
]
Thresholds = Annotated[Preset, typer.Option("--thresholds", help="The preset that the stream uses.")]
PsiLimit = Annotated[
    float,
    typer.Option(min=0, help="Population stability index; .1 and .25 are the convention (Siddiqi, 2006)."),
]
UnseenLimit = Annotated[float, typer.Option(min=0, help="Rise of the share of unseen n-grams.")]
AgreementLimit = Annotated[float, typer.Option(min=0, help="Drop of the agreement of labels and ratings.")]
MinReviews = Annotated[int, typer.Option(min=1, help="A smaller window says nothing.")]


def drift_command(  # noqa: PLR0913, PLR0917 - each is an option
    place: Place,
    last: Last = LAST,
    since: Since = None,
    champion: ChampionAddress = CHAMPION,
    thresholds: Thresholds = "inherited",
    psi_limit: PsiLimit = DEFAULTS.psi,
    unseen_limit: UnseenLimit = DEFAULTS.unseen,
    agreement_limit: AgreementLimit = DEFAULTS.agreement,
    min_reviews: MinReviews = DEFAULTS.reviews,
    json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False,
) -> None:
    """Compare what the stream gave lately with what its model was made for; exit code 3 when over a limit."""
    limits = Limits(psi_limit, unseen_limit, agreement_limit, min_reviews)
    comparison = compared(place, last, since, champion, thresholds, limits)
    if json:
        for figure in comparison.figures:
            typer.echo(
                msgspec.json.encode({"model_version": comparison.version} | msgspec.structs.asdict(figure))
            )
    else:
        Console().print(_table(comparison))
    for feature, reason in comparison.missing.items():
        typer.echo(f"stream-train: {feature} is not measured: {reason}", err=True)
    for figure in comparison.over:
        typer.echo(f"stream-train: {over_the_limit(figure)}", err=True)
    if comparison.over:
        raise typer.Exit(LIMIT_CROSSED)


def compared(  # noqa: PLR0913, PLR0917 - a place, a span of it, a model and what is too much
    place: str, last: int, since: str | None, champion: str, thresholds: Preset, limits: Limits
) -> Comparison:
    """The window at a place beside the champion's reference.

    Raises:
        ModelError: there is no champion.
        WindowError: the window does not do.
        typer.BadParameter: `since` is no time.
    """
    try:
        begin = None if since is None else parsed_time(since)
    except ValueError as error:
        raise typer.BadParameter(
            f"--from: expected a time such as 2026-01-31T08:00, got {since!r}"
        ) from error
    files = export.current(target(champion))
    if files is None:
        raise ModelError(f"{champion}: no champion there; name its folder or address with --champion")
    artifact = files.manifest.file
    pipeline = read_artifact(files.contents[artifact], Path(artifact))
    return compare(
        read_window(place, last, begin, lambda: load_settings().connection()),
        files.manifest,
        pipeline,
        limits,
        thresholds,
    )


def over_the_limit(figure: Figure) -> str:
    """What is wrong, with figure and limit."""
    return f"{figure.feature}: {figure.measure} {figure.value:.3f}, expected at most {figure.limit:g}"


def _table(comparison: Comparison) -> Table:
    table = Table("feature", "measure", "value", "limit", "noise", "reference", "window", "")
    table.title = f"{comparison.reviews:,} results of {comparison.version}"
    if comparison.others:
        table.caption = f"{comparison.others:,} results of other versions were left out."
    for figure in comparison.figures:
        shares = ("" if share is None else f"{share:.3f}" for share in (figure.reference, figure.window))
        noise = "" if figure.noise is None else f"{figure.noise:.3f}"
        table.add_row(
            figure.feature,
            figure.measure,
            f"{figure.value:.3f}",
            f"{figure.limit:g}",
            noise,
            *shares,
            "OVER" if figure.over else "",
        )
    return table
