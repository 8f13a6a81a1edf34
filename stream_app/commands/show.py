"""`stream-app config`, `model` and `schemas`: what is set, what is loaded, what is promised."""

import json
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from stream_app.bundled import bundled
from stream_app.commands.classifier import model_folder
from stream_app.core.manifest import Manifest
from stream_app.model_store import load_model, read_manifest
from stream_app.settings import PREFIX, Settings


def show_config(settings: Settings, *, as_json: bool) -> None:
    """Every setting with its value; secrets stay hidden."""
    values = settings.model_dump(mode="json")
    if as_json:
        typer.echo(json.dumps(values))
        return
    table = Table("setting", "value", box=None)
    for name, value in values.items():
        table.add_row(f"{PREFIX}{name.upper()}", "" if value is None else str(value))
    Console().print(table)


def show_model(settings: Settings, *, as_json: bool) -> None:
    """What the model says about itself.

    Raises:
        ModelError: there is none, or its manifest is wrong.
    """
    manifest = read_manifest(model_folder(settings))
    if as_json:
        typer.echo(msgspec.json.encode(manifest).decode())
        return
    table = Table("", "", box=None, show_header=False)
    for name, value in _rows(manifest).items():
        table.add_row(name, value)
    Console().print(table)


def _rows(manifest: Manifest) -> dict[str, str]:
    simple = {
        name: value
        for name in manifest.__struct_fields__
        if isinstance(value := getattr(manifest, name), str)
    }
    return simple | {"presets": ", ".join(manifest.decisions)}


def verify_model(settings: Settings) -> None:
    """Load the model as the worker does: hashes and golden set.

    Raises:
        ModelError: the model must not be used.
    """
    model = load_model(model_folder(settings), settings.thresholds)
    typer.echo(f"{model.version} ({model.sha256[:12]}) passes its checks", err=True)


def show_schemas() -> None:
    """The schemas that came with the package, to standard output."""
    for path in sorted(path for path in bundled("schemas").iterdir() if path.is_file()):
        typer.echo(f"# {path.name}\n{path.read_text()}")


def write_schemas(folder: Path) -> None:
    """The schemas, made anew from the code, into a folder."""
    from stream_app.schemas import generate  # noqa: PLC0415 - it needs what only a developer has

    folder.mkdir(parents=True, exist_ok=True)
    for name, content in generate().items():
        (folder / name).write_text(content)
