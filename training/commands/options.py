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
        help="Folder of reviews: JSON lines, gzip or not, with text and rating; id, title, source and domain "
        "where there are any.",
        show_default="the sample of reviews that comes with the project",
    ),
]
