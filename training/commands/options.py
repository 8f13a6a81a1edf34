"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--data",
        exists=True,
        file_okay=False,
        help="Folder of reviews: JSON lines, CSV or Parquet, compressed or not, with text and rating; id, "
        "title, source and domain where there are any. Or a folder that `ingest` has written.",
        show_default="the sample of reviews that comes with the project",
    ),
]
Seed = Annotated[int, typer.Option(help="Draws the halves to tune on and to measure on.")]
