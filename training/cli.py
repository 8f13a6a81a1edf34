"""The command stream-train."""

import logging
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from stream_app.core.errors import ModelError
from stream_app.kafka.connection import BrokerUnavailableError, KafkaRequestError
from stream_app.settings import SettingsError
from training import registry
from training.commands.evaluate import evaluate_command
from training.commands.layers import clean_command, dataset_command, ingest_command, specs_command
from training.commands.steps import steps
from training.commands.train import train_command
from training.errors import DatasetError

CHAMPION: Final = Path("models/champion")
INPUT_WRONG, BROKER_UNAVAILABLE, CONFIGURATION = 1, 69, 78

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.command("ingest")(ingest_command)
app.command("clean")(clean_command)
app.command("dataset")(dataset_command)
app.command("specs")(specs_command)
app.command("train")(train_command)
app.command("evaluate")(evaluate_command)


@app.command("promote")
def promote_command(
    candidate: Annotated[Path, typer.Argument(help="Folder below models/candidates.")],
) -> None:
    """Verify a candidate as the stream will, and make it the champion in models/champion."""
    with steps() as announce:
        announce(f"verifying {candidate}")
        manifest = registry.promote(candidate, CHAMPION)
        announce(f"{CHAMPION} is now {manifest.version}")


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
