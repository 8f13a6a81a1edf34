"""`stream-train ingest`, `clean`, `dataset`, `specs`: the layers, one by one or all at once."""

from pathlib import Path
from typing import Annotated, Final

import typer

from stream_app.bundled import bundled
from stream_app.settings import load_settings
from training.bronze import is_bronze
from training.clean import clean
from training.commands.options import Seed
from training.commands.steps import Announce, steps
from training.dataset import make_gold
from training.fields import parse_field_map
from training.folder_ingest import bronze_of
from training.gold import Gold
from training.ingest import ingest
from training.layer_files import staged_file
from training.sources.addresses import sources_at
from training.specs import render

LAYERS: Final = Path("data")
SAMPLE: Final = "womens_clothing_sample.jsonl.gz"


def _data_set(value: str) -> str:
    """A name that is good for a folder."""
    if value.startswith(".") or not value.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise typer.BadParameter(f"expected letters, digits, '-', '_' and '.', got {value!r}")
    return value


def _field_map(value: str) -> dict[str, str]:
    try:
        return parse_field_map(value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


DataSet = Annotated[
    str, typer.Option("--name", parser=_data_set, metavar="NAME", help="Name of the data set.")
]


def ingest_command(
    source: Annotated[
        str,
        typer.Argument(
            help="A file, a folder or a pattern, here or at an address such as s3://bucket/reviews/*.csv; a "
            "database, postgresql://user@host/name; or a topic, kafka://host:port/topic.",
        ),
    ],
    name: DataSet = "reviews",
    field_map: Annotated[
        dict[str, str] | None,
        typer.Option(
            parser=_field_map,
            metavar="OURS=THEIRS,…",
            help="What the source calls our fields: text=body,rating=stars.",
        ),
    ] = None,
    query: Annotated[str | None, typer.Option(help="Rows of a database.")] = None,
    table: Annotated[str | None, typer.Option(help="A table of a database.")] = None,
) -> None:
    """Take reviews into data/bronze as they are; from there `train --data` goes on."""
    folder = _layer("bronze", name)
    with steps() as announce:
        for found in sources_at(source, query, table, lambda: load_settings().connection()):
            announce(f"reading {found.address}")
            ingest(found, folder, field_map or {}, announce)
    typer.echo(folder)


def clean_command(name: DataSet = "reviews") -> None:
    """Clean the reviews of a data set, data/bronze to data/silver; what is no review goes to quarantine."""
    with steps() as announce:
        clean(_layer("bronze", name), _layer("silver", name), announce)
    typer.echo(_layer("silver", name))


def dataset_command(name: DataSet = "reviews", seed: Seed = 0) -> None:
    """Split clean reviews into sentences and sides: data/silver to data/gold."""
    with steps() as announce:
        make_gold(_layer("silver", name), _layer("gold", name), seed, announce)
    typer.echo(_layer("gold", name))


def specs_command(
    write: Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")] = None,
) -> None:
    """What each layer holds, field by field: data/data_specs.md."""
    if write is None:
        typer.echo(render(), nl=False)
        return
    with staged_file(write) as staged:
        staged.write_text(render(), encoding="utf-8")


def build(data: Path | None, seed: int, announce: Announce) -> Gold:
    """All layers of a folder of reviews, of a folder of bronze or of the sample (None), unless current.

    Raises:
        DatasetError: what is there cannot be trained on.
    """
    if data is not None and is_bronze(data):
        bronze = data
    else:
        bronze = bronze_of(data or bundled(SAMPLE), LAYERS / "bronze", announce)
    clean(bronze, _layer("silver", bronze.name), announce)
    return make_gold(_layer("silver", bronze.name), _layer("gold", bronze.name), seed, announce)


def _layer(layer: str, name: str) -> Path:
    return LAYERS / layer / name
