"""Options of the commands that change the champion or look at it."""

from typing import Annotated, Final

import typer

from training.registry import Waivable
from training.tracking import DEFAULT_URI, NO_TRACKING, Tracker

CHAMPION: Final = "models/champion"

ChampionAddress = Annotated[
    str,
    typer.Option(
        "--champion",
        help="Where the champion stands: a folder, or the address of an object store, such as "
        "s3://bucket/champion.",
    ),
]
TrackingUri = Annotated[
    str,
    typer.Option(
        "--tracking-uri",
        envvar="MLFLOW_TRACKING_URI",
        help=f"MLflow: a server's address, sqlite:///FILE, or {NO_TRACKING}.",
    ),
]
Waived = Annotated[
    list[Waivable] | None,
    typer.Option("--waive", help="A gate that it need not pass; promotion.json tells of it. Repeatable."),
]
First = Annotated[bool, typer.Option("--first", help="There is no champion to compare with.")]
TRACKING: Final = DEFAULT_URI


def tracker(uri: str) -> Tracker | None:
    """MLflow at the address; None when nothing is to be tracked."""
    return None if uri == NO_TRACKING else Tracker(uri)
